"""By aggregate."""

from metrics.verbs import measures, records, usage

__all__ = ["measures", "records", "usage"]
