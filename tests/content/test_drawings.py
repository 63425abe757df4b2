"""SVG: what is not printed of it is told with its line and the way out; what can be drawn is drawn."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pictures import drawing, kinds, photo, saved

from guide.content.drawings import check_drawing
from guide.markup.charts import clean_svg
from guide.model.drawings import settled

HEAD = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
HTML = '<div xmlns="http://www.w3.org/1999/xhtml"><span>{}</span></div>'
EXTENSION = 'requiredFeatures="http://www.w3.org/TR/SVG11/feature#Extensibility"'


def svg(inner: str, attributes: str = 'width="200" height="100" viewBox="0 0 200 100"') -> bytes:
    return f"<svg {HEAD} {attributes}>\n{inner}\n</svg>".encode()


def told(inner: str, attributes: str = "") -> list[tuple[str, int, str, str]]:
    """Return code, line, message and hint of what a drawing loses."""
    found = check_drawing("figures/d.svg", svg(inner, attributes))
    assert all(problem.place.path == "figures/d.svg" for problem in found)
    return [(p.code, p.place.line, p.message, p.hint) for p in found]


def uri(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


DRAWIO = (
    f'<switch><foreignObject {EXTENSION}>{HTML.format("Deploy the whole battalion")}</foreignObject>'
    '<text x="70" y="39">{}</text></switch>\n<switch><g ' + EXTENSION + "/>"
    '<a xlink:href="https://example.org"><text y="90">Text is not SVG - cannot display</text></a></switch>'
)
LOST = {
    "draw.io": (DRAWIO.format("Deploy th..."), "Deploy the whole battalion", "Formatted Text"),
    "draw.io of old": (
        f'<switch><foreignObject>{HTML.format("Lamp")}</foreignObject>'
        "<text>[Not supported by viewer]</text></switch>", "Lamp", "PNG"),
    "the note alone": ("<text>[Not supported by viewer]</text>", "only a note", "Formatted Text"),
    "a picture in HTML": (
        '<foreignObject><img xmlns="http://www.w3.org/1999/xhtml" src="a.png"/></foreignObject>', "HTML", "PNG"),
    "flowRoot": (
        '<flowRoot><flowRegion><rect width="9" height="9"/></flowRegion><flowPara>Flowed words</flowPara></flowRoot>',
        "Flowed words", "Convert to Text"),
    "textArea": ('<textArea width="90">Flowed words</textArea>', "Flowed words", "Text"),
    "textPath": ('<path id="p" d="M0 9h9"/><text><textPath href="#p">Along it</textPath></text>', "Along it", "Path"),
    "a linked picture": ('<image width="9" height="9" xlink:href="photo.png"/>', "photo.png", "Embed"),
    "a picture of the web": ('<image width="9" height="9" href="https://e.org/x.png"/>', "x.png", "Embed"),
    "a picture of a machine": ('<image width="9" height="9" href="file:///C:/Users/me/x.png"/>', "x.png", "Embed"),
    "a WebP inside": (f'<image width="9" href="{uri(saved(drawing(), "WEBP"), "image/webp")}"/>', "WebP", "PNG"),
    "half a picture inside": (f'<image width="9" href="{uri(kinds()["rgb.jpg"][0][:1500])}"/>', "breaks off", "PNG"),
    "HTML in a drawing inside": (
        f'<image width="9" href="{uri(svg(f"<foreignObject>{HTML}</foreignObject>".format("Inner")), "image/svg+xml")}"/>',
        "Inner", "PNG"),
    "a part of another file": ('<use href="icons.svg#tank"/>', "another file", "Copy"),
    "a variable": ('<rect width="9" height="9" fill="var(--main)"/>', "var(--main)", "#1f4e79"),
    "a variable in a style": ('<style>.a { fill: var(--main) }</style><rect class="a"/>', "var(--main)", "#1f4e79"),
    "no colour": ('<rect style="fill: url(#g) accentuated"/>', "accentuated", "#1f4e79"),
    "superscript": ('<text>x<tspan baseline-shift="super">2</tspan></text>', "raised", "PNG"),
    "a halo": ('<text style="paint-order: stroke fill" stroke="white">Halo</text>', "outlines", "PNG"),
    "vertical": ('<text writing-mode="tb">Down</text>', "vertical", "PNG"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(LOST))
def test_what_is_lost_is_an_error(name: str) -> None:
    """Text, pictures and parts that are not printed are named, with the line in the SVG and the way out."""
    inner, word, remedy = LOST[name]
    found = told("\n\n" + inner)
    assert [(code, line) for code, line, _, _ in found] == [("svg-incomplete", 4)]
    assert word in found[0][2]
    assert remedy in found[0][3]


@pytest.mark.parametrize(("attributes", "remedy"), [
    ('id="mermaid-17" aria-roledescription="flowchart-v2"', "htmlLabels"),
    ('content="&lt;mxfile host=&quot;Electron&quot;&gt;"', "Word Wrap"),
    ('xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"', "Plain SVG"),
    ("", "as PNG"),
])  # fmt: skip
def test_the_hint_is_for_the_program_that_made_it(attributes: str, remedy: str) -> None:
    """Mermaid, draw.io and Inkscape each have another setting."""
    (_, _, message, hint), = told(f"<foreignObject>{HTML.format('One')}</foreignObject>" * 3, attributes)
    assert "“One”, and 2 more" in message
    assert remedy in hint


@pytest.mark.parametrize(("inner", "word"), [
    ('<rect filter="url(#f)"/>', "filter"), ('<style>.a{filter: blur(2px)}</style>', "filter"),
    ('<g style="mix-blend-mode: multiply"/>', "blend"), ("<script>draw()</script>", "script"),
    ('<rect><animate attributeName="x" fill="freeze"/></rect>', "animation"),
    ("<style>@import url(https://e.org/a.css);</style>", "e.org/a.css"),
    ('<rect fill="url(other.svg#g)"/>', "other.svg#g"), ('<text text-decoration="underline">a</text>', "underline"),
])  # fmt: skip
def test_a_lost_look_is_a_warning(inner: str, word: str) -> None:
    """A shadow more or less does not stop a build, and is told once however often it is there."""
    found = told(inner + inner)
    assert [(code, line) for code, line, _, _ in found] == [("svg-simplified", 2)]
    assert word in found[0][2]


def test_a_stylesheet_beside_it_is_told() -> None:
    """`xml-stylesheet` stands before the root."""
    data = b'<?xml version="1.0"?>\n<?xml-stylesheet href="look.css"?>\n' + svg("<rect/>")
    found = check_drawing("a.svg", data)
    assert [(p.code, p.place.line, "look.css" in p.message) for p in found] == [("svg-simplified", 2, True)]


WHOLE = {
    "plain text": "<text>Words</text>",
    "empty HTML": "<switch><foreignObject/><text>Words</text></switch>",
    "the same in both": DRAWIO.format("Deploy the whole battalion"),
    "Illustrator": (
        '<switch><foreignObject requiredExtensions="http://ns.adobe.com/AdobeIllustrator/10.0/" width="1" height="1">'
        '<i:aipgfRef xmlns:i="http://ns.adobe.com/AdobeIllustrator/10.0/"/></foreignObject><g><rect/></g></switch>'),
    "colours": (
        '<g fill="none" stroke="#123"/><g fill="rgb(0 100 200 / 50%)"/><g style="fill: hsl(120, 50%, 40%) !important"/>'
        '<g fill="url(#g) red" color="navy" stroke="currentColor"/><g fill="context-stroke" stroke="inherit"/>'),
    "variables": (
        '<style>:root { --ink: #123; } .a { fill: var(--ink) }</style><g fill="var(--x, red)"/>'
        '<g style="--y: blue; stroke: light-dark(var(--y), var(--none))"/>'),
    "a drawing of Inkscape": (
        '<sodipodi:namedview xmlns:sodipodi="http://s" pagecolor="#fff" color="nothing at all"/>'
        '<text style="shape-inside:url(#r)"><tspan x="1" y="2">Words</tspan></text>'),
    "a drawing inside": '<image width="9" height="9" href="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22/%3E"/>',
    "embedded": f'<image width="9" height="9" href="{uri(kinds()["rgb.png"][0])}"/>',
}  # fmt: skip


@pytest.mark.parametrize("name", list(WHOLE))
def test_what_is_whole_is_not_told(name: str) -> None:
    """What WeasyPrint draws, and what says nothing, gives no message."""
    assert told(WHOLE[name]) == []


@settings(max_examples=150)
@given(st.text(st.sampled_from("var(--a,b)light-dark();:#x \n"), max_size=60))
def test_any_css_is_settled(css: str) -> None:
    """Brackets that do not match and variables that name one another come to an end."""
    made = settled(css, {"--a": "var(--b)", "--b": "var(--a, red)"})
    assert len(made) <= len(css) + 100_000
    assert settled("fill:var(--a)", {"--a": css.replace("var", "")}).startswith("fill:")


@pytest.fixture(scope="module")
def drawn() -> Callable[[str], Image.Image]:
    """Return a function that draws the inside of an SVG of 200 × 100 px as the documents do."""
    from guide.model.artifacts import Html
    from guide.pdf.typeset import typeset

    def draw(inner: str, language: str = "en") -> Image.Image:
        assets: dict[str, bytes] = {}

        def keep(data: bytes, suffix: str) -> str:
            path = f"asset/{len(assets):020}.{suffix}"
            assets[path] = data
            return path

        assets["asset/drawing.svg"] = clean_svg(svg(inner), language, keep)
        body = '<body><img alt="a" src="asset/drawing.svg"></body>'
        head = '<meta charset="utf-8"><title>t</title>'
        css = "@page{size:200px 100px;margin:0}html,body{margin:0}img{display:block;width:200px}"
        markup = f'<!DOCTYPE html><html lang="en"><head>{head}</head>{body}</html>'
        made = typeset(Html("t", "en", markup, (("own.css", css),), assets))
        assert [fault.code for fault in made.faults if fault.code != "font-fallback"] == []
        page: Any = pypdfium2.PdfDocument(made.data)[0]
        image: Image.Image = page.render(scale=1 / 0.75).to_pil().convert("RGB")
        return image

    return draw


INNER = uri(svg('<script/><rect width="90" height="90" fill="green"/>'), "image/svg+xml")
GRADIENT = '<linearGradient id="g"><stop offset="0" stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient>'


def near(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 30 for one, other in zip(pixel, colour, strict=True))


RED, BLUE, GREEN, WHITE = (255, 0, 0), (0, 0, 255), (0, 128, 0), (255, 255, 255)


@pytest.mark.parametrize(("inner", "at", "colour"), [
    ('<style>:root{--c:green}.a{fill:var(--c)}</style><rect class="a" width="90" height="90"/>', (40, 40), GREEN),
    ('<rect width="90" height="90" fill="var(--none, var(--no, red))"/>', (40, 40), RED),
    ('<rect width="90" height="90" style="fill: light-dark(blue, red)"/>', (40, 40), BLUE),
    (f'{GRADIENT}<style>.a{{fill:url(#g)}}</style><rect class="a" width="200" height="90"/>', (10, 40), (245, 0, 12)),
    (f'{GRADIENT}<style>@import url(https://e.org/a.css);.b{{fill:green;background:url(https://e.org/b)}}</style>'
     '<rect class="b" width="90" height="90"/>', (40, 40), GREEN),
    ('<filter id="f"><feOffset dx="60" dy="50"/><feGaussianBlur stdDeviation="1"/></filter>'
     '<rect width="50" height="40" fill="red" filter="url(#f)"/>', (20, 20), RED),
    ('<switch><rect systemLanguage="de" width="90" height="90" fill="blue"/><rect width="90" height="90" fill="red"/></switch>',
     (40, 40), RED),
    (f'<image x="20" y="20" width="90" height="60" href="{uri(kinds()["rgb.png"][0])}"/>', (24, 24), (20, 30, 60)),
    (f'<g opacity="0.99"><image x="20" y="20" width="90" height="60" xlink:href="{uri(kinds()["rgb.jpg"][0])}"/></g>',
     (24, 24), (20, 30, 60)),
    (f'<image width="200" height="100" href="{INNER}"/>',
     (40, 40), GREEN),
    (f'<switch><foreignObject {EXTENSION}>{HTML.format("A")}</foreignObject><rect width="90" height="90" fill="green"/></switch>',
     (40, 40), GREEN),
    (f'<rect x="150" width="40" height="40"/><switch><g {EXTENSION}/><rect width="90" height="90"/></switch>', (40, 40), WHITE),
])  # fmt: skip
def test_what_can_be_drawn_is_drawn(
    drawn: Callable[..., Image.Image], inner: str, at: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    """Variables, gradients named in a stylesheet, shadows, languages, pictures inside the drawing."""
    assert near(drawn(inner).getpixel(at), colour)


def test_one_language_of_a_switch_is_drawn(drawn: Callable[..., Image.Image]) -> None:
    """The pack's language decides, with or without its region; else the child without a language."""
    parts = (("de", "blue"), ("fr, pt-BR", "green"))
    inner = "".join(f'<rect systemLanguage="{tag}" width="90" height="90" fill="{fill}"/>' for tag, fill in parts)
    inner = f'<switch>{inner}<rect width="90" height="90" fill="red"/></switch>'
    for language, colour in (("de", BLUE), ("de-AT", BLUE), ("pt", GREEN), ("sr", RED)):
        assert near(drawn(inner, language).getpixel((40, 40)), colour), language


def test_a_picture_inside_a_drawing_is_not_reduced_in_a_group(drawn: Callable[..., Image.Image]) -> None:
    """The size at which a group is drawn is not known while its pictures are."""
    large = saved(photo(600, 400), "PNG")
    image = drawn(f'<g opacity="0.99"><image width="150" height="100" href="{uri(large)}"/></g>')
    assert near(image.getpixel((5, 5)), (20, 30, 60))
