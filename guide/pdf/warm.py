"""Imported by a worker when it starts: what every deck needs is ready when the first card comes."""

from __future__ import annotations

from guide.pdf.typeset import prepare
from guide.resources import TEMPLATES

BUNDLED = (
    "fonts.css",
    "tokens.css",
    "themes/default.css",
    "base.css",
    "code.css",
    "flashcards/page.css",
)

prepare([(f"templates:{name}", (TEMPLATES / name).read_text("utf-8")) for name in BUNDLED])
