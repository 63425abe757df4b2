"""Processes, limits, the cache, temporary files, and files written whole."""
