"""Pages for notes after the Cornell system (Pauk, How to Study in College): ruled, as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Notes:
    """The areas of a page for notes; all lengths in mm, from the page's edges.

    Left of `cue` are the cues, right of it the ruled notes, between `top` and `bottom`; below that,
    to `foot`, the box for the summary, which has the name `summary`. `pitch` is from line to line;
    `line` and `edge` are colours, `label` is the type size of
    the name.
    """

    width: float
    height: float
    line: str
    edge: str
    left: float = 14
    right: float = 12
    top: float = 46
    bottom: float = 66
    foot: float = 20
    cue: float = 62
    pitch: float = 8
    summary: str = ""
    label: float = 3.2


def draw(notes: Notes) -> bytes:
    """Return the page's lines as SVG, to be laid under the text."""
    right = notes.width - notes.right
    floor, foot = notes.height - notes.bottom, notes.height - notes.foot
    lines = []
    y = notes.top + notes.pitch
    while y < floor - notes.pitch / 2:
        lines.append(f"M{notes.cue:g} {y:g}H{right:g}")
        y += notes.pitch
    y = floor + 2 * notes.pitch
    while y < foot - notes.pitch / 2:
        lines.append(f"M{notes.left:g} {y:g}H{right:g}")
        y += notes.pitch
    edges = (
        f"M{notes.left:g} {notes.top:g}H{right:g}M{notes.cue:g} {notes.top:g}V{floor:g}"
        f"M{notes.left:g} {floor:g}H{right:g}M{notes.left:g} {foot:g}H{right:g}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{notes.width:g}mm" '
        f'height="{notes.height:g}mm" viewBox="0 0 {notes.width:g} {notes.height:g}">'
        f'<path d="{"".join(lines)}" stroke="{notes.line}" stroke-width=".18" fill="none"/>'
        f'<path d="{edges}" stroke="{notes.edge}" stroke-width=".3" fill="none"/>'
        f'<text x="{notes.left:g}" y="{floor + notes.label + 1.8:g}" font-family="Source Sans 3" font-size="{notes.label:g}" '
        f'font-weight="700" fill="{notes.edge}">{escape(notes.summary)}</text></svg>'
    ).encode()
