"""Small packs as documents."""

from documents import load, make  # noqa: F401
