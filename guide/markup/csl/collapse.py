"""Collapses clusters: [1]–[3], (Doe 2001, 2003), (Doe 2001a, b)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from guide.markup.csl.rich import Rich, plain
from guide.markup.csl.style import Node

if TYPE_CHECKING:
    from guide.markup.csl.processor import Cite, Processor

Part = tuple["Cite", Rich]


def collapsed(
    processor: Processor, parts: Sequence[Part], area: Node, delimiter: str
) -> tuple[list[Part], list[str]]:
    """Return what is printed of a cluster, and what is between each two of it."""
    how = area.attrs.get("collapse", "")
    if how == "citation-number":
        return _numbers(processor, parts, delimiter, area)
    grouped = (
        how in {"year", "year-suffix", "year-suffix-ranged"} or "cite-group-delimiter" in area.attrs
    )
    if not grouped:
        return list(parts), [delimiter] * (len(parts) - 1)
    return _groups(processor, parts, area, delimiter, how)


def _numbers(
    processor: Processor, parts: Sequence[Part], delimiter: str, area: Node
) -> tuple[list[Part], list[str]]:
    """Print three and more consecutive numbers as a range."""
    after = area.attrs.get("after-collapse-delimiter", delimiter)
    kept: list[Part] = []
    seams: list[str] = []
    at = 0
    while at < len(parts):
        end = at
        while end + 1 < len(parts) and _follows(processor, parts[end], parts[end + 1]):
            end += 1
        run = [parts[at], parts[end]] if end - at >= 2 else list(parts[at : end + 1])
        if kept:
            seams.append(after if seams and seams[-1] == "–" else delimiter)
        kept += run
        seams += ["–"] if end - at >= 2 else [delimiter] * (len(run) - 1)
        at = end + 1
    return kept, seams


def _follows(processor: Processor, one: Part, other: Part) -> bool:
    plain_cites = not any(c.locator or c.prefix or c.suffix or c.hide for c in (one[0], other[0]))
    numbers = processor.numbers
    return plain_cites and numbers[other[0].key] == numbers[one[0].key] + 1


def _groups(
    processor: Processor, parts: Sequence[Part], area: Node, delimiter: str, how: str
) -> tuple[list[Part], list[str]]:
    """Bring the works of the same authors together, and print these authors once."""
    groups: dict[str, list[Part]] = {}
    for n, part in enumerate(parts):
        name = plain(processor.one(replace(part[0], alone=True, locator="")))
        if not name or part[0].hide:
            name = f"\0{n}"
        groups.setdefault(name, []).append(part)
    between = area.attrs.get("cite-group-delimiter", ", ")
    after = area.attrs.get("after-collapse-delimiter", delimiter)
    kept: list[Part] = []
    seams: list[str] = []
    last = 1
    for group in groups.values():
        shown, inner = _one_group(processor, group, area, how, between, after)
        if kept:
            seams.append(after if last > 1 and how else delimiter)
        kept += shown
        seams += inner
        last = len(group)
    return kept, seams


def _one_group(
    processor: Processor, group: Sequence[Part], area: Node, how: str, between: str, after: str
) -> tuple[list[Part], list[str]]:
    """Return what is printed of the works of one author; a place in a work ends more than a year."""
    if not how:
        return list(group), [between] * (len(group) - 1)
    shown, seams = [group[0]], list[str]()
    for before, (cite, rich) in pairwise(group):
        if cite.prefix or before[0].suffix:
            shown.append((cite, rich))
            seams.append(between)
            continue
        hidden = processor.one(replace(cite, hide=True))
        year = _year(processor, cite.key)
        letter = processor.told[cite.key].suffix
        same = how.startswith("year-suffix") and letter and year == _year(processor, before[0].key)
        if same and not cite.locator and not before[0].locator:
            hidden = [run for run in hidden if plain([run]) == letter] or _only(hidden, letter)
            seams.append(area.attrs.get("year-suffix-delimiter", between))
        else:
            seams.append(after if before[0].locator else between)
        shown.append((cite, [run._replace(link=rich[0].link if rich else "") for run in hidden]))
    if how == "year-suffix-ranged":
        shown, seams = _ranged(processor, shown, seams, [cite for cite, _ in group])
    return shown, seams


def _ranged(
    processor: Processor, shown: list[Part], seams: list[str], cites: Sequence[Cite]
) -> tuple[list[Part], list[str]]:
    """Print three and more consecutive letters of a year as a range: 2001a–c."""
    kept, between, at = [shown[0]], list[str](), 0
    while at < len(shown) - 1:
        end = at
        while end + 1 < len(shown) and _next_letter(processor, cites[end], cites[end + 1]):
            end += 1
        if end - at >= 2:
            kept.append(shown[end])
            between.append("–")
            at = end
        else:
            kept.append(shown[at + 1])
            between.append(seams[at])
            at += 1
    return kept, between


def _next_letter(processor: Processor, one: Cite, other: Cite) -> bool:
    first, second = processor.told[one.key].suffix, processor.told[other.key].suffix
    same = _year(processor, one.key) == _year(processor, other.key)
    plain_cites = not (one.locator or other.locator)
    return bool(
        same and plain_cites and len(first) == len(second) == 1 and ord(second) == ord(first) + 1
    )


def _year(processor: Processor, key: str) -> str:
    issued = processor.items[key].get("issued")
    parts = issued.get("date-parts") if isinstance(issued, dict) else None
    return str(parts[0][0]) if parts and parts[0] else ""


def _only(rich: Rich, letter: str) -> Rich:
    last = next((run for run in reversed(rich) if run.text.endswith(letter)), None)
    return [last._replace(text=letter)] if last else rich
