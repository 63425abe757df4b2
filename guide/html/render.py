"""A request to an Html: views into templates, stylesheets in order, assets by content."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic, Severity
from guide.fonts.glyphs import needs_east_asian, script_sheet
from guide.html import notes_page, planner, quiz, timeline_picture
from guide.html.completeness import Given, forgotten
from guide.html.document import Document
from guide.html.handout import handout
from guide.html.margins import Margins, Tokens, css_string, face_marking
from guide.html.marking import Marking, too_long
from guide.html.seen import words_of, words_of_picture
from guide.html.templates import TemplateFault, Templates
from guide.html.views import HandoutView, QuizView, SectionView, WorksheetView
from guide.html.worksheet import with_gaps
from guide.markup.blocks import bold, flow, plain
from guide.markup.codes import qr_svg
from guide.markup.labels import Labels
from guide.model.artifacts import Fault, Html
from guide.model.content import Flashcard
from guide.model.dates import Date
from guide.model.kinds import Kind, Piece, Stock, page_budget
from guide.model.pack import Pack, Theme
from guide.model.parts import FIELDS, RENDERED
from guide.model.quiz import letter
from guide.units import MM_PER_POINT, Paper

_GAPS = 12  # in a section of a worksheet whose kind has no option for it
_MARGINS = 48  # mm, left and right of the text of a quiz, its numbers included
FACE_GAP = 0.3  # mm between the marking of a face and the source above it
_ADVANCE = 0.5  # of the type size, what a letter takes


@dataclass(frozen=True)
class Request:
    """What to render: a pack as a kind of document, on a paper, in a theme.

    `options` are complete (defaults filled in). `cards` and `stock` are for documents of faces.
    `edition` is the name of the edition that the pack was reduced to, or ''. `piece` is the file of
    the kind that is made, `version` its letter when there are several.
    """

    pack: Pack
    kind: Kind
    options: Mapping[str, Any]
    paper: Paper
    theme: Theme
    cards: tuple[Flashcard, ...] = ()
    stock: Stock | None = None
    edition: str = ""
    piece: Piece | None = None
    version: str = ""

    @property
    def edition_title(self) -> str:
        """The name of the edition for readers: its `title`, or what it is called in pack.yaml."""
        found = self.pack.manifest.editions.get(self.edition)
        return (found.title if found else "") or self.edition


def render(request: Request) -> tuple[Html | None, tuple[Diagnostic, ...]]:
    """Return the document, and what is wrong with its content; None when a template fails."""
    rendering = _Rendering(request)
    rendering.document.problems += marking_problems(request)
    stops = request.pack.manifest.stops
    if any(map(stops, rendering.document.problems)):
        return None, tuple(rendering.document.problems)  # its options say nothing that can be made
    try:
        html = rendering.html()
    except TemplateFault as fault:
        return None, (*rendering.document.problems, fault.diagnostic)
    return html, tuple(rendering.document.problems)


@dataclass
class _Rendering:
    request: Request
    templates: Templates = field(init=False)
    document: Document = field(init=False)
    given: Given = field(init=False)

    def __post_init__(self) -> None:
        self.given = Given()
        pack, kind = self.request.pack, self.request.kind
        found: list[Diagnostic] = []
        if kind.views == "quiz":
            pack, found = quiz.chosen(pack, kind.name, self.request.options)
        self.templates = Templates(pack.templates)
        self.document = Document(pack, self._parts(), pack.manifest.citation_style, self._token)
        self.document.problems += found
        self.plan = None
        if kind.views == "planner":
            labels = self.document.labels
            numbers = sorted(card.number for card in self.request.cards)
            self.plan, found = planner.plan(pack, kind.name, self.request.options, numbers, labels)
            self.document.problems += found

    def _parts(self) -> list[str]:
        """Return what is printed; `questions: false` of a briefing takes its questions out."""
        without = self.request.options.get("questions", True) is False
        return [part for part in self.request.kind.prints if not (without and part == "questions")]

    def html(self) -> Html:
        request, document = self.request, self.document
        template = request.piece.template if request.piece else "page.html"
        unfilled = self._settled(f"{request.kind.name}/{template}")
        document.problems += document.unprinted(unfilled)
        markup = document.citations.fill(unfilled)
        used = {path: data for path, data in document.assets.files.items() if path in markup}
        sheets = Sheets(request, self.templates, document.labels)
        most, multiple = page_budget(request.options.get("pages"))
        return Html(
            title=request.pack.manifest.title,
            lang=request.pack.manifest.lang,
            markup=markup,
            stylesheets=sheets.of(markup),
            assets=used,
            places=document.context.places,
            marking=request.pack.manifest.marking,
            own=bool(request.pack.templates),
            fill=most if request.kind.fill else 0,
            most=most,
            multiple=multiple,
            forgotten=self._forgotten(unfilled, f"templates/{request.kind.name}/{template}"),
        )

    def _settled(self, template: str) -> str:
        """Return the markup, its sources numbered as a reader meets them.

        Rendered once, the markup says what is cited where; rendered again, it lists that.
        """
        document, context = self.document, self._context()
        told = len(document.problems)
        markup = self._render(template, **context)
        if not document.citations.settle(markup):
            return markup
        del document.problems[told:]  # the same are found again
        context["bibliography"] = self.given.parts["sources"] = document.bibliography()
        return self._render(template, **context)

    def _forgotten(self, markup: str, template: str) -> tuple[Fault, ...]:
        """Return what the kind says it prints and this file does not.

        A pack's own templates may print less on purpose: that is a warning.
        """
        request = self.request
        whole = request.piece.whole if request.piece else request.kind.whole
        severity = Severity.WARNING if has_own(request) else Severity.ERROR
        for name in FIELDS["pack"]:
            self.document.context.places[f"pack/{name}"] = request.pack.at(name)
        return forgotten(whole, self.given, request.options, markup, template, severity)

    def _render(self, name: str, **context: Any) -> str:
        filters = {"md": self.document.block, "mdi": self.document.inline}
        common = common_context(self.request, self.document.labels)
        return str(self.templates.render(name, filters, **common, **context))

    def _context(self) -> dict[str, Any]:
        """Return the views; sections come first, because they collect links and index entries."""
        document = self.document
        context: dict[str, Any] = {
            name: getattr(document, name)() if name in document.parts else [] for name in RENDERED
        }
        sections = context["sections"]
        context["core_facts"] = document.core_facts(context["facts"])
        context["core_points"] = document.core_points(sections)
        summary = document.flowing(self.request.pack.manifest.summary, name="summary")
        bibliography, links = document.bibliography(), document.links()
        about = {name: getattr(self.request.pack.manifest, name) for name in FIELDS["pack"]}
        about["summary"] = summary
        self.given.parts = {**context, "pack": [about], "sources": bibliography, "links": links}
        return {
            **context,
            "summary": summary,
            "bibliography": bibliography,
            "links": links,
            "index": document.index(),
            "strip": self._strip,
            "quizzes": self._quizzes,
            "letter": letter,
            "worksheets": lambda: self._worksheets(sections),
            "ruled": self._ruled,
            "plan": self.plan,
            "handout": lambda: self._handout(sections),
            "qr": lambda text: document.assets.add(qr_svg(text), "svg"),
        }

    def _handout(self, sections: list[SectionView]) -> HandoutView:
        """Return what a handout may print."""
        made = handout(self.document, sections, str(self.request.options.get("figure", "")))
        self.given.chosen = set(made.ranks)
        return made

    def _worksheets(self, sections: list[SectionView]) -> list[WorksheetView]:
        """Return the sections with gaps; those in which nothing can be asked are left out."""
        most = int(self.request.options.get("gaps", _GAPS))
        found = []
        for section in sections:
            around = list(self._around(section))
            html, gaps = with_gaps(str(section.html), self.document.context.linker, most, around)
            if gaps:
                found.append(WorksheetView(section, html, gaps))
        self.given.parts["worksheets"] = found
        return found

    def _around(self, section: SectionView) -> Iterator[str]:
        """Yield what a section's worksheet prints besides its text."""
        manifest, labels = self.request.pack.manifest, self.document.labels
        yield from (manifest.title, manifest.subtitle, manifest.marking, self.request.edition_title)
        yield from (manifest.version, labels.date(manifest.date))
        yield labels("Fill each gap; gaps with the same number take the same word.")
        yield words_of(str(section.title))
        for path, data in self.document.assets.files.items():
            if path.endswith(".svg") and path in section.html:
                yield words_of_picture(data)

    def _ruled(self, sheet: Mapping[str, Any]) -> str:
        """Return the path of a picture of a page for notes; see `guide.html.notes_page.Notes`."""
        paper = self.request.paper
        look = self._token("--rule"), self._token("--ink")
        data = notes_page.draw(notes_page.Notes(paper.width, paper.height, *look, **sheet))
        return self.document.assets.add(data, "svg")

    def _quizzes(self) -> list[QuizView]:
        """Return the version at hand of a quiz, or all of them in a file that is for all."""
        request = self.request
        if request.kind.views != "quiz":
            raise ValueError(
                '`quizzes` needs `views = "quiz"` in kind.toml, and the options of a quiz'
            )
        count = int(request.options["versions"])
        every = [chr(97 + n) for n in range(count)] if count > 1 else [""]
        wanted = [request.version] if request.piece and request.piece.versions else every
        made = quiz.quizzes(self.document, request.options, every, self._measure())
        printed = [each for each, version in zip(made, every, strict=True) if version in wanted]
        self.given.parts["questions"] = printed
        return printed

    def _measure(self) -> int:
        """Return about how many characters of text go on a line between the page's margins."""
        size = float(self._token("--text-size").removesuffix("pt"))
        inside = self.request.paper.width - _MARGINS
        return int(inside / (size * MM_PER_POINT * _ADVANCE))

    def _strip(self, width: float, height: float, cover: bool = False) -> tuple[str, str]:
        """Return the path and the words of a picture of all events in time; '' for too few.

        `width` is the picture's, `height` that of its dots, both in mm. On the cover it is drawn
        in the cover's colours.
        """
        years = [event.date.year for event in self.request.pack.timeline]
        if len(years) < timeline_picture.LEAST or len(set(years)) < 3:
            return "", ""
        names = ("--cover-line", "--cover-ink") if cover else ("--accent", "--ink")
        dot, ink = (self._token(name) for name in names)
        size = float(self._token("--size-small").removesuffix("pt"))
        look = timeline_picture.Look(width, height, size, dot, dot if cover else ink, ink)
        labels = self.document.labels
        data = timeline_picture.draw(years, look, lambda year: labels.date(Date(year)))
        year, most = timeline_picture.busiest(years)
        said = {"count": len(years), "first": labels.date(Date(min(years))), "most": most,
                "last": labels.date(Date(max(years))), "year": labels.date(Date(year))}  # fmt: skip
        words = labels("%(count)s events from %(first)s to %(last)s, %(most)s of them in %(year)s")
        return self.document.assets.add(data, "svg"), words % said

    def _token(self, name: str) -> str:
        """Return the value of a design token in this theme, with other tokens put in."""
        return Tokens(self.templates, self.request.kind.name, self.request.theme).text(name)


@dataclass
class Sheets:
    """The stylesheets of a document, in cascade order."""

    request: Request
    templates: Templates
    labels: Labels

    def of(self, text: str) -> tuple[tuple[str, str], ...]:
        """Return (name, CSS) pairs for a document that prints `text`, and the marking."""
        text += self.request.pack.manifest.marking
        names = [
            "fonts.css",
            *(["fonts-cjk.css"] if needs_east_asian(text) else []),
            "tokens.css",
            *(["narrow.css"] if self.request.paper.width < _NARROW else []),
            f"themes/{self.request.theme.name}.css",
            "base.css",
            "code.css",
            *self._marked(),
            *self.request.kind.styles,
            f"{self.request.kind.name}/page.css",
        ]
        found = [(name, self.templates.text(name)) for name in names]
        sheets = [(str(self.templates.place(name)), text) for name, text in found if text]
        behind = names.index("tokens.css") + 1
        sheets[behind:behind] = script_sheet(text, self.templates.text("tokens.css") or "")
        return (*sheets, ("generated", self._generated()))

    def _marked(self) -> list[str]:
        """Return the sheet that prints the marking on pages, of kinds of the pack's own as well."""
        return ["marking.css"] if self.request.kind.shape == "pages" and self._marking.lines else []

    @property
    def _marking(self) -> Marking:
        return marking_of(self.request, self.templates, self.labels)

    def _generated(self) -> str:
        """Return what only this run knows: the page's size, the accent, the running texts."""
        request, labels = self.request, self.labels
        size = request.paper.css
        if request.stock and request.kind.shape == "faces":
            return self._face(request.stock)
        page = (
            labels("page %(page)s of %(pages)s")
            .replace("%(page)s", "\0p")
            .replace("%(pages)s", "\0n")
        )
        running = "".join(
            {"\0p": " counter(page) ", "\0n": " counter(pages) "}.get(part) or css_string(part)
            for part in _pieces(page)
        )
        tokens = margins_of(request, self.templates, labels).css(running)
        if request.theme.accent:
            tokens["--accent"] = request.theme.accent
        return f"@page {{ size: {size}; }}\n{css_tokens(tokens)}"

    def _face(self, stock: Stock) -> str:
        """Return the size of a face; nothing that differs from deck to deck stands on it."""
        bleed = float(self.request.options.get("bleed") or 0)
        marking = self._marking
        height = marking.height + FACE_GAP if marking.lines else 0.0
        tokens = {"--safe": f"{stock.safe:g}mm", "--bleed": f"{bleed:g}mm"}
        tokens["--marking-height"] = f"{height:.2f}mm"
        if self.request.theme.accent:
            tokens["--accent"] = self.request.theme.accent
        if stock.least:  # large type at the head of a narrow card would take lines from its text
            head = f"{min(_LARGE_HEAD, stock.card[0] / _HEAD_WIDTH):.3g}pt"
            tokens |= {"--card-head": head, "--card-foot": head}
        size = f"{stock.card[0]:g}mm {stock.card[1]:g}mm"
        outside = f" bleed: {bleed:g}mm;" if bleed else ""
        return f"@page {{ size: {size};{outside} }}\n{css_tokens(tokens)}"


_NARROW = 180.0  # mm; on papers below it there is no room for a margin column
_LARGE_HEAD = 16.0  # pt
_HEAD_WIDTH = 7.5  # mm of a card's width for each pt of its head


def has_own(request: Request) -> bool:
    """Return whether a pack replaces templates of a kind that it has not described itself."""
    folder = f"{request.kind.name}/"
    names = [name for name in request.pack.templates if name.startswith(folder)]
    return f"{folder}kind.toml" not in names and any(name.endswith(".html") for name in names)


def common_context(request: Request, labels: Labels) -> dict[str, Any]:
    """Return what every template is given."""
    manifest = request.pack.manifest
    templates = Templates(request.pack.templates)
    margins = margins_of(request, templates, labels)

    def running(part: object) -> tuple[str, str]:
        """Return what is printed left and right at the head of a part's pages."""
        return margins.heads(plain(part))

    return {
        "pack": request.pack,
        "m": manifest,
        "kind": request.kind,
        "options": request.options,
        "paper": request.paper,
        "theme": request.theme,
        "stock": request.stock,
        "edition": request.edition_title,
        "lang": manifest.lang,
        "dir": labels.direction,
        "t": labels,
        "running": running,
        "flow": flow,
        "bold": bold,
        "plain": plain,
        "marking": marking_of(request, templates, labels),
        "margins": margins,
        "date": labels.date,
        "number": labels.number,
    }


def margins_of(request: Request, templates: Templates, labels: Labels) -> Margins:
    """Return the margins of a document of pages."""
    tokens = Tokens(templates, request.kind.name, request.theme)
    return Margins(request.pack.manifest, request.kind, request.paper, tokens, labels)


def marking_of(request: Request, templates: Templates, labels: Labels) -> Marking:
    """Return the marking as it is set on the pages of a document, or on the faces of a deck."""
    if request.stock and request.kind.shape == "faces":
        tokens = Tokens(templates, request.kind.name, request.theme)
        return face_marking(request.pack.manifest.marking, request.stock, tokens)
    return margins_of(request, templates, labels).marking


def marking_problems(request: Request) -> list[Diagnostic]:
    """Return the error for a marking that has no room in a document, if it has none."""
    pack = request.pack
    labels, templates = Labels(pack.manifest.lang), Templates(pack.templates)
    made = marking_of(request, templates, labels)
    if not made.room:
        return []
    where = f"a page of `{request.kind.name}`"
    if request.stock and request.kind.shape == "faces":
        where = f"a card of `{request.stock.name}`"
    return [too_long(pack.manifest.marking, made, where, pack.at("marking"))]


def css_tokens(tokens: Mapping[str, str]) -> str:
    """Return custom properties for the whole document."""
    body = " ".join(f"{name}: {value};" for name, value in tokens.items())
    return f":root {{ {body} }}\n"


def _pieces(text: str) -> list[str]:
    """Cut a text at its placeholders, which are a NUL and a letter."""
    return [piece for piece in re.split("(\0[pn])", text) if piece]
