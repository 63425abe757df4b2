"""Small documents, typeset in this process, and builds of the small pack."""

from typesetting import build, elements, marked, opened, page, typeset  # noqa: F401
