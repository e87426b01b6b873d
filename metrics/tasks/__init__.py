"""By aggregate."""

from metrics.tasks import measures, records, usage

__all__ = ["measures", "records", "usage"]
