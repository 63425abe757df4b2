"""A pack seen while it is written: made again on each save, by processes that are kept, and shown in a browser."""
