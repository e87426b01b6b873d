"""Reads of the desk, by page."""
