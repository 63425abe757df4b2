"""Which characters the bundled fonts print, and how wide."""
