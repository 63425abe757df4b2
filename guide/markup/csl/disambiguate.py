"""Tells sources apart that would be cited alike: more names, given names, a letter at the year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from guide.markup.csl.names import Look, initialized, one_name, options_of, parts_of
from guide.markup.csl.place import Told
from guide.markup.csl.rich import plain
from guide.markup.csl.style import Node

if TYPE_CHECKING:
    from guide.markup.csl.processor import Processor


def disambiguated(processor: Processor) -> dict[str, Told]:
    """Return for each source what must be printed so that a reader can tell it from the others."""
    attrs = processor.style.citation.attrs
    told = {key: Told() for key in processor.order}
    processor.told = told
    if len(told) < 2:
        return told
    names = attrs.get("disambiguate-add-names") == "true"
    given = attrs.get("disambiguate-add-givenname") == "true"
    rule = attrs.get("givenname-disambiguation-rule", "by-cite")
    suffixes = attrs.get("disambiguate-add-year-suffix") == "true"
    condition = _tests_disambiguate(processor)
    if not (names or given or suffixes or condition):
        return told
    if given and rule != "by-cite":
        _all_given(processor, told, rule)
    for group in _alike(processor, list(told)):
        _resolve(processor, told, group, names, given, rule, condition)
    if suffixes:
        _letters(processor, told)
    return told


def _tests_disambiguate(processor: Processor) -> bool:
    def tests(node: Node) -> bool:
        return "disambiguate" in node.attrs or any(tests(kid) for kid in node.kids)

    cache = processor.style.cache
    if "disambiguate" not in cache:
        cache["disambiguate"] = any(tests(kid) for kid in processor.style.root.kids)
    return bool(cache["disambiguate"])


def _cited(processor: Processor, key: str) -> str:
    """Return how a source is cited, without a place in it and without a letter."""
    from guide.markup.csl.processor import Cite

    return plain(processor.one(Cite(key)))


def _groups(processor: Processor, keys: Sequence[str]) -> dict[str, list[str]]:
    """Return the sources that are cited alike, several of them, by how they are cited."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(_cited(processor, key), []).append(key)
    return {text: group for text, group in groups.items() if len(group) > 1}


def _alike(processor: Processor, keys: Sequence[str]) -> list[list[str]]:
    """Return the groups of sources that are cited alike, and in words."""
    return [group for text, group in _groups(processor, keys).items() if text]


def _classes(processor: Processor, keys: Sequence[str]) -> int:
    return len({_cited(processor, key) for key in keys})


def _resolve(
    processor: Processor, told: dict[str, Told], group: list[str],
    names: bool, given: bool, rule: str, condition: bool,
) -> None:  # fmt: skip
    """Try more names, then given names, then the style's own condition, each only if it helps."""
    groups = [group]
    if names:
        groups = [
            part
            for each in groups
            for part in _more_names(processor, told, each, given and rule == "by-cite")
        ]
    if given:
        groups = [part for each in groups for part in _more_given(processor, told, each, rule)]
    for each in groups:
        if condition and len(each) > 1:
            before = _classes(processor, each)
            for key in each:
                told[key].condition = True
            if _classes(processor, each) == before:
                for key in each:
                    told[key].condition = False


def _split(processor: Processor, keys: Sequence[str]) -> list[list[str]]:
    return [*_groups(processor, keys).values()]


def _people(processor: Processor, key: str) -> tuple[Sequence[object], int]:
    from guide.markup.csl.processor import Cite

    place = processor.place(processor.style.citation, key, Cite(key))
    layout = processor.style.citation.first("layout")
    processor.renderer.children(layout.kids if layout else (), place)
    return (place.people[0], place.shown[0]) if place.people else ((), 0)


def _more_names(
    processor: Processor, told: dict[str, Told], group: list[str], also_given: bool
) -> list[list[str]]:
    """Print as many names as tell the most sources apart, and no more than these."""
    counts = {key: len(_people(processor, key)[0]) for key in group}
    base = {key: told[key].shown for key in group}
    best, wanted = _classes(processor, group), 0
    for number in range(1, max(counts.values(), default=0) + 1):
        for key in group:
            told[key].shown = min(number, counts[key])
        found = _classes(processor, group)
        if found > best:
            best, wanted = found, number
    for key in group:
        told[key].shown = min(wanted, counts[key]) if wanted else base[key]
    if not wanted:
        return [group]
    return [part for each in _split(processor, group) for part in
            (_more_names(processor, told, each, also_given) if len(each) < len(group) else [each])]  # fmt: skip


def _more_given(
    processor: Processor, told: dict[str, Told], group: list[str], rule: str
) -> list[list[str]]:
    """Add initials or given names where these tell sources apart."""
    if rule != "by-cite":
        return _split(processor, group)
    counts = {key: len(_people(processor, key)[0]) for key in group}
    most = max(counts.values(), default=0)
    for number in range(most):
        for level in (1, 2):
            before = {key: dict(told[key].levels) for key in group}
            shown = {key: told[key].shown for key in group}
            classes = _classes(processor, group)
            for key in group:
                told[key].levels[number] = level
            if _classes(processor, group) > classes:
                break
            for key in group:
                told[key].levels, told[key].shown = before[key], shown[key]
        if not _split(processor, group):
            return []
    return _split(processor, group)


def _all_given(processor: Processor, told: dict[str, Told], rule: str) -> None:
    """Tell people of one family name apart wherever they are printed (all rules but by-cite)."""
    primary = rule.startswith("primary-name")
    only_initials = rule.endswith("with-initials")
    style = processor.style
    options = options_of(style, style.citation, _name_node(processor))
    mark = options.get("initialize-with")
    spots: dict[str, list[tuple[str, int, dict[str, str]]]] = {}
    for key in told:
        people, shown = _people(processor, key)
        for place, person in enumerate(people[: 1 if primary else shown]):
            parts = parts_of(person)  # type: ignore[arg-type]
            if "family" in parts:
                short = one_name(
                    parts, place, Look(style, {**options, "form": "short"}, None, None)
                )
                spots.setdefault(plain(short), []).append((key, place, parts))
    for found in spots.values():
        fulls = {_given(parts) for _, _, parts in found}
        if len(fulls) < 2:
            continue
        for key, place, parts in found:
            others = [other for _, _, other in found if _given(other) != _given(parts)]
            same = any(_initials(other, mark) == _initials(parts, mark) for other in others)
            levels = told[key].levels
            if mark is None or (same and not only_initials):
                levels[place] = 2
            elif not same:
                levels[place] = 1
            else:
                several = len({_initials(each, mark) for _, _, each in found}) > 1
                levels[place] = levels.get(place, 0) or int(several)


def _name_node(processor: Processor) -> Node | None:
    """Return the first cs:name that the citation reaches."""
    style, seen = processor.style, set[str]()

    def find(node: Node) -> Node | None:
        if node.tag == "names":
            return node.first("name")
        name = node.attrs.get("macro", "")
        kids = list(node.kids)
        if name and name not in seen and node.tag == "text":
            seen.add(name)
            kids += list(style.macros[name].kids) if name in style.macros else []
        for kid in kids:
            found = find(kid)
            if found is not None:
                return found
        return None

    return find(style.citation.first("layout") or style.citation)


def _initials(parts: dict[str, str], mark: str | None) -> str:
    return initialized(parts.get("given", ""), mark or ".", True, False)


def _given(parts: dict[str, str]) -> str:
    return " ".join(filter(None, (parts.get("given", ""), parts.get("suffix", ""))))


def _letters(processor: Processor, told: dict[str, Told]) -> None:
    """Add a, b, c to the year of what is still alike, in the order of the list."""
    for group in _alike(processor, processor.order):
        for number, key in enumerate(group):
            told[key].suffix = letters(number)


def letters(number: int) -> str:
    """Return a, b ... z, aa, ab for 0, 1 ..."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(97 + rest) + text
    return text
