"""The demo organisation Meridian Components 子午精工 (invented), written through the real services."""
