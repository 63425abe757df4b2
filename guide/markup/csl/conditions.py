"""Tests of cs:choose, and the values of variables that they and the text ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from guide.markup.csl import dates
from guide.markup.csl.numbers import is_numeric
from guide.markup.csl.place import DATES, NAMES, Place
from guide.markup.csl.style import Node

# Variables that also go by another name: the newer one of CSL 1.0.2 first.
_ALIASES = {"event-title": "event", "event": "event-title", "container-title-short": "journalAbbreviation",
            "title-short": "shortTitle"}  # fmt: skip


def value(name: str, place: Place) -> str:
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


def value_unprinted(name: str, place: Place) -> str:
    """Return a variable as text where it is only asked for, which prints nothing."""
    before = len(place.called)
    found = value(name, place)
    del place.called[before:]
    return found


def holds(node: Node, place: Place) -> bool:
    """Return True if the conditions of a branch are met."""
    results = [
        _test(kind, word, place)
        for kind, words in node.attrs.items()
        if kind != "match"
        for word in words.split()
    ]
    match = node.attrs.get("match", "all")
    if match == "any":
        return any(results)
    return not any(results) if match == "none" else all(results)


def _test(kind: str, word: str, place: Place) -> bool:
    item = place.item
    if kind == "type":
        return str(item.get("type", "")) == word
    if kind == "variable":
        return _has(word, place)
    if kind == "is-numeric":
        if word in DATES:
            return False
        text = value_unprinted(word, place)
        return bool(text) and is_numeric(text)
    if kind == "is-uncertain-date":
        date = item.get(word)
        return isinstance(date, Mapping) and is_circa(date)
    if kind == "locator":
        return bool(place.locator) and place.label == word.replace("-", " ").replace(
            "sub verbo", "sub-verbo"
        )
    if kind == "position":
        return _position(word, place)
    if kind == "disambiguate":
        return place.told.condition == (word == "true")
    return False


def _has(name: str, place: Place) -> bool:
    if name in place.suppressed:
        return False
    if name in DATES:
        return dates.is_there(place.item.get(name))
    if name in NAMES:
        return bool(place.item.get(name))
    if name == "year-suffix":
        return bool(place.told.suffix)
    return bool(value_unprinted(name, place))


def _position(word: str, place: Place) -> bool:
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


def is_circa(value: Mapping[str, Any]) -> bool:
    """Return True for a date that is about right."""
    return str(value.get("circa", "")).lower() not in {"", "0", "false", "none"}
