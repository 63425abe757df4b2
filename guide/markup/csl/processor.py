"""Cites and lists sources in a style: order, numbers, and what tells two of a kind apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from guide.markup.csl import dates
from guide.markup.csl.conditions import value
from guide.markup.csl.disambiguate import disambiguated
from guide.markup.csl.names import Look, render_names
from guide.markup.csl.numbers import ranged
from guide.markup.csl.place import DATES, NAMES, Place, Told
from guide.markup.csl.render import Renderer
from guide.markup.csl.rich import Rich, capital, formatted, glue, join, parse, plain, text_run
from guide.markup.csl.style import Node, Style

_ADDED = ("version", "issued")  # printed by `complete` where a style omits them


@dataclass(frozen=True)
class Cite:
    """A source in a cluster: where in it, and the words around it.

    `written` is the place as its author wrote it, for a style that prints no word for its kind.
    `hide` leaves out the author, `alone` prints only the author.
    """

    key: str
    locator: str = ""
    label: str = "page"
    prefix: str = ""
    suffix: str = ""
    written: str = ""
    hide: bool = False
    alone: bool = False
    position: str = "first"
    near: bool = False
    first_note: int = 0


@dataclass(frozen=True)
class Entry:
    """An entry of the bibliography: its label when the style puts one first, and its text.

    `called` are the fields of the source that the style printed.
    """

    key: str
    label: Rich
    text: Rich
    called: frozenset[str] = frozenset()


def fold(text: str) -> Any:
    """Return a key for sorting by code point, case folded."""
    return text.casefold()


@dataclass
class Processor:
    """The sources of one document, in the order of their first citation, in one style.

    `collate` makes of a text a key for sorting in the language of the document. `complete` prints
    the place in a source, its note, date and version even if the style prints none, and its title even
    if it is that of the entry before.
    """

    style: Style
    items: Mapping[str, Mapping[str, Any]]
    collate: Callable[[str], Any] = fold
    order: list[str] = field(default_factory=list)
    told: dict[str, Told] = field(default_factory=dict)
    complete: bool = False

    def __post_init__(self) -> None:
        self.renderer = Renderer(self.style)
        self.numbers: dict[str, int] = {key: n for n, key in enumerate(self.order, 1)}
        self.order = self._listed()
        self.numbers = {key: n for n, key in enumerate(self.order, 1)}
        self.told = disambiguated(self)

    def place(self, area: Node, key: str, cite: Cite | None = None) -> Place:
        """Return what is known of a source in an area of the style."""
        made = Place(area=area, item=self.items[key], number=self.numbers.get(key, 0))
        made.told = replace(self.told.get(key) or Told())
        if cite is not None:
            made.locator, made.label, made.hide = cite.locator, cite.label, cite.hide
            made.position, made.near, made.first_note = cite.position, cite.near, cite.first_note
        elif area.tag == "bibliography":
            # "et al." of the list is the list's own; a given name that tells people apart is not.
            made.told = replace(made.told, shown=0, levels={})
        return made

    def _listed(self) -> list[str]:
        area = self.style.bibliography
        sort = area.first("sort") if area else None
        return self.sorted(self.order, area, sort) if area and sort else list(self.order)

    def sorted(self, keys: Sequence[str], area: Node, sort: Node) -> list[str]:
        """Return sources in the order of cs:sort; what lacks a key comes last."""

        def comparable(text: str) -> Any:
            if text.lstrip("-").isdecimal():
                return (0, int(text), ())
            return (1, 0, self.collate(text))

        result = list(keys)
        for key in reversed([kid for kid in sort.kids if kid.tag == "key"]):
            down = key.attrs.get("sort") == "descending"
            values = {name: self._sort_value(key, area, name) for name in result}
            there = [name for name in result if values[name] not in ("", None)]
            there.sort(key=lambda name: comparable(values[name]), reverse=down)
            result = there + [name for name in result if values[name] in ("", None)]
        return result

    def _sort_value(self, key: Node, area: Node, name: str) -> str:
        item = self.items[name]
        variable, macro = key.attrs.get("variable", ""), key.attrs.get("macro", "")
        options = {
            full.replace("names", "et-al"): key.attrs[full]
            for full in ("names-min", "names-use-first", "names-use-last")
            if full in key.attrs
        }
        place = self.place(area, name)
        place.sorting = options
        if macro:
            node = self.style.macros.get(macro)
            return plain(self.renderer.children(node.kids, place)[0]) if node else ""
        if variable in NAMES:
            people = item.get(variable)
            look = Look(self.style, {"form": "long", "name-as-sort-order": "all", **options,
                        "demote-non-dropping-particle": self.style.root.attrs.get("demote-non-dropping-particle", "display-and-sort")}, None, None, sorting=True)  # fmt: skip
            return plain(render_names(people, look)) if people else ""
        if variable in DATES:
            return dates.sort_key(item.get(variable))
        return plain(parse(value(variable, place)))

    def one(self, cite: Cite) -> Rich:
        """Return one source of a cluster, without the words around it."""
        area = self.style.citation
        place = self.place(area, cite.key, cite)
        layout = _layout(area)
        rich, _ = self.renderer.children(layout.kids, place)
        if (
            cite.written
            and cite.label not in {"", "page"}
            and not place.labelled
            and not cite.alone
        ):
            # The style prints this kind of place without a word: `3` for a chapter, as if a page.
            place = self.place(area, cite.key, replace(cite, locator=cite.written, label=""))
            rich, _ = self.renderer.children(layout.kids, place)
        if cite.written and "locator" not in place.called and not cite.alone and self.complete:
            rich = glue(rich, parse(f", {ranged(cite.written)}"), self.style.inside)
        if cite.alone:
            return place.names[0] if place.names else rich
        return rich

    def cluster(self, cites: Sequence[Cite], links: bool = True) -> Rich:
        """Return a cluster as the style prints it; each run of a source leads to it."""
        area = self.style.citation
        cites = self.arranged(cites)
        parts: list[tuple[Cite, Rich]] = []
        for cite in cites:
            rich = self.one(cite)
            if rich or not cite.hide:  # an author who is omitted may have been all
                parts.append((cite, [r._replace(link=cite.key) for r in rich] if links else rich))
        if not parts:
            return []
        joined = self._joined(parts, area)
        first = parts[0][0]
        if self.style.note and first.position.startswith("ibid") and not first.prefix:
            joined = capital(joined)  # `Ibid.` begins a note
        attrs = _layout(area).attrs
        if len(cites) == 1 and cites[0].alone:
            return joined
        joined = formatted(joined, attrs)
        inside = self.style.inside
        return glue(
            glue(parse(attrs.get("prefix", "")), joined, inside),
            parse(attrs.get("suffix", "")),
            inside,
        )

    def arranged(self, cites: Sequence[Cite]) -> list[Cite]:
        """Return the cites of a cluster in the style's order; words between them keep theirs."""
        sort = self.style.citation.first("sort")
        if not sort or len(cites) < 2 or any(cite.prefix for cite in cites):
            return list(cites)
        listed = sorted(dict.fromkeys(c.key for c in cites), key=self.numbers.__getitem__)
        wanted = self.sorted(listed, self.style.citation, sort)
        ranks = {key: n for n, key in enumerate(wanted)}
        return sorted(cites, key=lambda cite: ranks[cite.key])

    def _joined(self, parts: Sequence[tuple[Cite, Rich]], area: Node) -> Rich:
        from guide.markup.csl.collapse import collapsed

        layout = _layout(area)
        delimiter = layout.attrs.get("delimiter", "")
        inside = self.style.inside
        if len(parts) > 1:
            parts, seams = collapsed(self, parts, area, delimiter)
        else:
            seams = []
        result: Rich = []
        for n, (cite, rich) in enumerate(parts):
            whole = _worded(cite, rich, inside)
            if n and whole:
                seam = seams[n - 1] if seams else delimiter
                seam += " " if cite.prefix and seam[-1:] not in {"", " "} else ""
                result = glue(result, text_run(seam), inside)
            result = glue(result, whole, inside)
        return result

    def bibliography(self) -> list[Entry]:
        """Return the entries of all sources, in the style's order."""
        area = self.style.bibliography
        if area is None:  # as its first note
            return [Entry(key, [], self.cluster([Cite(key)], links=False)) for key in self.order]
        layout = _layout(area)
        second = "second-field-align" in area.attrs
        entries, before = [], ""
        for key in self.order:
            place, label, text = self._entry(area, key, second)
            extra = self._extra(area, key, place) if self.complete else []
            if extra:
                place, label, text = self._entry(area, key, second, extra=extra)
            repeats = bool(place.people) or not self.complete  # a title is printed again
            said = plain(place.names[0]) if place.names and repeats else ""
            mark = area.attrs.get("subsequent-author-substitute")
            if mark is not None and said and said == before and plain(text).startswith(said):
                place, label, text = self._entry(area, key, second, mark, extra)
            before = said
            whole = glue(glue(parse(layout.attrs.get("prefix", "")), text, self.style.inside),
                         parse(layout.attrs.get("suffix", "")), self.style.inside)  # fmt: skip
            if place.extra:
                whole = self._with_more(whole, _unspaced(place.extra))
            if self.complete and "note" not in place.called and self.items[key].get("note"):
                note = parse(" ".join(str(self.items[key]["note"]).split()))
                whole = self._with_more(whole, glue(note, text_run(".")))
            label, whole = formatted(label, layout.attrs), formatted(whole, layout.attrs)
            called = frozenset(place.called) | (frozenset(_ADDED) if extra else frozenset())
            entries.append(Entry(key, label, whole, called))
        return entries

    def _extra(self, area: Node, key: str, place: Place) -> Rich:
        """Return the version and the date of a source whose style prints none, as sentences."""
        item, found = self.items[key], []
        if item.get("version") and "version" not in place.called:
            word = capital(text_run(self.style.term("version")))
            found.append(glue(glue(word, text_run(" ")), parse(str(item["version"]))))
        if "issued" not in place.called and dates.is_there(item.get("issued")):
            node = Node("date", {"variable": "issued", "form": "text"})
            found.append(self.renderer.node(node, self.place(area, key))[0])
        sentences = [glue(glue(text_run(" "), each), text_run(".")) for each in found if each]
        return join(sentences, "")

    def _entry(
        self,
        area: Node,
        key: str,
        second: bool,
        instead: str | None = None,
        extra: Rich | None = None,
    ) -> tuple[Place, Rich, Rich]:
        """Return an entry's label and text, and what is known of it after that.

        `instead` stands for names that are those of the entry before, `extra` is as in `Place`.
        """
        place = self.place(area, key)
        place.instead, place.extra = instead, list(extra or ())
        kids = _layout(area).kids
        label: Rich = []
        if second and kids:
            label, _ = self.renderer.node(kids[0], place)
            kids = kids[1:]
        text, _ = self.renderer.children(kids, place)
        if extra and not place.extra and plain(extra).strip() not in plain(text):
            # The group around it printed nothing: it goes to the end.
            place, label, text = self._entry(area, key, second, instead)
            place.extra = list(extra)
        return place, label, text

    def _with_more(self, whole: Rich, more: Rich) -> Rich:
        """Put what the style omits, such as a source's own note, at the end of its entry."""
        inside = self.style.inside
        address = bool(whole) and "://" in whole[-1].text.rsplit(" ", 1)[-1]
        return glue(glue(whole, text_run(" " if address else ". "), inside), more, inside)


def _worded(cite: Cite, rich: Rich, inside: bool) -> Rich:
    """Return a source with the words around it."""
    if cite.prefix:
        gap = "" if cite.prefix[-1] in " (['’\"" or not rich else " "
        rich = glue(parse(cite.prefix + gap), rich, inside)
    if cite.suffix:
        gap = "" if cite.suffix[0] in " ,.;:)]?!" else " "
        rich = glue(rich, parse(gap + cite.suffix), inside)
    return rich


def _layout(area: Node) -> Node:
    return area.first("layout") or Node("layout", {})


def _unspaced(rich: Rich) -> Rich:
    """Return a text without the space before it."""
    return [rich[0]._replace(text=rich[0].text.lstrip(" ")), *rich[1:]]
