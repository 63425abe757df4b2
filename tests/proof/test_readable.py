"""What a reader sees on the finished page: illegible text and hidden pictures are errors, others are not."""

from __future__ import annotations

import io
import random
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageDraw

from guide.model.artifacts import Html, Pdf
from guide.pipeline import Settings, build
from guide.resources import TEMPLATES

Page = Callable[..., Html]
Typeset = Callable[[Html], Pdf]


def picture(form: str = "PNG", mode: str = "RGB", seed: int = 1, **more: Any) -> bytes:
    """Return a picture of coloured fields, like no other."""
    chance = random.Random(seed)
    image = Image.new("RGB", (300, 200), "white")
    draw = ImageDraw.Draw(image)
    for _ in range(30):
        x, y = chance.randrange(300), chance.randrange(200)
        colour = tuple(chance.randrange(256) for _ in range(3))
        draw.ellipse((x - 50, y - 30, x + 50, y + 30), fill=colour)
    out = io.BytesIO()
    image.convert(mode).save(out, form, **more)
    return out.getvalue()


SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='60' height='40'><rect width='60' height='30' fill='#135'/></svg>"
ASSETS = {"asset/a.png": picture(), "asset/b.jpg": picture("JPEG", seed=2), "asset/c.svg": SVG}
LINE = "A text that one should be able to read."
IMG = '<img data-at="it" alt="Fields" src="asset/a.png" style="width: 30mm">'
VECTOR = '<img data-at="it" alt="A block" src="asset/c.svg">'


def styled(style: str, inside: str = LINE) -> str:
    """Return a paragraph with a style."""
    return f'<p data-at="it" style="{style}">{inside}</p>'


def covered(by: str) -> str:
    """Return a paragraph that something is drawn over."""
    return f'<div style="position: relative"><p data-at="it">{LINE}</p>{by}</div>'


OVER = "position: absolute; left: -5mm; top: -3mm; width: 90mm; height: 12mm"
TEXTS = {
    "half a point": (styled("font-size: .5pt"), ""),
    "three points": (styled("font-size: 3pt"), ""),
    "no size by em": (styled("font-size: .05em"), ""),
    "scaled to nothing": (styled("transform: scale(.01)"), ""),
    "scaled to a third": (styled("transform: scale(.3)"), ""),
    "squeezed": (styled("transform: scaleX(.02)"), ""),
    "flattened": (styled("transform: scaleY(.1)"), ""),
    "mirrored": (styled("transform: scaleX(-1)"), ""),
    "turned over": (styled("transform: scaleY(-1)"), ""),
    "mirrored by a matrix": (styled("transform: matrix(-1, 0, 0, 1, 0, 0)"), ""),
    "letters piled up": (styled("letter-spacing: -.6em"), ""),
    "white on white": (styled("color: white"), ""),
    "pale": (styled("color: #e4e4e4"), ""),
    "dark on dark": (styled("background: #222; color: #2a2a2a"), ""),
    "almost without opacity": (styled("opacity: .02"), ""),
    "almost without alpha": (styled("color: rgba(0, 0, 0, .05)"), ""),
    "faint in a faint box": (f'<div style="opacity: .3"><p data-at="it" style="opacity: .3">{LINE}</p></div>', ""),
    "the colour of its picture": (styled("background: url(asset/grey.png); color: #777"), ""),
    "the colour of its gradient": (styled("background: linear-gradient(90deg, #777, #7a7a7a); color: #787878"), ""),
    "lost at one end of a gradient": (styled("background: linear-gradient(90deg, white 30%, black 50%); color: black"), ""),
    "white over a page that is not blue": (styled("color: white; margin-left: 0"), "@page { background: linear-gradient(white, #eee) }"),
    "behind the background": ('<div style="position: relative; background: #eee">' + styled("position: relative; z-index: -1") + "</div>",
                              "body { background: white; position: relative; z-index: 0 }"),
    "under a box": (covered(f'<div style="{OVER}; background: white"></div>'), ""),
    "under a coloured box": (covered(f'<div style="{OVER}; background: #246"></div>'), ""),
    "under ::after": (f'<div class="after"><p data-at="it">{LINE}</p></div>', f".after {{ position: relative }} .after::after {{ content: ''; {OVER}; background: white }}"),
    "under its own ::after": (styled("position: relative"), f"[data-at=it]::after {{ content: ''; {OVER}; background: #fff }}"),
    "under a picture": (covered(f'<img alt="" src="asset/a.png" style="{OVER}">'), ""),
    "under an SVG": (covered(f'<img alt="" src="asset/c.svg" style="{OVER}; height: 20mm">'), ""),
    "under a gradient": (covered(f'<div style="{OVER}; background: linear-gradient(#eee, #ddd)"></div>'), ""),
    "under a background picture": (covered(f'<div style="{OVER}; background: url(asset/a.png)"></div>'), ""),
    "under what is almost opaque": (covered(f'<div style="{OVER}; background: rgba(255, 255, 255, .97)"></div>'), ""),
    "half under a box": (covered('<div style="position: absolute; left: 15mm; top: 0; width: 20mm; height: 6mm; background: white"></div>'), ""),
    "under a float": (f'<p data-at="it">{LINE}</p><div style="float: left; width: 80mm; height: 9mm; margin-top: -9mm; background: #ddd; position: relative"></div>', ""),
    "under a negative margin": (f'<p data-at="it" style="margin: 0">{LINE}</p><div style="position: relative; margin-top: -7mm; height: 9mm; background: #fff"></div>', ""),
    "under other text": (covered('<p style="position: absolute; left: 0; top: 0; margin: 0">Words that are over the other words, all of them</p>'), ""),
    "under the next lines": (f'<p data-at="it" style="margin: 0">{LINE}</p><p style="margin-top: -5.1mm">These words run across those before them here.</p>', ""),
    "lines on one another": (styled("line-height: .15", f"{LINE} {LINE} {LINE}"), ""),
    "off the line's start": (styled("text-indent: -9999px"), ""),
    "not visible": (styled("visibility: hidden"), ""),
    "clipped by a path": (styled("position: absolute; clip: rect(0, 1px, 1px, 0)"), ""),
    "clipped by a small box": (styled("height: 1mm; overflow: hidden"), ""),
    "clipped inside a group": (f'<div style="opacity: .9; width: 5mm; overflow: hidden; white-space: nowrap"><p data-at="it" style="width: 60mm">{LINE}</p></div>', ""),
    "on a page of its colour": (styled("color: #123456"), "@page { background: #123456 }"),
    "one word of a line": ('<p data-at="it">Words that one reads <span style="color: #fefefe">and nothing else</span> here.</p>', ""),
}  # fmt: skip


@pytest.mark.parametrize("way", TEXTS)
def test_text_that_cannot_be_read_is_an_error_at_its_item(way: str, page: Page, typeset: Typeset) -> None:
    """However a text is made illegible, an error names its item, and only its own."""
    body, css = TEXTS[way]
    grey = io.BytesIO()
    Image.new("RGB", (20, 20), "#787878").save(grey, "PNG")
    assets = {**ASSETS, "asset/grey.png": grey.getvalue()}
    found = typeset(page(f'<p data-at="one">One.</p>{body}<div style="height: 9mm"></div><p data-at="two">Two.</p>', css, assets=assets))
    faults = [fault for fault in found.faults if fault.code in {"lost-content", "unreadable-text", "text-overflow"}]
    assert "it" in {fault.at for fault in faults}, found.faults
    assert {fault.at for fault in faults} <= {"it", ""}
    assert all(fault.severity == "error" and fault.hint for fault in faults)


READ = {
    "white on a coloured box": (styled("background: #123456; color: white; padding: 1mm"), ""),
    "white on a dark picture": (styled("background: url(asset/dark.png); color: white"), ""),
    "white on a gradient": (styled("background: linear-gradient(#123, #345); color: white"), ""),
    "black on a saturated ground": (styled("background: #1010f0; color: black"), ""),
    "red on white, half opaque": (styled("color: #c00; opacity: .7"), ""),
    "a grey caption": (styled("color: #888"), ""),
    "a word marked behind": (styled("", "Words <mark>that are marked</mark> by <b>a pen</b> here."), "mark { background: #ff0 }"),
    "a veil over it": (covered(f'<div style="{OVER}; background: rgba(255, 255, 0, .3)"></div>'), ""),
    "lines through and under": (styled("text-decoration: underline", "Words <s>struck</s> out <u>under</u>, gjpqy"), ""),
    "tight lines": (styled("line-height: .95; width: 30mm", f"{LINE} {LINE} Ägypten jgpqy Ålesund"), ""),
    "lines that touch": (styled("line-height: .78; width: 38mm", f"{'gjpqy' * 4} {'ldbhÄ' * 4} {'gjpqy' * 4}"), ""),
    "high and low": (styled("", "x<sup>2</sup> H<sub>2</sub>O a<sup>b<sup>c</sup></sup>, 1st<sup>th</sup>"), ""),
    "accents": ('<p data-at="it">Ở Ṩ Ấ Ǻ q̣̃ e\u0301\u0323 Ýý</p>', ""),
    "small print": (styled("font-size: 5pt"), ""),
    "kerned and spaced": (styled("letter-spacing: -.03em", "AVATAR LTA illicit .,:; iiiii lllll !!!!"), ""),
    "turned": (styled("transform: rotate(90deg); width: 50mm; margin: 25mm 0"), ""),
    "on its head": (styled("transform: rotate(180deg)"), ""),
    "in a small scale": (styled("transform: scale(.6)"), ""),
    "dots to a number": ('<p data-at="it" style="width: 60mm">Chapter<span class="dots"></span>12</p>', ".dots::after { content: leader('.') }"),
    "a table with rules": ('<table data-at="it"><tr><td>1</td><td>gj Å</td></tr><tr><td>7</td><td>8</td></tr></table>',
                           "table { border-collapse: collapse } td { border: 1.5pt solid black; padding: 0 }"),
    "a letter in a circle": ('<p data-at="it"><span class="c">A</span> Answer</p>',
                             ".c { display: inline-block; border: .5pt solid; border-radius: 50%; width: 1.4em; text-align: center }"),
    "a line to fill in": ('<p data-at="it">Name <span style="display: inline-block; width: 30mm; border-bottom: .5pt solid"></span> (first)</p>', ""),
    "a picture beside and below": (f'<p data-at="it">{LINE}</p>{IMG}<p data-at="it">Below it.</p>', ""),
    "in columns": (f'<div style="columns: 2"><p data-at="it">{LINE} {LINE}</p></div>', ""),
    "a hidden copy": ('<p data-at="it">Only this</p><p aria-hidden="true" style="color: white">Only this</p>', ""),
    "a mark behind all pages": (styled(""), "@page { @top-center { content: 'DRAFT'; color: rgba(0, 0, 0, .12); font-size: 40pt; vertical-align: bottom; margin-bottom: -20mm } }"),
    "clipped at round corners": (styled("border-radius: 2mm; overflow: hidden; border: 1pt solid; padding: .3mm 1mm"), ""),
    "a group with a clip": (f'<div style="opacity: .9; overflow: hidden">{styled("")}</div>', ""),
    "boldness by printing twice": (covered(f'<p aria-hidden="true" style="position: absolute; left: .1pt; top: 0; margin: 0">{LINE}</p>'), ""),
    "the page of a dark theme": (styled("color: #ddd"), "@page { background: #111 } p { color: #ddd }"),
}  # fmt: skip


@pytest.mark.parametrize("way", READ)
def test_text_that_can_be_read_is_no_error(way: str, page: Page, typeset: Typeset) -> None:
    """Whatever a text is on, beside or marked with, it is not an error while it can be read."""
    body, css = READ[way]
    dark = io.BytesIO()
    Image.new("RGB", (20, 20), "#182838").save(dark, "PNG")
    found = typeset(page(f'<p data-at="one">One.</p>{body}', css, assets={**ASSETS, "asset/dark.png": dark.getvalue()}))
    assert [fault for fault in found.faults if fault.severity == "error"] == []
    assert found.missing == 0


PICTURES = {
    "without opacity": (IMG, "img { opacity: 0 }"),
    "almost without opacity": (IMG, "img { opacity: .03 }"),
    "in a faint figure": (f'<figure style="opacity: .02">{IMG}</figure>', ""),
    "without size": (IMG, "img { width: 0 !important; height: 0 }"),
    "a dot": (IMG, "img { width: .5mm !important; height: .5mm }"),
    "scaled to nothing": (IMG, "img { transform: scale(.001) }"),
    "moved off the page": (IMG, "img { transform: translateX(400mm) }"),
    "clipped away": (f'<div style="height: 0; overflow: hidden">{IMG}</div>', ""),
    "clipped to a strip": (f'<div style="height: .5mm; overflow: hidden">{IMG}</div>', ""),
    "not visible": (IMG, "img { visibility: hidden }"),
    "not displayed": (IMG, "img { display: none }"),
    "under a box": (f'<div style="position: relative">{IMG}<div style="{OVER}; height: 60mm; background: white"></div></div>', ""),
    "under a gradient": (f'<div style="position: relative">{IMG}<div style="{OVER}; height: 60mm; background: linear-gradient(red, blue)"></div></div>', ""),
    "under another picture": (f'<div style="position: relative">{IMG}<img alt="" src="asset/b.jpg" style="{OVER}; height: 60mm"></div>', ""),
    "behind the background": (f'<div style="background: #eee; position: relative; z-index: 0; height: 40mm"><div style="background: #eee; height: 40mm">{IMG}</div></div>',
                              "img { position: relative; z-index: -1 }"),
    "a vector without opacity": (VECTOR, "img { opacity: 0 }"),
    "a vector almost without opacity": (VECTOR, "img { opacity: .02 }"),
    "a vector without size": (VECTOR, "img { width: 0; height: 0 }"),
    "a vector under a box": (f'<div style="position: relative">{VECTOR}<div style="{OVER}; height: 60mm; background: white"></div></div>', ""),
    "a vector off the page": (VECTOR, "img { transform: translateX(-400mm) }"),
}  # fmt: skip


@pytest.mark.parametrize("way", PICTURES)
def test_a_picture_that_cannot_be_seen_is_an_error_at_its_item(way: str, page: Page, typeset: Typeset) -> None:
    """However a picture is hidden, an error names its item, and only its own."""
    body, css = PICTURES[way]
    found = typeset(page(f'<p data-at="one">One.</p>{body}<p data-at="two">Two.</p>', css, assets=ASSETS))
    faults = [fault for fault in found.faults if fault.severity == "error"]
    assert [fault.at for fault in faults if fault.code in {"lost-picture", "lost-content"} and "picture `" in fault.message] == ["it"], found.faults
    assert {fault.at for fault in faults} <= {"it", "two", ""}


def rgba() -> bytes:
    """Return a picture of a disk on nothing."""
    image = Image.new("RGBA", (120, 120))
    ImageDraw.Draw(image).ellipse((20, 20, 100, 100), fill=(200, 30, 30, 255))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def turned() -> bytes:
    """Return a picture that lies on its side, and says so (Exif orientation 6)."""
    with Image.open(io.BytesIO(picture(seed=7))) as image:
        exif = Image.Exif()
        exif[0x0112] = 6
        out = io.BytesIO()
        image.save(out, "JPEG", exif=exif)
    return out.getvalue()


FORMS = {
    "png": picture(seed=3), "grey.png": picture(mode="L", seed=4), "palette.png": picture(mode="P", seed=5),
    "jpg": picture("JPEG", seed=6), "low.jpg": picture("JPEG", seed=6, quality=10), "grey.jpg": picture("JPEG", "L", seed=8),
    "cmyk.jpg": picture("JPEG", "CMYK", seed=9), "turned.jpg": turned(), "disk.png": rgba(), "bit.png": picture(mode="1", seed=12),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_that_is_there_is_no_error(form: str, page: Page, typeset: Typeset) -> None:
    """Every form of raster picture is found as its file has it: cropped, turned, small, on a ground, twice."""
    name = f"asset/x.{form}"
    body = "".join(
        f'<p data-at="it"><img alt="Fields" src="{name}" style="{style}"></p>'
        for style in ("width: 40mm", "width: 8mm", "width: 20mm; height: 20mm; object-fit: cover", "width: 20mm; transform: rotate(90deg)",
                      "width: 20mm; opacity: .5", "width: 20mm; border-radius: 50%; background: #123")
    )  # fmt: skip
    cropped = '<p data-at="it"><img alt="Fields" src="%s" style="width: 20mm; height: 20mm; object-fit: cover"></p>' % name
    for each in (body, cropped):
        found = typeset(page(each, assets={name: FORMS[form]}))
        assert [fault for fault in found.faults if fault.severity == "error"] == []
        assert found.missing == 0


def test_a_picture_that_came_out_as_noise_is_an_error(page: Page, typeset: Typeset) -> None:
    """The bytes of a picture are destroyed in the finished file: its words are there, it is not."""
    from guide.proof.prove import prove
    from guide.proof.expected import Expected, Raster, with_thumbs

    made = page(f"{IMG}<p>Text</p>", assets=ASSETS)
    wanted = with_thumbs(Expected((), (("it", "Fields"),), (Raster("it", "Fields", "asset/a.png"),)), ASSETS)
    whole = typeset(made).data
    assert prove(wanted, whole).faults == ()
    pdf = pikepdf.open(io.BytesIO(whole))
    (image,) = (each for each in pdf.objects if isinstance(each, pikepdf.Stream) and each.get("/Subtype") == "/Image")
    for noise in (random.Random(3).randbytes(300 * 200 * 3), bytes(300 * 200 * 3), b"", picture(seed=20)):
        image.write(noise)
        out = io.BytesIO()
        pdf.save(out)
        (fault,) = prove(wanted, out.getvalue()).faults
        assert (fault.code, fault.at) == ("lost-picture", "it")
        assert "`Fields`" in fault.message


def test_a_picture_in_the_markup_itself_is_compared_too(page: Page, typeset: Typeset) -> None:
    """A template may hold a picture as a data: URI; hidden, it is an error without words."""
    uri = "data:image/png;base64," + b64encode(picture(seed=30)).decode()
    assert typeset(page(f'<img alt="" style="width: 30mm" src="{uri}"><p>Text</p>')).missing == 0
    found = typeset(page(f'<img data-at="it" alt="" style="width: 30mm; opacity: 0" src="{uri}"><p>Text</p>'))
    assert [(fault.code, fault.at) for fault in found.faults if fault.severity == "error"] == [("lost-picture", "it")]


@pytest.fixture(scope="module")
def deck() -> Callable[[str, str], list[list[tuple[str, str]]]]:
    """Return a function that sets cards with a style, and proves the deck for the screen and its sheets."""
    from guide.model.artifacts import Face
    from guide.model.kinds import Stock
    from guide.pdf.assemble import About
    from guide.proof.prove import expected_of, prove_deck, prove_sheets
    from guide.resources import TEMPLATES
    from guide.sheets.impose_cards import Layout, impose, spots
    from guide.sheets.plan_cards import plan
    from support import whole_deck

    stock = Stock(name="x", title="X", paper=[100, 120], card=[80, 40], origin=[10, 10], pitch=[80, 50], columns=1, rows=2, sizes=[12])
    fonts = ("fonts.css", (TEMPLATES / "fonts.css").read_text("utf-8"))
    base = "@page { size: 80mm 40mm; margin: 3mm } html { font-family: 'Source Sans 3' } .face { break-before: page } img { height: 8mm }"

    def made(css: str, name: str) -> list[list[tuple[str, str]]]:
        texts = ("A first question?", f"The first <img alt='Fields' src='{name}'> answer.", "Another question?", "Its answer <b>too</b>.")
        faces = tuple(Face(f"c{n // 2}", f"<p class='p{n}'>{text}</p>", f"c{n // 2}") for n, text in enumerate(texts))
        markup = '<html lang="en"><head><title>T</title></head><body><!--faces--></body></html>'
        assets = {**ASSETS, "asset/disk.png": FORMS["disk.png"]}
        pdf, faces_set, font = whole_deck(Html("T", "en", markup, (fonts, ("o.css", base + css)), assets, faces=faces, sizes=(12.0,)))
        sides = plan(2, stock, "short-edge", "reading")
        sheets = impose(faces_set, sides, stock, Layout("short-edge"), font, About("T", "en"))
        wanted = list(map(expected_of, faces_set))
        proofs = prove_deck(wanted, pdf.data), prove_sheets(wanted, [spots(stock, side) for side in sides], sheets.data)
        return [[(fault.code, str(fault.at)) for fault in proof.faults] for proof in proofs]

    return made


DECKS = {
    "": None,
    ".p2 { color: white }": ("unreadable-text", "c1"),
    ".p3 { position: relative } .p3::after { content: ''; position: absolute; left: 0; top: 0; width: 60mm; height: 20mm; background: #fff }": ("unreadable-text", "c1"),
    ".p1 { transform: scaleX(-1) }": ("unreadable-text", "c0"),
    ".p3 b { font-size: 2pt }": ("unreadable-text", "c1"),
    ".p2 { opacity: .02 }": ("unreadable-text", "c1"),
    "img { opacity: .02 }": ("lost-picture", "c0"),
}


@pytest.mark.parametrize(("css", "name"), [*((css, "asset/a.png") for css in DECKS), ("", "asset/b.jpg"), ("", "asset/disk.png")])
def test_cards_are_judged_on_their_pages_and_on_their_sheets(css: str, name: str, deck: Callable[[str, str], list[list[tuple[str, str]]]]) -> None:
    """Each face on the screen, and each in its place on the sheets, upright or upside down."""
    expected = DECKS[css]
    assert deck(css, name) == [[expected] if expected else []] * 2


PACK = {
    "pack.yaml": "format: 1\ntitle: T\nlang: en\n",
    "sections/10-a.md": "---\ntitle: A\n---\nA first paragraph.\n\nThe last paragraph, which nobody can read.\n",
    "cards.yaml": "- front: A question?\n  back: Its answer\n\n- front: Another?\n  back: Nobody reads this back\n",
    "questions.yaml": "- {prompt: What is it?, type: short, answer: That}\n- {prompt: What is the other?, type: short, answer: This}\n",
}
OVERRIDES = {
    "briefing": ("briefing/page.css", "p:last-child { position: relative; color: #fafafa }", "sections/10-a.md", 6),
    "flashcards": ("flashcards/page.css", ".face * { transform: scaleX(-1) }", "cards.yaml", 1),
    "quiz": ("quiz/page.css", "body * { font-size: 1pt !important }", "questions.yaml", 1),
}


@pytest.mark.parametrize("kind", OVERRIDES)
def test_an_override_that_hides_text_names_the_line(kind: str, tmp_path: Path) -> None:
    """Of documents that flow, of cards and of questions: the file and the line of the first text."""
    name, css, file, line = OVERRIDES[kind]
    own = {f"templates/{name}": (TEMPLATES / name).read_text("utf-8") + css}
    for path, text in {**PACK, **own}.items():
        (tmp_path / "pack" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pack" / path).write_text(text, "utf-8")
    built = build(tmp_path / "pack", tmp_path / "out", Settings(kinds=(kind,), jobs=1))
    found = [each for each in built.diagnostics if each.code == "unreadable-text" and each.place.path.endswith(file)]
    assert found, built.diagnostics
    assert min(each.place.line for each in found) == line
    assert not [made for made in built.outputs if made.path.endswith(f"{kind}.pdf")]
