"""By aggregate."""
