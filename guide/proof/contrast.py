"""Text that can hardly be told from its background, on laid-out pages.

Source: W3C, Web Content Accessibility Guidelines 2.2, success criterion 1.4.3 and the definitions
of contrast ratio and relative luminance. Text within pictures is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tinycss2.color4 import parse_color
from weasyprint.formatting_structure import boxes

from guide.diagnostics.diagnostic import Severity
from guide.engine.structure_tree import unwrap
from guide.model.artifacts import At, Fault, OfCss, OfPack
from guide.proof.layout import MOST
from guide.proof.trouble import LEAST_CONTRAST, Colour, contrast

LEAST = 4.5  # to 1
LEAST_LARGE = 3.0  # for 18 pt, or 14 pt in bold
HINT = "Choose a darker colour for the text, or a lighter one for what lies behind it."
_LARGE, _LARGE_BOLD, _BOLD = 24.0, 18.66, 700  # px, px, weight
_WHITE = (1.0, 1.0, 1.0)
_DECLARED = re.compile(r"(?<![\w-])(color|background(?:-color)?|--[\w-]+)\s*:\s*([^;{}]+)")


def _plain(colour: Any) -> tuple[Colour, float] | None:
    """Return a colour and its alpha; None for one that sRGB does not have."""
    try:
        red, green, blue, alpha = colour.to("srgb")
    except (NotImplementedError, AttributeError, ValueError):
        return None
    return (_within(red), _within(green), _within(blue)), float(alpha)


def _within(value: float | None) -> float:
    return min(1.0, max(0.0, value or 0.0))


def _over(colour: Colour, alpha: float, below: Colour) -> Colour:
    """Return what is seen of a colour that lets another through."""
    if alpha >= 1:
        return colour
    red, green, blue = (alpha * c + (1 - alpha) * b for c, b in zip(colour, below, strict=True))
    return red, green, blue


@dataclass(frozen=True)
class _Text:
    """A text too pale: its colours, as seen, and where it is."""

    at: str
    word: str
    page: int
    colour: Colour
    ground: Colour
    ratio: float
    least: float


@dataclass(frozen=True)
class _Ground:
    """An area that is painted; `colour` is None where it is a picture."""

    left: float
    top: float
    right: float
    bottom: float
    colour: Colour | None

    def holds(self, box: Any) -> bool:
        """Return whether it holds the middle of a text."""
        x, y = box.position_x + box.width / 2, box.position_y + box.height / 2
        return bool(self.left <= x <= self.right and self.top <= y <= self.bottom)


class _Page:
    """One page: its painted areas, and the texts that lie on too similar a ground."""

    def __init__(self, page: Any, number: int) -> None:
        self.box, self.number = page._page_box, number  # noqa: SLF001
        self.grounds: list[_Ground] = []
        self.doubtful: list[tuple[_Text, Any, tuple[int, ...]]] = []

    def texts(self) -> Iterator[_Text]:
        ground: Colour | None = _WHITE
        for background in (self.box.background, getattr(self.box, "canvas_background", None)):
            ground = _seen(background, ground)
        self._look(self.box, "", ground, 1.0, ())
        for text, box, above in self.doubtful:
            others = [g for n, g in enumerate(self.grounds) if n not in above and g.holds(box)]
            if all(g.colour and contrast(text.colour, g.colour) < text.least for g in others):
                yield text

    def _look(
        self, box: Any, at: str, ground: Colour | None, opacity: float, above: tuple[int, ...]
    ) -> None:
        box = unwrap(box)
        if isinstance(box, boxes.MarginBox):
            return
        if box.element is not None:
            at = box.element.get("data-at") or at
        if isinstance(box, boxes.TextBox):
            if ground is not None and box.text.strip():
                self._check(box, at, ground, opacity, above)
            return
        style = box.style
        if style["opacity"] != 1:
            opacity *= style["opacity"]
        if box.background is not None and not isinstance(box, boxes.PageBox):
            seen = _seen(box.background, ground)
            if seen != ground:
                ground, above = seen, (*above, len(self.grounds))
                self.grounds.append(_area(box, seen))
        if isinstance(box, boxes.ReplacedBox):
            self.grounds.append(_area(box, None))
            return
        for child in getattr(box, "children", ()):
            self._look(child, at, ground, opacity, above)

    def _check(
        self, box: Any, at: str, ground: Colour, opacity: float, above: tuple[int, ...]
    ) -> None:
        style = box.style
        found = _plain(style["color"])
        if found is None or not found[1] or style["visibility"] != "visible":
            return
        colour = _over(found[0], found[1] * opacity, ground)
        ratio = contrast(colour, ground)
        if ratio >= LEAST:
            return
        size = style["font_size"]
        large = size >= (_LARGE_BOLD if style["font_weight"] >= _BOLD else _LARGE)
        least = LEAST_LARGE if large else LEAST
        if ratio < least:
            word = max(box.text.split(), key=len)
            text = _Text(at, word, self.number, colour, ground, ratio, least)
            self.doubtful.append((text, box, above))


def _area(box: Any, colour: Colour | None) -> _Ground:
    left, top = float(box.border_box_x()), float(box.border_box_y())
    return _Ground(left, top, left + box.border_width(), top + box.border_height(), colour)


def _seen(background: Any, below: Colour | None) -> Colour | None:
    """Return the colour of a background over another; None where it is a picture."""
    if background is None:
        return below
    if any(getattr(layer, "image", None) is not None for layer in background.layers):
        return None
    found = _plain(background.color)
    if found is None:
        return None
    colour, alpha = found
    if alpha <= 0:
        return below
    return _over(colour, alpha, below) if below is not None or alpha >= 1 else None  # type: ignore[arg-type]


def contrast_faults(pages: Sequence[Any], sheets: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    """Yield a fault for each pair of colours that is too pale, at the first text concerned.

    Where its cause is elsewhere, that is the first of `others`: the pack's accent colour, or a
    declaration in a separate stylesheet. `sheets` are the document's stylesheets.
    """
    worst: dict[tuple[Colour, Colour], _Text] = {}
    for number, page in enumerate(pages, 1):
        for text in _Page(page, number).texts():
            key = text.colour, text.ground
            if key not in worst or text.least > worst[key].least:
                worst[key] = text
    if not worst:
        return
    named = list(sheets)
    accent = _accent(named)
    by_accent = [t for t in worst.values() if accent in {_hex(t.colour), _hex(t.ground)}]
    if by_accent:
        text = min(by_accent, key=lambda each: each.ratio)
        message = f"the accent colour {accent} gives text a contrast of {_said(text)}"
        yield _fault(message, OfPack("theme.accent"), text)
    for text in list(worst.values())[:MOST]:
        if text not in by_accent:
            colours = f"{_hex(text.colour)} on {_hex(text.ground)}"
            message = f"text in {colours} has a contrast of {_said(text)}"
            yield _fault(message, _declared(named, text), text)


def _said(text: _Text) -> str:
    return f"{text.ratio:.1f}:1; {text.least:g}:1 is the least"


def _fault(message: str, cause: At, text: _Text) -> Fault:
    """Return a fault: an error where the pack's accent colour makes text that nobody can read.

    Other texts of such colours are named one by one by the proof (`guide.proof.trouble`).
    """
    code, severity = "low-contrast", Severity.WARNING
    if isinstance(cause, OfPack) and text.ratio < LEAST_CONTRAST:
        code, severity = "unreadable-text", Severity.ERROR
    return Fault(code, message, text.at, HINT, severity, text.page, (), text.word, cause)


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(255 * c):02x}" for c in colour)


def _accent(sheets: Iterable[tuple[str, str]]) -> str:
    """Return the accent colour that the pack chooses, '' when it leaves the theme's."""
    found = (
        re.search(r"--accent: (#[0-9a-fA-F]{6});", css) for n, css in sheets if n == "generated"
    )
    return next((match[1].lower() for match in found if match), "")


def _declared(sheets: Iterable[tuple[str, str]], text: _Text) -> At:
    """Return where a stylesheet of the pack's own sets one of the colours; or ''."""
    wanted = (_hex(text.colour), _hex(text.ground))
    found: dict[str, OfCss] = {}
    for name, css in sheets:
        if name.startswith("templates:") or name in {"generated", "sizes"}:
            continue
        for match in _DECLARED.finditer(_without_comments(css)):
            declared = _plain(parse_color(match[2].strip()))
            colour = _hex(declared[0]) if declared else ""
            if colour in wanted:
                line = css.count("\n", 0, match.start()) + 1
                column = match.start() - css.rfind("\n", 0, match.start())
                found.setdefault(colour, OfCss(name, line, column))
    return found.get(wanted[0]) or found.get(wanted[1]) or ""


def _without_comments(css: str) -> str:
    return re.sub(r"/\*.*?\*/", lambda match: re.sub(r"[^\n]", " ", match[0]), css, flags=re.S)
