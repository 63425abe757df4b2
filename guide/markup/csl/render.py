"""Evaluates the elements of a CSL style for one source: text, numbers, names, dates, choices."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guide.markup.csl import dates
from guide.markup.csl.finish import finish, wrapped
from guide.markup.csl.numbers import is_numeric, is_plural, number_text, pages, ranged
from guide.markup.csl.people import People
from guide.markup.csl.place import DATES, EMPTY, FULL, NAMES, NONE, Place
from guide.markup.csl.rich import Rich, formatted, glue, join, parse, plain, text_run
from guide.markup.csl.style import Node, Style
from guide.markup.csl.textcase import cased

# Variables that also go by another name: the newer one of CSL 1.0.2 first.
_ALIASES = {"event-title": "event", "event": "event-title", "container-title-short": "journalAbbreviation",
            "title-short": "shortTitle"}  # fmt: skip

_PRINTING = frozenset(("text", "number", "date", "names"))
_ACCESS = frozenset(("URL", "DOI", "accessed", "medium", "PMID", "PMCID"))


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
            if place.extra and self._is_access(node):
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

    def _is_access(self, node: Node) -> bool:
        """Return True if a node prints an address, and no field but those that belong to it."""
        key = ("access", id(node))
        if key not in self.style.cache:
            found = self._fields(node, set())
            self.style.cache[key] = bool(found & {"URL", "DOI"}) and found <= _ACCESS
        return bool(self.style.cache[key])

    def _fields(self, node: Node, seen: set[str]) -> set[str]:
        """Return the fields that a node can print."""
        found = set(node.attrs.get("variable", "").split()) if node.tag in _PRINTING else set()
        kids = list(node.kids)
        macro = node.attrs.get("macro", "") if node.tag == "text" else ""
        if macro and macro not in seen and macro in self.style.macros:
            seen.add(macro)
            kids += self.style.macros[macro].kids
        return found.union(*(self._fields(kid, seen) for kid in kids))

    # -- text ---------------------------------------------------------------------------------

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

    def value(self, name: str, place: Place) -> str:
        """Return a variable as text; '' when it is empty, or was printed in another's stead."""
        if name in place.suppressed:
            return ""
        place.called.append(name)
        if name == "locator":
            return place.locator
        if name == "citation-number":
            return str(place.number) if place.number else ""
        if name == "first-reference-note-number":
            return str(place.first_note) if place.first_note else ""
        found = place.item.get(name)
        if found in (None, "") and name in _ALIASES:
            found = place.item.get(_ALIASES[name])
        if found in (None, "") and name == "page-first":
            match = re.match(r"\s*([^\s\-–,&]+)", str(place.item.get("page") or ""))
            found = match[1] if match else None
        return "" if found is None or isinstance(found, dict | list) else str(found)

    def _variable(self, name: str, attrs: Mapping[str, str], place: Place) -> Rich:
        if name == "year-suffix":
            if place.told.suffix and not place.suffixed:
                place.suffixed = True
                return [r._replace(kind="suffix") for r in text_run(place.told.suffix)]
            return []
        text = ""
        if attrs.get("form") == "short":
            text = self.value(f"{name}-short", place)
        text = text or self.value(name, place)
        if not text:
            return []
        if name == "citation-number":
            return [run._replace(kind="num") for run in text_run(text)]
        if name == "page":
            rule = self.style.root.attrs.get("page-range-format", "")
            mark = self.style.term("page-range-delimiter") or "–"
            return parse(pages(text, rule, mark))
        if name == "locator":
            return parse(self._locator(text, place))
        if name in {"URL", "DOI"}:
            return text_run(text)
        return parse(text)

    def _locator(self, text: str, place: Place) -> str:
        if place.label == "page":
            rule = self.style.root.attrs.get("page-range-format", "")
            return pages(text, rule, self.style.term("page-range-delimiter") or "–")
        return ranged(text)

    # -- groups and choices -------------------------------------------------------------------

    def _group(self, node: Node, place: Place) -> tuple[Rich, int]:
        rich, state = self.children(node.kids, place, node.attrs.get("delimiter", ""))
        if state == EMPTY:
            return [], EMPTY
        # What a group prints counts for the group around it like a variable (CSL 1.0.2).
        state = FULL if rich else state
        return wrapped(formatted(rich, node.attrs), node.attrs, self.style), state

    def _choose(self, node: Node, place: Place, delimiter: str) -> tuple[Rich, int]:
        for branch in node.kids:
            if branch.tag == "else" or self._holds(branch, place):
                return self.children(branch.kids, place, delimiter)
        return [], NONE

    def _holds(self, node: Node, place: Place) -> bool:
        results = [
            self._test(kind, word, place)
            for kind, words in node.attrs.items()
            if kind != "match"
            for word in words.split()
        ]
        match = node.attrs.get("match", "all")
        if match == "any":
            return any(results)
        return not any(results) if match == "none" else all(results)

    def _test(self, kind: str, word: str, place: Place) -> bool:
        item = place.item
        if kind == "type":
            return str(item.get("type", "")) == word
        if kind == "variable":
            return self._has(word, place)
        if kind == "is-numeric":
            if word in DATES:
                return False
            before = len(place.called)
            value = self.value(word, place)
            del place.called[before:]  # a test prints nothing
            return bool(value) and is_numeric(value)
        if kind == "is-uncertain-date":
            date = item.get(word)
            return isinstance(date, Mapping) and _is_circa(date)
        if kind == "locator":
            return bool(place.locator) and place.label == word.replace("-", " ").replace(
                "sub verbo", "sub-verbo"
            )
        if kind == "position":
            return self._position(word, place)
        if kind == "disambiguate":
            return place.told.condition == (word == "true")
        return False

    def _has(self, name: str, place: Place) -> bool:
        if name in place.suppressed:
            return False
        if name in DATES:
            return dates.is_there(place.item.get(name))
        if name in NAMES:
            return bool(place.item.get(name))
        if name == "year-suffix":
            return bool(place.told.suffix)
        before = len(place.called)
        found = bool(self.value(name, place))
        del place.called[before:]
        return found

    def _position(self, word: str, place: Place) -> bool:
        if place.area.tag == "bibliography":
            return False
        at = place.position
        if word == "near-note":
            return place.near
        if word == "ibid":
            return at in {"ibid", "ibid-with-locator"}
        if word == "subsequent":
            return at != "first"
        return at == word

    # -- numbers and labels -------------------------------------------------------------------

    def _number(self, node: Node, place: Place) -> tuple[Rich, int]:
        name = node.attrs.get("variable", "")
        text = self.value(name, place)
        if not text:
            return [], EMPTY
        gender = self._gender(name)
        if name in {"page", "page-first"} or (name == "locator" and place.label == "page"):
            rule = self.style.root.attrs.get("page-range-format", "")
            text = pages(text, rule, self.style.term("page-range-delimiter") or "–")
        else:
            text = number_text(text, node.attrs.get("form", "numeric"), self.style, gender)
        return finish(parse(text), node.attrs, place, self.style), FULL

    def _gender(self, name: str) -> str:
        term = self.style.terms.get((name, "long", ""))
        return term.gender if term else ""

    def _label(self, node: Node, place: Place) -> tuple[Rich, int]:
        name = node.attrs.get("variable", "")
        before = len(place.called)
        text = self.value(name, place)
        del place.called[before:]
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

    # -- dates --------------------------------------------------------------------------------

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
            and not self._has_suffix_text(place)
        ):
            suffix = place.told.suffix
        rich = dates.render_date(node, value, self.style, suffix)
        place.suffixed = place.suffixed or (bool(suffix) and suffix in plain(rich))
        if rich and _is_circa(value) and not self.style.tests_circa:
            rich = glue(text_run(f"{self.style.term('circa', 'short')} "), rich)
        if "text-case" in node.attrs:
            rich = cased(rich, node.attrs["text-case"], "")
        return wrapped(formatted(rich, node.attrs), node.attrs, self.style), FULL if rich else EMPTY

    def _has_suffix_text(self, place: Place) -> bool:
        """Return True if the style says itself where the year's letter goes."""
        cache = self.style.cache
        key = ("suffix", place.area.tag)
        if key not in cache:
            cache[key] = self._names_suffix(place.area, set())
        return bool(cache[key])

    def _names_suffix(self, node: Node, seen: set[str]) -> bool:
        if node.attrs.get("variable") == "year-suffix" and node.tag == "text":
            return True
        name = node.attrs.get("macro", "")
        if name and name not in seen:
            seen.add(name)
            macro = self.style.macros.get(name)
            if macro and any(self._names_suffix(kid, seen) for kid in macro.kids):
                return True
        return any(self._names_suffix(kid, seen) for kid in node.kids)


def _is_circa(value: Mapping[str, Any]) -> bool:
    return str(value.get("circa", "")).lower() not in {"", "0", "false", "none"}


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
