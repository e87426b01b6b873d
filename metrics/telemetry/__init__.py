"""From a connection to committed rows: the way out, the days, the pull."""
