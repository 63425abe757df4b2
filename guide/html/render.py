"""A request to an Html: views into templates, stylesheets in order, assets by content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic, Severity
from guide.html import changes, notes_page, parts, planner, quiz, timeline_picture
from guide.html.completeness import Given, forgotten
from guide.html.document import Document
from guide.html.handout import handout
from guide.html.request import Request, marking_problems
from guide.html.running_heads import lines_of
from guide.html.seen import words_of, words_of_picture
from guide.html.stylesheets import stylesheets
from guide.html.templates import TemplateFault
from guide.html.views import HandoutView, PlanView, QuizView, SectionView, WorksheetView
from guide.html.worksheet import with_gaps
from guide.markup.codes import qr_svg
from guide.model.artifacts import Fault, Html
from guide.model.dates import Date
from guide.model.kinds import page_budget
from guide.model.parts import FIELDS, RENDERED
from guide.model.quiz import letter
from guide.units import MM_PER_POINT

_GAPS = 12  # in a section of a worksheet whose kind has no option for it
_MARGINS = 48  # mm, left and right of the text of a quiz, its numbers included
_LEAST_STRIP = 20.0  # mm; in less, the years of a timeline look alike
_ADVANCE = 0.5  # of the type size, what a letter takes


def render(request: Request) -> tuple[Html | None, tuple[Diagnostic, ...]]:
    """Return the document, and what is wrong with its content; None when a template fails."""
    rendering = _begin(request)
    problems = rendering.document.problems
    problems += marking_problems(request)
    if any(map(request.pack.manifest.stops, problems)):
        return None, tuple(problems)  # its options describe nothing that can be made
    try:
        html = rendering.html()
    except TemplateFault as fault:
        return None, (*problems, fault.diagnostic)
    return html, tuple(problems)


def _begin(request: Request) -> _Rendering:
    """Return a rendering with the questions or the plan that the options of its kind ask for."""
    pack, kind, options = request.pack, request.kind, request.options
    found: list[Diagnostic] = []
    if kind.views == "quiz":
        pack, found = quiz.chosen(pack, kind.name, options)
    # `questions: false` of a briefing takes its questions out.
    without = {"questions"} if options.get("questions", True) is False else set()
    printed = {*kind.prints} - without
    style = pack.manifest.citation_style
    document = Document.of(pack, printed, style, request.tokens.text)
    document.problems.extend(found)
    plan = None
    if kind.views == "planner":
        numbers = sorted(card.number for card in request.cards)
        plan, found = planner.plan(pack, kind.name, options, numbers, document.labels)
        document.problems.extend(found)
    return _Rendering(request, document, plan)


@dataclass(frozen=True)
class _Rendering:
    """A document under way; `given` has the views that its templates have asked for."""

    request: Request
    document: Document
    plan: PlanView | None
    given: Given = field(default_factory=Given)

    def html(self) -> Html:
        request, document = self.request, self.document
        template = request.piece.template if request.piece else "page.html"
        unfilled = self._settled(f"{request.kind.name}/{template}")
        listed = self.given.parts["sources"]
        document.problems.extend(parts.unprinted(document, listed, unfilled))
        markup = document.citations.fill(unfilled)
        if request.changes is not None and request.kind.name == "briefing":
            colour = request.tokens.text("--accent")
            markup = changes.marked(markup, document, request.changes, colour)
        most, multiple = page_budget(request.options.get("pages"))
        return Html(
            title=request.pack.manifest.title,
            lang=request.pack.manifest.lang,
            markup=markup,
            stylesheets=stylesheets(request, markup),
            assets=document.assets_in(markup),
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

        Rendered once, the markup shows what is cited where; rendered again, it lists that.
        """
        document, context = self.document, self._context()
        known = len(document.problems)
        markup = self._render(template, **context)
        if not document.citations.settle(markup):
            return markup
        del document.problems[known:]  # the same are found again
        context["bibliography"] = self.given.parts["sources"] = parts.bibliography(document)
        return self._render(template, **context)

    def _forgotten(self, markup: str, template: str) -> tuple[Fault, ...]:
        """Return what the kind says it prints and this file does not.

        A pack's own templates may print less on purpose: that is a warning.
        """
        request = self.request
        whole = request.piece.whole if request.piece else request.kind.whole
        severity = Severity.WARNING if request.has_own else Severity.ERROR
        for name in FIELDS["pack"]:
            self.document.context.places[f"pack/{name}"] = request.pack.at(name)
        return forgotten(whole, self.given, request.options, markup, template, severity)

    def _render(self, name: str, **context: Any) -> str:
        request = self.request
        filters = self.document.filters
        return str(request.templates.render(name, filters, **request.context, **context))

    def _context(self) -> dict[str, Any]:
        """Return the views; sections come first, because they collect links and index entries."""
        document = self.document
        context: dict[str, Any] = {
            name: parts.RENDER[name](document) if name in document.parts else []
            for name in RENDERED
        }
        sections = context["sections"]
        context["core_facts"] = parts.core_facts(context["facts"])
        context["core_points"] = parts.core_points(sections)
        summary = document.flowing(self.request.pack.manifest.summary, name="summary")
        bibliography, links = parts.bibliography(document), parts.links(document)
        about = {name: getattr(self.request.pack.manifest, name) for name in FIELDS["pack"]}
        about["summary"] = summary
        self.given.parts |= {
            **context, "pack": [about], "sources": bibliography, "links": links,
        }  # fmt: skip
        return {
            **context,
            "summary": summary,
            "bibliography": bibliography,
            "links": links,
            "index": parts.index(document),
            "strip": self._strip,
            "quizzes": self._quizzes,
            "letter": letter,
            "worksheets": lambda: self._worksheets(sections),
            "ruled": self._ruled,
            "plan": self.plan,
            "changes": self._changes(),
            "handout": lambda: self._handout(sections),
            "qr": lambda text: document.assets.add(qr_svg(text), "svg"),
        }

    def _changes(self) -> changes.ChangesView | None:
        """Return what changed since an earlier version, None where nobody asks."""
        found = self.request.changes
        return changes.view(self.document, found) if found is not None else None

    def _handout(self, sections: list[SectionView]) -> HandoutView:
        """Return what a handout may print."""
        made = handout(self.document, sections, str(self.request.options.get("figure", "")))
        self.given.chosen = set(made.ranks)
        return made

    def _worksheets(self, sections: list[SectionView]) -> list[WorksheetView]:
        """Return the sections with gaps; those in which nothing can be asked are omitted."""
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
        look = self.request.tokens.text("--rule"), self.request.tokens.text("--ink")
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
        size = float(self.request.tokens.text("--text-size").removesuffix("pt"))
        inside = self.request.paper.width - _MARGINS
        return int(inside / (size * MM_PER_POINT * _ADVANCE))

    def _strip(self, width: float, height: float, cover: bool = False) -> tuple[str, str]:
        """Return the path and the words of a picture of all events in time; '' for too few.

        `width` is the picture's, `height` that of its dots, both in mm. On the cover it is drawn
        in the cover's colours, as high as the titles leave room for; '' too where that is too little.
        """
        years = [event.date.year for event in self.request.pack.timeline]
        if len(years) < timeline_picture.LEAST or len(set(years)) < 3:
            return "", ""
        height = min(height, self._room_on_cover()) if cover else height
        if height < _LEAST_STRIP:
            return "", ""
        names = ("--cover-line", "--cover-ink") if cover else ("--accent", "--ink")
        dot, ink = (self.request.tokens.text(name) for name in names)
        size = float(self.request.tokens.text("--size-small").removesuffix("pt"))
        look = timeline_picture.Look(width, height, size, dot, dot if cover else ink, ink)
        labels = self.document.labels
        data = timeline_picture.draw(years, look, lambda year: labels.date(Date(year)))
        year, most = timeline_picture.busiest(years)
        said = {"count": len(years), "first": labels.date(Date(min(years))), "most": most,
                "last": labels.date(Date(max(years))), "year": labels.date(Date(year))}  # fmt: skip
        words = labels("%(count)s events from %(first)s to %(last)s, %(most)s of them in %(year)s")
        return self.document.assets.add(data, "svg"), words % said

    def _room_on_cover(self) -> float:
        """Return the height in mm between the titles on a cover and the labels of its picture.

        Lengths are those of briefing/page.css.
        """
        manifest, number = self.request.pack.manifest, self.request.tokens.number
        lines = [(manifest.title, "--size-cover", 150, 1.06)]
        lines += [(manifest.subtitle, "--size-cover-sub", 140, 1.25)] if manifest.subtitle else []
        titles = sum(
            lines_of(text, number(token, 0), room) * number(token, 0) * leading * MM_PER_POINT
            for text, token, room, leading in lines
        )
        above = 22 + 34 + 4 + (6 if manifest.subtitle else 0)
        below = 5.4 + 3 + 1.25 * number("--size-small", 0) * MM_PER_POINT
        kind = 1.2 * number("--size-cover-kind", 0) * MM_PER_POINT
        return 0.62 * self.request.paper.height - above - kind - titles - below
