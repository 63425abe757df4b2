"""WeasyPrint's log records as faults: what it only mentions is what a reader would miss."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from guide.diagnostics.diagnostic import Severity
from guide.model.artifacts import Fault, OfCss

_LOGGER = logging.getLogger("weasyprint")


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def collected() -> Iterator[list[str]]:
    """Collect WeasyPrint's warnings and errors, and keep them off the terminal."""
    collector = _Collector()
    level, propagate, handlers = _LOGGER.level, _LOGGER.propagate, _LOGGER.handlers
    _LOGGER.handlers, _LOGGER.propagate = [collector], False
    _LOGGER.setLevel(logging.WARNING)
    try:
        yield collector.messages
    finally:
        _LOGGER.handlers, _LOGGER.propagate = handlers, propagate
        _LOGGER.setLevel(level)


def stylesheet_fault(name: str, message: str) -> Fault | None:
    """Return the fault of a stylesheet, `name:line:column` as its place."""
    match = re.search(r"at (\d+):(\d+)", message)
    at = OfCss(name, int(match[1]), int(match[2])) if match else OfCss(name)
    text = re.sub(r"\s*at \d+:\d+,?", "", message).strip().rstrip(".")
    hint = "WeasyPrint 70 does not know it; see docs/pack-format/templates.md."
    return Fault("unsupported-css", text[:200], at, hint, Severity.WARNING)


def document_fault(message: str) -> Fault | None:
    """Return the fault that a message of layout or drawing stands for, or None."""
    if "Failed to load image" in message:
        name = re.search(r"at '([^']*)'", message)
        shown = (name[1] if name else message).rpartition("/")[2][:80]
        return Fault("missing-image", f"the picture `{shown}` cannot be loaded")
    if "Failed to render SVG" in message:
        return Fault("image-broken", "an SVG cannot be drawn", hint="Export it again, plain.")
    if "No anchor" in message or ("anchor" in message and "not found" in message):
        name = re.search(r"#([^ '\"]+)", message)
        wanted = name[1] if name else ""
        text = f"nothing has the id `{wanted}`, but a link leads there"
        hint = "Give the target the id, {#...}, or correct the link."
        word = f"(#{wanted})"
        return Fault("bad-reference", text, "", hint, Severity.WARNING, word=word)
    if "Anchor defined twice" in message:
        name = re.search(r"twice: '?([^'\s]+)", message)
        text = f"two elements have the id `{name[1]}`" if name else message
        word = f'"{name[1]}"' if name else ""
        return Fault("duplicate-anchor", text, severity=Severity.WARNING, word=word)
    if "has no required alt" in message:
        hint = 'Give it alt="..."; alt="" where it says nothing.'
        text = "a picture has no alternative text"
        return Fault("missing-alt", text, "", hint, Severity.WARNING, word="<img")
    if "notdef" in message or "glyph" in message:
        return Fault("missing-glyph", message)
    return None
