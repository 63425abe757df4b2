"""The proof that all text is in the PDF: what is lost is found, and what is there is not missed."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from guide.model.artifacts import Html, Pdf
from guide.model.letters import letters
from guide.proof import prove
from guide.proof.ink import Asked, read
from guide.proof.prove import Spot, Words, lost, prove_deck, prove_imposed, prove_sheets
from guide.actions.new import start
from guide.pipeline import Settings, build

Page = Callable[..., Html]
Typeset = Callable[[Html], Pdf]
FEW = " ".join(f"word{n} is here" for n in range(60))
MANY = " ".join(f"word{n} is here" for n in range(250))


def hidden(css: str) -> tuple[str, str]:
    """Return a paragraph, and CSS for it."""
    return '<p data-at="lost">A text that one should be able to read.</p>', f"[data-at=lost] {{ {css} }}"


def boxed(css: str, text: str = FEW) -> tuple[str, str]:
    """Return a paragraph in a box with CSS."""
    return f'<div style="{css}"><p data-at="lost">{text}</p></div>', ""


LOSSES = {
    "cut by a box": boxed("height: 20mm; overflow: hidden"),
    "cut by the most height": boxed("max-height: 20mm; overflow: hidden"),
    "cut in a flex box": boxed("display: flex; height: 20mm; overflow: hidden"),
    "cut in a grid": boxed("display: grid; height: 20mm; overflow: hidden"),
    "a grid taller than a page": boxed("display: grid; grid-template-rows: 20mm; grid-template-columns: 1fr 1fr", MANY),
    "a float taller than a page": boxed("float: left; width: 50mm", MANY),
    "a float in what stands apart": boxed("position: absolute; top: 0'><div style='float: left", MANY),
    "cut in a cell": (f'<table><tr><td><div style="height: 9mm; overflow: hidden" data-at="lost">{FEW}</div></td></tr></table>', ""),
    "a note without room": (f'<p>Text<span class="footnote" data-at="lost">{MANY}</span></p>', ".footnote { float: footnote }"),
    "not displayed": hidden("display: none"),
    "not visible": hidden("visibility: hidden"),
    "without colour": hidden("color: transparent"),
    "without opacity": hidden("opacity: 0"),
    "without size": hidden("font-size: 0"),
    "clipped away": hidden("position: absolute; clip: rect(0, 0, 0, 0)"),
    "left of the page": hidden("position: absolute; left: -500mm"),
    "moved off the page": hidden("transform: translate(300mm)"),
    "indented off the page": hidden("text-indent: -500mm"),
    "for a head that there is not": hidden("position: running(head)"),
    "lines left out": ('<p data-at="lost">A first line that is as long as it can be here, and so on. It ends so.</p>',
                       "[data-at=lost] { max-lines: 1; continue: discard }"),
    "one of two": ('<p>The same words stand twice here.</p><p data-at="lost">The same words stand twice here.</p>',
                   "[data-at=lost] { display: none }"),
    "a cell of one digit": ('<table><tr><td>7</td><td data-at="lost">8</td></tr></table>', "[data-at=lost] { display: none }"),
    "a picture": ('<p>Text</p><img data-at="lost" alt="A small square" src="asset/a.svg">', "img { display: none }"),
}  # fmt: skip
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'><rect width='9' height='9'/><text y='9'>8</text></svg>"


@pytest.mark.parametrize("way", LOSSES)
def test_what_is_lost_is_found(way: str, page: Page, typeset: Typeset) -> None:
    """Whichever way a text is lost, an error names its item and quotes it; others are not blamed."""
    body, css = LOSSES[way]
    found = typeset(page(f'<p data-at="one">One.</p>{body}<p data-at="two">Two and three.</p>', css, assets={"asset/a.svg": SVG}))
    faults = [fault for fault in found.faults if fault.code == "lost-content"]
    assert [fault.at for fault in faults] == ["lost"], found.faults
    over = [fault for fault in found.faults if fault.code == "unreadable-text"]  # what is over the text after it
    assert found.missing == 1 + len(over) and found.items >= 3
    assert faults[0].severity == "error" and faults[0].hint
    quoted = faults[0].message.split("`")[1].rstrip("…")
    assert quoted and quoted in body, faults[0].message


THERE = {
    "German": ('<p lang="de" style="width: 24mm; hyphens: auto">Donaudampfschifffahrtsgesellschaft, Straßenbahnhaltestelle, effizient</p>', ""),
    "Cyrillic": ('<p lang="sr">Космет и Метохија, ђак, џеп; „наводници“</p>', ""),
    "accents": ("<p>Zveçan e\u0301te\u0301 café Ångström ½ x² ﬁne office ™ №5 10\u00a0km</p>", ""),
    "East Asian": ('<p lang="ja">漢字とひらがな、ｶﾀｶﾅ。한국어</p>', ""),
    "capitals": ('<p class="a">Straße und Größe</p><p class="b">Small Caps</p><p class="c">wide apart</p>',
                 ".a { text-transform: uppercase } .b { font-variant: small-caps } .c { letter-spacing: 2mm }"),
    "quotes": ("<p>“It’s” – he said … &amp; «so» -- ok &lt;b&gt;</p>", ""),
    "columns and pages": (f'<div style="columns: 2"><p>{MANY}</p><p>a</p><p>I</p></div>', ""),
    "a table over pages": ("<table><thead><tr><th>Name</th><th>No</th></tr></thead><tbody>"
                           + "".join(f"<tr><td>row {n}</td><td>{n}</td><td>{FEW[:60]}</td></tr>" for n in range(30)) + "</tbody></table>", ""),
    "notes": ("".join(f'<p>Text {n}<span class="footnote">A note {n}.</span> goes on, {FEW[:200]}</p>' for n in range(12)),
              ".footnote { float: footnote }"),
    "lists": ("<ol><li>one</li><li>two<ul><li>in it</li></ul></li></ol><dl><dt>a</dt><dd>b</dd></dl>", ""),
    "a tall cell": (f'<table><tr style="break-inside: avoid"><td>{MANY}</td></tr></table>', ""),
    "apart and floating": ('<p>a<b>bold</b> <span style="position: absolute; left: -5mm">1</span> c <span style="float: right">12</span>'
                           ' d <span style="display: inline-block">123</span> e</p><p style="position: relative"><span '
                           'style="position: absolute; left: -9mm">3</span>In 2013 and 2023</p>', ""),
    "first letters": ("<p>The first letter is large and floats in the text that goes around it.</p>",
                      "p::first-letter { float: left; font-size: 30pt }"),
    "code": ("<pre>for x in range(10):\n    print(x == 3, '-' * 40)</pre>", "pre { font-family: 'Source Code Pro' }"),
    "marks of the sheet": ("<p>Text</p>", "p::before { content: 'before ' } p::after { content: ' 7' } @page { @top-left { content: 'Text' } }"),
    "what nobody reads": ('<p>x</p><template>No</template><p hidden>No</p><h1 data-unprinted style="display: none">No</h1>', ""),
    "forms": ('<p>1 <input type="text" title="n" name="n"> <textarea name="t" title="t">x</textarea></p>', "input, textarea { appearance: auto }"),
    "pictures": ('<p>x<img alt="A square" src="asset/a.svg"><img alt="" src="asset/a.svg"></p><figure><img alt="A square" src="asset/a.svg"></figure>', ""),
    "a line between pages": (f'<p style="orphans: 1; widows: 1">{FEW}</p>' * 3, ""),
}  # fmt: skip


@pytest.mark.parametrize("what", THERE)
def test_what_is_there_is_not_missed(what: str, page: Page, typeset: Typeset) -> None:
    """However text is set, broken and moved, nothing that is printed is reported."""
    body, css = THERE[what]
    made = page(body, css, assets={"asset/a.svg": SVG})
    if what == "East Asian":
        from guide.resources import TEMPLATES

        cjk = ("fonts-cjk.css", (TEMPLATES / "fonts-cjk.css").read_text("utf-8"))
        made = replace(made, stylesheets=(cjk, *made.stylesheets, ("cjk.css", "html { font-family: 'Noto Sans JP', 'Noto Sans KR' }")))
    found = typeset(made)
    assert [fault for fault in found.faults if fault.code not in {"stranded-heading"}] == []
    assert found.missing == 0
    assert found.items > 0


def test_text_from_right_to_left_is_found_by_words() -> None:
    """Runs of a line come in the order of the page; each word is there all the same."""
    wanted = [Words("he", ("שלום עולם, 2024 (KFOR) של",)), Words("ar", ("نص عربي طويل",))]
    text = letters("של KFOR 2024 שלום עולם") + letters("نص عربي طويل")
    assert lost(wanted, text) == []
    assert [loss.words.at for loss in lost(wanted, text.replace("עולם", ""))] == ["he"]


def test_a_loss_says_what_is_lost() -> None:
    """The message begins with the first word that is not there."""
    wanted = [Words("a", ("Before it. ", "The ", "very", " last words."))]
    assert [loss.shown for loss in lost(wanted, "beforeitthevery")] == ["last words."]
    assert [loss.shown for loss in lost(wanted, "")] == ["Before it. The very last words."]


def test_a_missing_glyph_or_a_cut_word_is_told_once(page: Page, typeset: Typeset) -> None:
    """What another fault says already is not said again."""
    found = typeset(page('<p data-at="odd">A \U0001d11e here</p>'))
    assert {fault.code for fault in found.faults} == {"missing-glyph"}
    wide = typeset(page(f'<p data-at="wide" style="white-space: nowrap; overflow: hidden">{FEW}</p>'))
    assert {fault.code for fault in wide.faults} == {"text-overflow"}
    assert wide.missing == 1


def test_many_losses_are_cut_short(page: Page, typeset: Typeset) -> None:
    """Of more than twenty items that are lost the first are named, and the rest counted."""
    body = "".join(f'<p data-at="p{n}">Paragraph number {n} of many.</p>' for n in range(30))
    found = [f for f in typeset(page(body + "<h1>Seen</h1>", "p { display: none }")).faults if f.code == "lost-content"]
    assert len(found) == prove.MOST + 1
    assert "10 more items" in found[-1].message


def test_what_gives_way_in_a_filled_document_is_not_lost(page: Page, typeset: Typeset) -> None:
    """What was left out for want of room has its own note."""
    body = "".join(f'<p data-at="p{n}" data-rank="{n}">Paragraph {n}: {FEW[:150]}</p>' for n in range(40))
    found = typeset(page(body, fill=1))
    assert {fault.code for fault in found.faults} == {"left-out"}
    assert found.missing == 0 and 0 < found.items < 40


@pytest.fixture(scope="module")
def deck() -> tuple[bytes, bytes, list[Any], list[list[Spot]]]:
    """A deck of four faces, its sheets of two sides, what each face shows and where it belongs."""
    from guide.model.kinds import Stock
    from guide.pdf.assemble import About, assemble
    from guide.proof.prove import expected_of
    from guide.sheets.impose_cards import Layout, impose, spots
    from guide.sheets.plan_cards import plan
    from support import whole_deck
    from guide.model.artifacts import Face
    from guide.resources import TEMPLATES

    stock = Stock(name="x", title="X", paper=[100, 120], card=[80, 40], origin=[10, 10], pitch=[80, 50], columns=1, rows=2, sizes=[12])
    css = "@page { size: 80mm 40mm } html { font-family: 'Source Sans 3' } .face { break-before: page }"
    fonts = (TEMPLATES / "fonts.css").read_text("utf-8")
    texts = ("A first question?", "The first answer.", "Another question?", "Its answer <b>too</b>.")
    faces = tuple(Face(f"c{n // 2}", f"<p>{text}</p>", f"c{n // 2}") for n, text in enumerate(texts))
    markup = '<html lang="en"><head><title>T</title></head><body><!--faces--></body></html>'
    _, made, font = whole_deck(Html("T", "en", markup, (("f", fonts), ("o", css)), faces=faces, sizes=(12.0,)))
    sides = plan(2, stock, "short-edge", "reading")
    about = About("T", "en")
    sheets = impose(made, sides, stock, Layout("short-edge"), font, about)
    return assemble(made, font, about), sheets.data, list(map(expected_of, made)), [spots(stock, side) for side in sides]


def test_every_face_is_on_its_page_and_its_side(deck: Any) -> None:
    """A whole deck, and whole sheets, with backs that stand on their heads."""
    screen, sheets, wanted, spots = deck
    assert (prove_deck(wanted, screen).missing, prove_deck(wanted, screen).items) == (0, 4)
    assert {spot.turned for side in spots for spot in side} == {False, True}
    found = prove_sheets(wanted, spots, sheets)
    assert (found.items, found.missing, found.faults) == (4, 0, ())


def test_a_face_on_another_page_or_another_side_is_found(deck: Any) -> None:
    """Two pages that changed places, a page that is gone, backs under other fronts."""
    screen, sheets, wanted, spots = deck
    for order in ([1, 0, 2, 3], [0, 1, 2]):
        pdf = pikepdf.open(io.BytesIO(screen))
        pages = [pdf.pages[n] for n in order]
        other = pikepdf.new()
        other.pages.extend(pages)
        out = io.BytesIO()
        other.save(out)
        assert prove_deck(wanted, out.getvalue()).missing == (2 if len(order) == 4 else 1)
    swapped = [spots[0], [replace(spot, face=(spot.face + 2) % 4) for spot in spots[1]]]
    assert {fault.at for fault in prove_sheets(wanted, swapped, sheets).faults} == {"c0", "c1"}
    upright = [[replace(spot, turned=False) for spot in side] for side in spots]
    assert prove_sheets(wanted, upright, sheets).missing > 0
    assert prove_sheets(wanted, [*spots, spots[0]], sheets).missing == 2  # a sheet that is not there


def test_pages_that_are_not_on_the_sheets_of_a_booklet_are_found(page: Page, typeset: Typeset) -> None:
    """Each page is a form on a side of a sheet; a document with another page is not whole there."""
    from guide.sheets.impose_pages import Scheme, impose_pdf

    both = [typeset(page(f"<p>{text}</p><p style='break-before: page'>Second.</p>")).data for text in ("First.", "Other.")]
    sheets = impose_pdf(both[0], Scheme(), "x").sheets.data
    assert (prove_imposed(both[0], sheets).items, prove_imposed(both[0], sheets).missing) == (2, 0)
    assert [fault.message for fault in prove_imposed(both[1], sheets).faults] == ["page 1 is not whole on the sheets"]


def test_what_is_read_is_what_one_sees(page: Page, typeset: Typeset) -> None:
    """Heads are left out, figures' texts too; pictures are read in words."""
    made = page('<p>Seen</p><img alt="A square" src="asset/a.svg">', "@page { @top-left { content: 'Head' } }", assets={"asset/a.svg": SVG})
    found = read(typeset(made).data, Asked(range(9)))
    assert [(each.letters, each.pictures) for each in found] == [("seen", (("A square", None),))]


@pytest.mark.parametrize("theme", ["large-print", "ink-saver"])
def test_the_starter_pack_is_whole_in_other_themes(theme: str, tmp_path: Path) -> None:
    """Every text of every document is found; how many there are does not depend on the theme."""
    start(tmp_path / "starter")
    built = build(tmp_path / "starter", tmp_path / "out", Settings(theme=theme, kinds=("briefing", "handout"), jobs=1))
    assert "lost-content" not in {found.code for found in built.diagnostics}
    items = {made.path.rpartition("/")[2]: made.items for made in built.outputs}
    assert set(items) == {"briefing.pdf", "handout.pdf"}
    assert items["briefing.pdf"] > 150 and min(items.values()) > 20
    assert {made.missing for made in built.outputs} == {0}
