"""Pages of accounts, one module each."""
