"""Each label of a drawing is drawn as text, where a reader sees it."""

from __future__ import annotations

from pathlib import Path

from guide.diagnostics.diagnostic import Severity
from guide.proof.svg_labels import labels_of
from guide.pipeline import Settings, build

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="60" viewBox="0 0 200 60"><title>T</title><desc>D</desc>{}</svg>'
DRAWN = (
    '<text x="5" y="20">First <tspan font-weight="bold">label</tspan> here</text><text x="5 15 25" y="40">abc</text>'
    '<text x="180" y="10" transform="rotate(90 180 10)">turned</text><defs><text id="d">never drawn</text></defs>'
)
CLIPPED = '<clipPath id="c"><rect width="9" height="9"/></clipPath><text clip-path="url(#c)" x="90" y="50">Cut away</text>'


def test_a_label_that_is_not_seen_is_reported_at_its_figure(tmp_path: Path) -> None:
    """One that is clipped away, and one beyond the page; labels that are drawn are not."""
    folder = tmp_path / "pack"
    (folder / "figures").mkdir(parents=True)
    (folder / "sections").mkdir()
    (folder / "pack.yaml").write_text("format: 1\ntitle: T\ndocuments: {briefing: {}}\n")
    (folder / "figures" / "a.svg").write_text(SVG.format(DRAWN))
    (folder / "figures" / "b.svg").write_text(SVG.format(DRAWN + CLIPPED))
    (folder / "figures" / "c.svg").write_text(SVG.format('<rect width="50" height="50"/><text x="2000" y="20">Far out</text>'))
    body = "![One.](figures/a.svg)\n\n![Two.](figures/b.svg)\n\n![Three.](figures/c.svg)\n"
    (folder / "sections" / "a.md").write_text(f"---\ntitle: A\n---\n{body}")
    built = build(folder, tmp_path / "out", Settings(kinds=("briefing",), jobs=1))
    found = [(d.place.line, d.message.split("`")[1]) for d in built.diagnostics if d.severity is Severity.ERROR]
    assert found == [(6, "Cut away"), (8, "Far out")]


def test_labels_are_what_a_picture_draws() -> None:
    """Neither what it only defines nor what it hides, for itself or by a class."""
    hidden = (
        '<g style="display: none"><text>a</text></g><text visibility="hidden">b</text><symbol><text>c</text></symbol>'
        '<switch><text>d</text></switch><text opacity="0">e</text>'
    )
    assert labels_of(SVG.format(DRAWN + hidden).encode()) == ["First label here", "abc", "turned"]
    styled = "<style>.x{display:none}</style><text class='x'>a</text><text>b</text>"
    assert labels_of(SVG.format(styled).encode()) == ["b"]
    assert labels_of(b"<svg><text>") == []
    without = '<g fill="none" font-size="0"><text fill="#000" font-size="9">a<tspan fill="none">b</tspan>c</text><text>d</text></g>'
    assert labels_of(SVG.format(without).encode()) == ["ac"]
