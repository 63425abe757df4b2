"""Checks of finished pages: all text and all pictures are there, readable, and in their place."""
