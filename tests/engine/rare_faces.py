"""Set faces that use much of CSS, and print a digest of each: run by test_shortcuts.py.

The argument is `quick`, or `plain` for WeasyPrint without shortcuts.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace

from guide.model.artifacts import Face, Html
from guide.engine import patches
from guide.resources import TEMPLATES

SHEET = """
@page { size: %s; margin: 0 }
html { font-family: "Source Sans 3"; hyphens: auto }
.face { break-before: page; box-sizing: border-box; height: 100vh; padding: 4mm }
.spaced { letter-spacing: .1em; word-spacing: .3em } .justified { text-align: justify }
.wide { font-size: 4vw } .wide::before { content: "w"; width: 3vh }
.first::first-line { color: red; font-variant-caps: small-caps }
.drop::first-letter { font-size: 2em; float: left }
.cut { overflow: hidden; white-space: nowrap; text-overflow: ellipsis }
.clamp { max-lines: 2; block-ellipsis: auto }
.two { column-count: 2; column-rule: 1px solid blue }
.flex { display: flex } .grid { display: grid; grid-template-columns: 1fr 1fr }
.left { float: left; width: 20mm; border: 1px solid red } .gone { visibility: hidden }
.under { text-decoration: underline overline } .clear { clear: both; margin: -1mm 0 2mm }
.round { border-radius: 2mm; background: #eee; border: 1px dotted }
.over { position: absolute; right: 2mm; border-top: 1px solid }
.shadow { box-shadow: 1mm 1mm 0 red; opacity: .5; transform: rotate(2deg) }
p:nth-child(2) { color: blue } li + li { margin-top: 1mm } .break { overflow-wrap: anywhere }
.pre { white-space: pre-wrap } .mark::before { content: "[" attr(class) "] " }
.rel { position: relative; left: 1mm } td { padding: 1mm } table { border-collapse: collapse }
"""
LONG = "Characteristically long responsibilities of the infrastructure, " * 4
BODIES = (
    f"<p class=first>{LONG}</p><p class='spaced justified'>{LONG}</p>",
    f"<p class=drop>{LONG}</p><div class=cut>{LONG}</div><p class=under>{LONG}</p>",
    f"<div class=two>{LONG}{LONG}</div><div class=flex><p>a</p><p>{LONG}</p></div>",
    f"<div class=grid><p>b</p><p>{LONG}</p></div><div class=left>left</div><p>{LONG}</p>",
    f"<p class=wide>{LONG}</p><p class=gone>x</p><div class='round over'>over <b>the</b> edge</div>",
    f"<p lang=de>Donaudampfschifffahrtsgesellschaft {LONG}</p><p id=here>a</p><p class=clamp>{LONG}</p>",
    "<p class=break>" + "x" * 90 + "</p><p class=pre>one\n two\tthree\n</p><p>a\u2028b\u00adc d\u2029e</p>",
    "<ul><li class=mark>one<li>two<ol><li>three</ol></ul><table><tr><td style='color: red'>a<td>b</table>",
    f"<p class=rel>½ ﬁ AVATAR <sub>a</sub><sup>b</sup> e\u0301 日本語 <code>{LONG}</code></p>",
    f"<p dir=rtl>abc, {LONG}</p><p class='justified break'>{LONG}<br>{LONG}</p>",
    "<p id=here>b</p><p><a href='#here'>there</a><a href='https://example.org'>x <b>y</b></a></p>",
    f"<div class=left>left</div><p>{LONG}</p><p class=clear>{LONG}</p><div class=shadow>s</div>",
    "<p><b>b</b> a <code>c</code></p>",
    "<p><code>c</code> <b>b</b> a</p>",
    "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'><text y='9'>svg</text></svg>",
)


def main() -> None:
    """Set the faces together, backwards and alone, on three sizes of paper in turn."""
    if sys.argv[1] == "plain":
        patches.PATCHES = [patch for patch in patches.PATCHES if not patch.shortcut]  # type: ignore[assignment]
    from guide.pdf.typeset import set_faces

    fonts = (TEMPLATES / "fonts.css").read_text("utf-8")
    faces = tuple(Face(f"f{n}", body, f"f{n}") for n, body in enumerate(BODIES))
    markup = "<!DOCTYPE html><html lang=en><title>t</title><body><!--faces--></body></html>"
    for size in ("74mm 105mm", "105mm 74mm", "74mm 105mm"):
        sheets = (("templates:fonts.css", fonts), ("templates:x.css", SHEET % size))
        html = Html("t", "en", markup, sheets, {}, faces, (12.0, 10.0, 8.0))
        for chosen in (faces, faces[::-1], *((face,) for face in faces)):
            made = set_faces(replace(html, faces=chosen))
            for face in sorted(made.faces, key=lambda each: each.at):
                digest = hashlib.sha256(repr(face).encode()).hexdigest()
                print(f"{size} {face.at}", len(chosen), face.size, face.over, digest, sep="\t")
            print(sorted(map(repr, made.faults)))


main()
