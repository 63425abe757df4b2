"""Numbered copies of a document: stamped, sealed, recorded, delivered; and jobs for printers."""
