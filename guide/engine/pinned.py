"""The version of WeasyPrint whose private functions guide replaces: another one is refused."""

from __future__ import annotations

import weasyprint

SUPPORTED = "70.0"


def check() -> None:
    """Raise RuntimeError unless WeasyPrint is the version that the patches were written for.

    Every module that replaces a part of WeasyPrint calls it when it is imported.
    """
    if weasyprint.__version__ != SUPPORTED:
        message = (
            f"guide corrects WeasyPrint {SUPPORTED}, but {weasyprint.__version__} is installed"
        )
        raise RuntimeError(message)
