"""Pages of the charter, by step."""
