"""Small packs as documents, for the texts that are imported."""

from documents import load, make  # noqa: F401
