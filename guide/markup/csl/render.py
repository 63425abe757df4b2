"""Evaluates the elements of a CSL style for one source: text, numbers, names, dates, choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guide.markup.csl import dates
from guide.markup.csl.conditions import holds, is_circa, value, value_unprinted
from guide.markup.csl.finish import finish, wrapped
from guide.markup.csl.numbers import is_plural, number_text, pages, ranged
from guide.markup.csl.people import People
from guide.markup.csl.place import EMPTY, FULL, NONE, Place
from guide.markup.csl.reach import has_suffix_text, is_access
from guide.markup.csl.rich import Rich, formatted, glue, join, parse, plain, text_run
from guide.markup.csl.style import Node, Style
from guide.markup.csl.textcase import cased


@dataclass
class Renderer:
    """Renders nodes of one style. Each method returns the text, and which variables it called."""

    style: Style

    def __post_init__(self) -> None:
        self.people = People(self.style, self.node)

    def children(
        self, nodes: Sequence[Node], place: Place, delimiter: str = ""
    ) -> tuple[Rich, int]:
        """Render nodes one after the other."""
        parts, state = [], NONE
        for node in nodes:
            if place.extra and is_access(self.style, node):
                parts.append(place.extra)
                place.extra = []
            rich, called = self.node(node, place, delimiter)
            parts.append(rich)
            state = max(state, called)
        return join(parts, delimiter, self.style.inside), state

    def node(self, node: Node, place: Place, delimiter: str = "") -> tuple[Rich, int]:
        """Render one node."""
        if node.tag == "choose":
            return self._choose(node, place, delimiter)
        method: Callable[[Node, Place], tuple[Rich, int]] | None = {
            "text": self._text, "group": self._group, "names": self.people.names, "date": self._date,
            "number": self._number, "label": self._label,
        }.get(node.tag)  # fmt: skip
        return method(node, place) if method else ([], NONE)

    def _text(self, node: Node, place: Place) -> tuple[Rich, int]:
        attrs = node.attrs
        if "macro" in attrs:
            macro = self.style.macros.get(attrs["macro"])
            rich, state = self.children(macro.kids, place) if macro else ([], NONE)
            return finish(rich, attrs, place, self.style), state
        if "term" in attrs:
            plural = attrs.get("plural") == "true"
            text = self.style.term(attrs["term"], attrs.get("form", "long"), plural)
            return finish(text_run(text), attrs, place, self.style), NONE
        if "value" in attrs:
            return finish(parse(attrs["value"]), attrs, place, self.style), NONE
        name = attrs.get("variable", "")
        rich = self._variable(name, attrs, place)
        state = FULL if rich else EMPTY
        if name == "year-suffix" and not rich:
            state = NONE  # no field of the source, so a group does not depend on it
        return finish(rich, attrs, place, self.style), state

    def _variable(self, name: str, attrs: Mapping[str, str], place: Place) -> Rich:
        if name == "year-suffix":
            if place.told.suffix and not place.suffixed:
                place.suffixed = True
                return [r._replace(kind="suffix") for r in text_run(place.told.suffix)]
            return []
        text = ""
        if attrs.get("form") == "short":
            text = value(f"{name}-short", place)
        text = text or value(name, place)
        if not text:
            return []
        if name == "citation-number":
            return [run._replace(kind="num") for run in text_run(text)]
        if name == "page" or (name == "locator" and place.label == "page"):
            return parse(_pages(text, self.style))
        if name == "locator":
            return parse(ranged(text))
        return text_run(text) if name in {"URL", "DOI"} else parse(text)

    def _group(self, node: Node, place: Place) -> tuple[Rich, int]:
        rich, state = self.children(node.kids, place, node.attrs.get("delimiter", ""))
        if state == EMPTY:
            return [], EMPTY
        # What a group prints counts for the group around it like a variable (CSL 1.0.2).
        state = FULL if rich else state
        return wrapped(formatted(rich, node.attrs), node.attrs, self.style), state

    def _choose(self, node: Node, place: Place, delimiter: str) -> tuple[Rich, int]:
        for branch in node.kids:
            if branch.tag == "else" or holds(branch, place):
                return self.children(branch.kids, place, delimiter)
        return [], NONE

    def _number(self, node: Node, place: Place) -> tuple[Rich, int]:
        name = node.attrs.get("variable", "")
        text = value(name, place)
        if not text:
            return [], EMPTY
        if name in {"page", "page-first"} or (name == "locator" and place.label == "page"):
            text = _pages(text, self.style)
        else:
            term = self.style.terms.get((name, "long", ""))
            gender = term.gender if term else ""
            text = number_text(text, node.attrs.get("form", "numeric"), self.style, gender)
        return finish(parse(text), node.attrs, place, self.style), FULL

    def _label(self, node: Node, place: Place) -> tuple[Rich, int]:
        name = node.attrs.get("variable", "")
        text = value_unprinted(name, place)
        if not text:
            return [], NONE
        term = place.label if name == "locator" else name
        rule = node.attrs.get("plural", "contextual")
        several = is_plural(text)
        if name.startswith("number-of-"):
            several = text.strip() != "1"
        plural = rule == "always" or (rule == "contextual" and several)
        word = self.style.term(term, node.attrs.get("form", "long"), plural)
        place.labelled = place.labelled or (name == "locator" and bool(word))
        return finish(text_run(word), node.attrs, place, self.style), NONE

    def _date(self, node: Node, place: Place) -> tuple[Rich, int]:
        name = node.attrs.get("variable", "")
        value = place.item.get(name)
        if name in place.suppressed or not dates.is_there(value):
            return [], EMPTY
        assert isinstance(value, Mapping)
        place.called.append(name)
        if place.sorting is not None:
            return text_run(_date_key(node, value)), FULL
        suffix = ""
        if (
            name == "issued"
            and place.told.suffix
            and not place.suffixed
            and not has_suffix_text(self.style, place.area)
        ):
            suffix = place.told.suffix
        rich = dates.render_date(node, value, self.style, suffix)
        place.suffixed = place.suffixed or (bool(suffix) and suffix in plain(rich))
        if rich and is_circa(value) and not self.style.tests_circa:
            rich = glue(text_run(f"{self.style.term('circa', 'short')} "), rich)
        if "text-case" in node.attrs:
            rich = cased(rich, node.attrs["text-case"], "")
        return wrapped(formatted(rich, node.attrs), node.attrs, self.style), FULL if rich else EMPTY


def _pages(text: str, style: Style) -> str:
    """Return pages as a style prints a range of them."""
    rule = style.root.attrs.get("page-range-format", "")
    return pages(text, rule, style.term("page-range-delimiter") or "–")


def _date_key(node: Node, value: Mapping[str, Any]) -> str:
    """Return a date of a sorting macro: only the parts that the macro prints."""
    wanted = {kid.attrs.get("name") for kid in node.kids if kid.tag == "date-part"}
    if "form" in node.attrs:
        wanted = set(node.attrs.get("date-parts", "year-month-day").split("-"))
    count = 3 if "day" in wanted else 2 if "month" in wanted else 1
    parts = [part[:count] for part in dates.date_parts(value)]
    if not parts:
        return dates.sort_key(value)
    return dates.sort_key({"date-parts": parts})
