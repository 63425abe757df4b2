"""Code with Pygments, addresses as QR codes."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup, escape


def highlight(code: str, language: str) -> Markup:
    """Return highlighted code as spans with Pygments' class names; plain for unknown languages."""
    from pygments import highlight as paint  # only packs with code need it
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    if not language:
        return escape(code)
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return escape(code)
    return Markup(paint(code, lexer, HtmlFormatter(nowrap=True)))  # noqa: S704  Pygments escapes


def qr_svg(address: str) -> bytes:
    """Return a QR code (error correction M, quiet zone of 4 modules after ISO/IEC 18004) as SVG."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="svg", border=4, xmldecl=False)
    return out.getvalue()
