"""Documents that are set in parts: the same pages, tags and links as of one that is set whole."""

from __future__ import annotations

import ctypes
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2 as pdfium
import pytest
from pypdfium2 import raw

from guide.model.artifacts import Html, Pdf
from guide.pdf.cut import cut
from guide.pdf.typeset import typeset
from guide.pipeline.bound import bound
from guide.pipeline.parts import Parts, Unsettled
from guide.proof.ink import Asked, Ink, read_pages
from guide.resources import ROOT, TEMPLATES
from guide.system.cache import Store
from guide.system.pool import Pool, Workers

WORDS = " ".join(f"word{n}" for n in range(40))
STYLE = """
@page { size: 90mm 70mm; margin: 12mm; font: 8pt "Source Sans 3";
  @bottom-right { content: "page " counter(page) " of " counter(pages) }
  @top-left { content: string(head) } @top-right { content: string(head, start) } }
html { font: 10pt/13pt "Source Sans 3"; orphans: 2; widows: 2 } body { margin: 0 } p, h1, h2, h3 { margin: 0 0 2mm }
.part { break-before: page } h2 { string-set: head content() }
.note { float: footnote; font-size: 8pt } .page::after { content: target-counter(attr(data-target), page) }
"""


def _document(body: str, css: str = "", **more: Any) -> Html:
    fonts = (TEMPLATES / "fonts.css").read_text("utf-8")
    head = '<meta charset="utf-8"><title>A title</title><meta name="author" content="A, B">'
    markup = f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{body}</body></html>'
    return Html("A title", "en", markup, (("fonts.css", fonts), ("own.css", STYLE + css)), **more)


def _part(name: object, text: str = f"<p>{WORDS}</p>", more: str = 'class="part"') -> str:
    return f'<section data-part {more}><h2 id="s{name}">Head {name}</h2>{text}</section>'


def _note(text: str) -> str:
    return f'<span class="note">{text}</span>'


class Backwards:
    """A pool that does what was submitted last first, each part by itself."""

    def __init__(self) -> None:
        self.workers, self.deaths, self.elsewhere = 3, list[str](), False
        self.waiting: list[Later] = []

    def submit(self, function: Callable[..., Any], *arguments: Any, size: int = 0) -> Later:
        """Remember a job."""
        self.waiting.append(Later(self, function, arguments))
        return self.waiting[-1]


class Later:
    """A job that is done when a result is asked for."""

    def __init__(self, pool: Backwards, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.pool, self.function, self.arguments = pool, function, arguments
        self.done: Any = None

    def result(self, limit: float = 0) -> Any:
        """Do all that waits, the last first."""
        while self.pool.waiting:
            job = self.pool.waiting.pop()
            job.done = job.function(*job.arguments)
        return self.done


class Made:
    """What setting a document in parts took: its parts, and the jobs that were handed out."""

    def __init__(self, html: Html, folder: Path, workers: Workers | None = None) -> None:
        found = cut(html.markup)
        assert found is not None
        self.parts = Parts(html, found, Store(folder), workers or Pool(1))
        self.parts.begin()
        self.pdf: Pdf = bound(self.parts)

    @property
    def jobs(self) -> int:
        """How many jobs set parts."""
        return self.parts.began


def _letters(page: Any) -> list[tuple[str, float, float]]:
    text, found = page.get_textpage(), []
    edges = [ctypes.c_double() for _ in range(4)]
    for n in range(raw.FPDFText_CountChars(text)):
        raw.FPDFText_GetCharBox(text, n, *edges)
        found.append((chr(raw.FPDFText_GetUnicode(text, n)), round(edges[0].value, 2), round(edges[2].value, 2)))
    return found


def _pages(data: bytes) -> list[Any]:
    document = pdfium.PdfDocument(data)
    return [(page.get_size(), _letters(page), page.render(scale=0.5).to_pil().convert("L").tobytes()) for page in document]


def _tags(data: bytes) -> list[Any]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        numbers = {page.objgen: n for n, page in enumerate(pdf.pages)}
        found: list[Any] = []

        def walk(node: Any, depth: int) -> None:
            facts = [str(node.get(key, "")) for key in ("/S", "/Alt", "/Lang", "/ID")]
            found.append((depth, *facts, numbers.get(node.Pg.objgen) if "/Pg" in node else None))
            kids = node.get("/K", [])
            for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
                if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
                    walk(kid, depth + 1)
                else:
                    found.append((depth + 1, str(kid.get("/Type")) if isinstance(kid, pikepdf.Dictionary) else int(kid)))

        walk(pdf.Root.StructTreeRoot.K[0], 0)
        return found


def _leads(data: bytes) -> list[Any]:
    """Return where links and bookmarks lead: the page and the place there."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        numbers = {page.objgen: n for n, page in enumerate(pdf.pages)}
        listed = list(pdf.Root.Names.Dests.Names) if "/Names" in pdf.Root else []
        places = {str(name): _place(where, numbers) for name, where in zip(listed[::2], listed[1::2], strict=True)}
        found: list[Any] = [
            (n, [round(float(edge), 2) for edge in link.Rect], places[str(link.Dest)], str(link.Contents))
            for n, page in enumerate(pdf.pages) for link in page.get("/Annots", [])
        ]  # fmt: skip

        def walk(items: Any, depth: int) -> None:
            for item in items:
                found.append((depth, item.title, _place(item.destination, numbers)))
                walk(item.children, depth + 1)

        with pdf.open_outline() as outline:
            walk(outline.root, 0)
        return [*found, sorted(places.items())]


def _place(where: Any, numbers: Any) -> Any:
    return numbers[where[0].objgen], round(float(where[2]), 2), round(float(where[3]), 2)


TOC = "".join(f'<p>{n} <a href="#s{n}">at</a> <span class="page" data-target="#s{n}"></span></p>' for n in (0, 1, 2))
TABLE = "<tr><td>a<td><a href='#s0'>b</a></tr>" * 20
CASES = {
    "notes": ("".join(_part(n, f"<p>{WORDS}{_note(f'note {n}')}</p>" * 2) for n in range(3)), ""),
    "contents": (_part("c", TOC) + "".join(_part(n, f"<p>{WORDS}</p>" * (n + 1)) for n in range(3)), ""),
    "sides": (
        "".join(_part(n, f"<p>{WORDS}</p>" * (n + 1)) for n in range(3)),
        ".part { break-before: right } @page :left { margin-left: 20mm } @page :blank { @top-left { content: 'blank' } }",
    ),
    "body": (
        _part(0) + _part(1, f"<p>{WORDS}</p>" * 2) + _part(2),
        "body { padding: 9mm 3mm; border: 1mm solid red; margin: 4mm } .part { margin: 5mm 0 7mm; padding-bottom: 8mm }",
    ),
    "named pages": (
        _part(0, more='class="part wide"') + _part(1, more='class="part slim"') + _part(2, more='class="part wide"'),
        ".wide { page: wide } .slim { page: slim } @page wide { size: 120mm 60mm } @page slim { margin: 16mm }"
        " @page wide:first { margin-top: 30mm } @page :nth(3) { @top-left { content: 'third' } }",
    ),
    "counters": (
        "".join(_part(n, f"<h3>sub</h3><p class='figure'>{WORDS}</p>") for n in range(3)),
        "body { counter-reset: figure } .part { counter-increment: chapter } h2::before { content: counter(chapter) }"
        ".figure { counter-increment: figure } .figure::before { content: 'Figure ' counter(chapter) '.' counter(figure) }",
    ),
    "selectors": (
        "".join(map(_part, range(4))),
        ".part:nth-of-type(2n) { padding-left: 9mm } .part + .part h2 { color: red } .part:first-of-type h2 { font-size: 20pt }"
        ".part:last-child { font-weight: bold } .part ~ .part p { text-indent: 5mm }",
    ),
    "headings": ("<div data-part><h1>One</h1></div>" + _part(1, "<h4>x</h4><p>a</p>") + "<div data-part class='part'><h3>y</h3></div>", ""),
    "no part of its own": (_part(0) + _part(1, more='class="short"') + "<p>loose</p>" + _part(2), ".short { margin-top: 3mm }"),
    "transparency": (
        "".join(_part(n, f"<p style='opacity:.5'>{WORDS}</p>") for n in range(2)),
        "@page { bleed: 3mm; marks: crop; background: #eef; @top-center { content: 'half'; opacity: .4; background: linear-gradient(red, blue) } }",
    ),
    "heights of the first page": (
        _part(0, more='class="first"') + _part(1, "<div style='height: 30vh'>x</div><p>y</p>"),
        "@page first { margin: 5mm } .first { page: first } .part { break-before: page }",
    ),
    "breaks within": (
        f"<section data-part><p>{WORDS}</p><p style='break-after: right'>end</p></section>" + _part(1)
        + f"<section data-part class='part'><h2 style='break-before: left'>Q</h2><p>{WORDS}</p></section>", "",
    ),
    "tables": ("".join(_part(n, f"<table><thead><tr><th>h<th>i</tr></thead><tbody>{TABLE}</tbody></table>") for n in range(2)), ""),
    "a heading at the end": (_part(0, f"<p>{WORDS}</p><h3>alone</h3>") + _part(1, f"<p>{WORDS}</p><h3>last</h3>"), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_parts_are_set_as_in_the_whole_document(name: str, tmp_path: Path) -> None:
    html = _document(*CASES[name])
    whole, made = typeset(html), Made(html, tmp_path).pdf
    assert _pages(made.data) == _pages(whole.data)
    assert _tags(made.data) == _tags(whole.data)
    assert _leads(made.data) == _leads(whole.data)
    assert sorted(map(str, made.faults)) == sorted(map(str, whole.faults))
    assert (made.page_sizes, made.items, made.missing) == (whole.page_sizes, whole.items, whole.missing)


WHOLE: dict[str, tuple[str, str]] = {
    "runs": (_part(0, "<div style='position: running(r)'>RUN</div>") + _part(1), "@page { @top-center { content: element(r) } }"),
    "every page": (_part(0) + _part(1, "<div style='position: fixed; bottom: 0'>FIXED</div>"), ""),
    "quotation": (_part(0, "<p><q class='open'>a</q></p>") + _part(1, "<p><q>b</q></p>"), ".open::after { content: none }"),
    "number of all pages": (_part(0) + _part(1), "p::before { content: counter(pages) }"),
    "text of another part": (_part(0, "<p class='t' data-target='#s1'>a</p>") + _part(1), ".t::after { content: target-text(attr(data-target)) }"),
    "counts pages otherwise": (_part(0) + _part(1), "@page :first { counter-reset: page 8 }"),
    "nothing has the name": (_part(0, "<p><a href='#nowhere'>a</a></p>") + _part(1), ""),
    "one name": (_part(0) + _part(0), ""),
    "form": (_part(0, "<form><input name='a'></form>") + _part(1), "input { appearance: auto }"),
    "no part begins a page": (
        _part(0, f"<p>{WORDS}</p><p>end{_note(WORDS + WORDS)}{_note(WORDS + WORDS)}</p>") + _part(1), "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("reason", WHOLE)
def test_what_cannot_be_set_in_parts_is_set_whole(reason: str, tmp_path: Path) -> None:
    with pytest.raises(Unsettled, match=reason.replace("_", " ")):
        Made(_document(*WHOLE[reason]), tmp_path)


def test_only_what_changes_is_set_again(tmp_path: Path) -> None:
    def document(*texts: str) -> Html:
        parts = (_part(n, f"<p>{text}</p>") for n, text in enumerate(texts))
        return _document(_part("c", TOC) + "".join(parts) + "<p></p>")

    def asked(html: Html) -> list[int]:
        keys = Made(html, tmp_path).parts.keys
        return [n for n, key in enumerate(keys) if key not in known]

    known = {*Made(document(WORDS, WORDS, WORDS), tmp_path).parts.keys}
    assert asked(document(WORDS, WORDS, WORDS)) == []
    assert asked(document(WORDS, "another word", WORDS)) == [2]
    longer = " ".join([WORDS] * 4)
    assert asked(document(longer, WORDS, WORDS)) == [0, 1]  # the contents, and the part itself


def test_bytes_do_not_depend_on_what_was_kept(tmp_path: Path) -> None:
    """Cold, cached, after other documents, and set from the last part to the first."""
    html, other = _document(*CASES["contents"]), _document(*CASES["notes"])
    cold = Made(html, tmp_path / "a")
    assert Made(html, tmp_path / "a").jobs == 0
    again = Made(html, tmp_path / "a").pdf
    edited = _document(CASES["contents"][0].replace("word7", "worm"), "")
    Made(edited, tmp_path / "b")
    Made(other, tmp_path / "b")
    assert cold.pdf == again == Made(html, tmp_path / "b").pdf == Made(html, tmp_path / "c", Backwards()).pdf


def test_pages_that_are_proved_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def reading(document: Any, numbers: range, asked: Asked) -> list[Ink]:
        read.extend(numbers)
        return read_pages(document, numbers, asked)

    monkeypatch.setattr("guide.proof.by_part.read_pages", reading)
    Made(_document(_part(0) + _part(1) + _part(2)), tmp_path)
    count, edited = len(read), f"<p>{WORDS} word</p>"  # no new letters: the fonts stay
    read.clear()
    Made(_document(_part(0) + _part(1, edited) + _part(2)), tmp_path)
    assert 0 < len(read) < count


def test_a_text_that_is_cut_is_told_of_its_part(tmp_path: Path) -> None:
    cut_off = '<div style="height: 4mm; overflow: hidden" data-at="x"><p>seen</p><p>hidden words</p></div>'
    found = Made(_document(_part(0) + _part(1, cut_off)), tmp_path).pdf
    assert [(fault.code, fault.at) for fault in found.faults] == [("lost-content", "x")]
    assert found.missing == 1


def test_a_budget_is_that_of_all_parts(tmp_path: Path) -> None:
    html = _document(_part(0) + _part(1) + _part(2), most=3, multiple=4)
    assert [f for f in Made(html, tmp_path).pdf.faults if f.code == "over-budget"] == [
        f for f in typeset(html).faults if f.code == "over-budget"
    ]


@pytest.mark.parametrize(
    "body",
    [
        "<main><section data-part>a</section><section data-part>b</section></main>",  # not in the body
        "<section data-part>a</section>",
        "<section data-part>a<section data-part>b</section>",  # not closed
    ],
)
def test_what_is_not_marked_side_by_side_is_not_cut(body: str) -> None:
    assert cut(_document(body).markup) is None


def test_the_page_about_templates_shows_parts(tmp_path: Path) -> None:
    text = (ROOT / "docs/pack-format/templates.md").read_text("utf-8")
    markup, css = (re.search(rf"```{kind}\n(.*?)```", text, re.S) for kind in ("html", "css"))
    assert markup is not None
    assert css is not None
    made = Made(_document(markup[1], css[1]), tmp_path).pdf
    assert made.pages == 2
    assert "See page 2." in pdfium.PdfDocument(made.data)[0].get_textpage().get_text_range()


def test_a_cut_loses_nothing() -> None:
    parts = [
        "\n<!-- <section> --><p>before</p>\n", "<section class='a' data-part id='x' title='>'>a<section>b</section>",
        "<script>'</section>'</script></section> text <br>\n", "<section data-part>c</section>\n",
    ]  # fmt: skip
    found = cut(_document("".join(parts)).markup)
    assert found is not None
    assert "".join(found.parts) == "".join(parts)
    assert [len(tops) for tops in found.tops] == [3, 1]
    assert found.markup(1).count("data-elsewhere") == 3
    assert "id='x'" not in found.markup(1)
    assert "class='a'" in found.markup(1)
    assert "<title>" not in found.markup(1)
