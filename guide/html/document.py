"""A pack as one document prints it: what renders its texts, and what they collect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.diagnostics.suggest import nearest
from guide.markup import account, to_html, words
from guide.markup.assets import Assets
from guide.markup.charts import TokenValue
from guide.markup.citations import Citations, UnknownStyleError, style_names
from guide.markup.context import Context, Here
from guide.markup.glossary import Linker
from guide.markup.labels import Labels
from guide.markup.numbering import Outline, outline
from guide.markup.parse import MAX_DEPTH
from guide.model.base import Item
from guide.model.markup import read_citation
from guide.model.pack import Pack


@dataclass(frozen=True)
class Document:
    """A pack, the `parts` of it that are printed, and what their texts are rendered with.

    Each text that is rendered adds to `problems` and `assets`, and its links, terms and places to
    `context`.
    """

    pack: Pack
    parts: frozenset[str]
    labels: Labels
    citations: Citations
    assets: Assets
    outline: Outline
    context: Context
    problems: list[Diagnostic]

    @classmethod
    def of(cls, pack: Pack, parts: Iterable[str], style: str, token: TokenValue) -> Document:
        """Return the document of a pack in a citation style; charts have the colours of `token`."""
        kept, lang = frozenset(parts), pack.manifest.lang
        problems: list[Diagnostic] = []
        labels, citations = Labels(lang), _citations(pack, style, problems)
        assets = Assets(pack, token, problems.append)
        # Of cards nothing refers to sections: what these say is no part of what cards depend on.
        parsed = outline(pack, lang.partition("-")[0]) if kept else Outline([], {})
        problems += _too_deep(parsed)
        context = Context(
            labels=labels,
            assets=assets,
            linker=Linker(pack.glossary, lang),
            report=problems.append,
            cite=citations.mark,
            targets=parsed.targets if "sections" in kept else {},
            terms_printed="glossary" in kept and bool(pack.glossary),
        )
        return cls(pack, kept, labels, citations, assets, parsed, context, problems)

    @property
    def filters(self) -> dict[str, Callable[..., Markup]]:
        """The filters of templates that render Markdown."""
        return {"md": self.block, "mdi": self.inline}

    def inline(self, text: str, item: Item | None = None, name: str = "") -> Markup:
        """Return one line of Markdown; `item` and `name` say whose field it is."""
        return self._field(words.inline, text, item, name)

    def block(self, text: str, item: Item | None = None, name: str = "") -> Markup:
        """Return Markdown as blocks."""
        return self._field(to_html.block, text, item, name)

    def flowing(self, text: str, item: Item | None = None, name: str = "") -> Markup:
        """Return the Markdown of a field: words alone, or blocks where it has several."""
        field = f"{name}-" if name else ""
        return self._field(to_html.flowing, text, item, name, Here(item="pack", field=field))

    def _field(
        self, render: Callable[[str, Context, Here], Markup], text: str, item: Item | None,
        name: str, here: Here | None = None,
    ) -> Markup:  # fmt: skip
        here = here or Here()
        here.place = place = item.at(name) if item else self.pack.at(name)
        here.item = item.id if item else here.item
        made = render(text, self.context, here)
        self.account(text, made, lambda at: place.inside(text, at), item.id if item else "")
        return made

    def account(
        self, text: str, made: Markup, place: Callable[[int], Place], item: str, short: bool = True
    ) -> None:
        """Report what of a text, `short` for a field, is not in the HTML that was made of it."""
        found = account.lost(text, str(made), short)
        self.problems.extend(account.report(found, place, item))

    def assets_in(self, markup: str) -> dict[str, bytes]:
        """Return the files that a markup names, by their paths."""
        return {path: data for path, data in self.assets.files.items() if path in markup}

    def at(self, item: Item) -> str:
        """Note where an item was written, and return its key for `data-at`."""
        self.context.places[item.id] = item.at()
        return item.id

    def common(self, item: Item) -> dict[str, Any]:
        """Return what the views of all items have: id, key, and the marks of the sources."""
        cites = self.citations.mark(map(read_citation, item.sources))
        return {"id": item.id, "at": self.at(item), "cites": cites}


def _citations(pack: Pack, style: str, problems: list[Diagnostic]) -> Citations:
    try:
        return Citations(pack.sources, style, pack.manifest.lang)
    except UnknownStyleError:
        near = nearest(style.strip().lower(), style_names())
        hint = f"did you mean `{near}`?" if near else "Use ieee, apa or another style of CSL."
        message = f"there is no citation style `{style}`"
        problems.append(error("unknown-style", message, pack.at("citation_style"), hint))
        return Citations(pack.sources, "ieee", pack.manifest.lang)


def _too_deep(parsed: Outline) -> Iterator[Diagnostic]:
    """Yield errors for lists and quotes nested so deeply that a parser would drop what follows."""
    message = f"lists and quotes are nested more than {MAX_DEPTH // 2} deep"
    hint = "Use headings, or fewer levels."
    for section, tokens in ((each.section, each.tokens) for each in parsed.sections):
        deep = next((token for token in tokens if token.level >= MAX_DEPTH), None)
        if deep is not None:
            line = section.body_line + (deep.map[0] if deep.map else 0)
            place = Place(section.at("body").path, line, 1)
            yield error("markdown-too-deep", message, place, hint, section.id)
