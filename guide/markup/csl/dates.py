"""Dates after CSL: localized and own formats, ranges, seasons, years before Christ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from guide.markup.csl.numbers import ordinal
from guide.markup.csl.rich import Rich, formatted, glue, join, parse, text_run
from guide.markup.csl.style import Node, Style
from guide.markup.csl.textcase import cased

Parts = tuple[int, ...]
_ORDER = ("year", "month", "day")


def date_parts(value: Mapping[str, Any]) -> list[Parts]:
    """Return the date or the two ends of a range; an open end is ()."""
    found: list[Parts] = []
    for part in value.get("date-parts") or []:
        numbers: list[int] = []
        for number in part if isinstance(part, list | tuple) else [part]:
            try:
                numbers.append(int(number))
            except (TypeError, ValueError):
                break
        found.append(tuple(numbers[:3]) if numbers and numbers[0] else ())
    while len(found) == 1 and not found[0]:
        found.pop()
    return found[:2]


def is_there(value: Any) -> bool:
    """Return True if a date says something."""
    return isinstance(value, Mapping) and bool(
        date_parts(value) or value.get("literal") or value.get("raw")
    )


def sort_key(value: Any) -> str:
    """Return a text that sorts as the date does; later years BC come first."""
    if not isinstance(value, Mapping):
        return ""
    parts = date_parts(value)
    if not parts:
        return str(value.get("literal") or value.get("raw") or "")
    return "-".join(_one_key(part) for part in parts)


def _one_key(part: Parts) -> str:
    year, month, day = (*part, 0, 0, 0)[:3]
    return f"{year + 100000:06d}{month:02d}{day:02d}"


def render_date(node: Node, value: Mapping[str, Any], style: Style, year_suffix: str = "") -> Rich:
    """Return a date as an element cs:date prints it, without the element's own affixes."""
    literal = value.get("literal") or value.get("raw")
    parts = date_parts(value)
    if not parts:
        return parse(str(literal)) if literal else []
    elements, delimiter = _elements(node, style)
    if value.get("season") and len(parts[0]) == 1:
        parts = [(part[0], _season(value["season"])) if len(part) == 1 else part for part in parts]
    if len(parts) == 1:
        return _single(elements, delimiter, parts[0], style, year_suffix)
    return _range(elements, delimiter, parts[0], parts[1], style, year_suffix)


def _season(value: Any) -> int:
    """Return the season as a month from 21 on, as EDTF counts."""
    text = str(value)
    return 20 + int(text) if text.isdecimal() and 1 <= int(text) <= 4 else 0


def _elements(node: Node, style: Style) -> tuple[list[Node], str]:
    """Return the date-parts to print, of the locale's format with the element's own changes."""
    own = [kid for kid in node.kids if kid.tag == "date-part"]
    form = node.attrs.get("form")
    if form is None:
        return own, node.attrs.get("delimiter", "")
    base = style.dates.get(form) or Node("date", {})
    wanted = node.attrs.get("date-parts", "year-month-day").split("-")
    changes = {kid.attrs.get("name"): kid.attrs for kid in own}
    kept = []
    for kid in base.kids:
        name = kid.attrs.get("name")
        if name in wanted:
            extra = {
                k: v for k, v in changes.get(name, {}).items() if k not in {"prefix", "suffix"}
            }
            kept.append(Node(kid.tag, {**kid.attrs, **extra}))
    return kept, base.attrs.get("delimiter", "")


def _single(
    elements: Sequence[Node], delimiter: str, date: Parts, style: Style, year_suffix: str
) -> Rich:
    shown = [_element(element, date, style, year_suffix) for element in elements]
    return _trimmed(join([part for part in shown if part], delimiter, style.inside))


def _trimmed(rich: Rich) -> Rich:
    """Take the space off the end, which belonged to a part that the date does not have."""
    if rich and rich[-1].text.endswith((" ", ",")):
        text = rich[-1].text.rstrip(" ,")
        return [*rich[:-1], *([rich[-1]._replace(text=text)] if text else [])]
    return rich


def _element(
    element: Node, date: Parts, style: Style, year_suffix: str = "", affixes: bool = True
) -> Rich:
    text = _text(element, date, style)
    if not text:
        return []
    attrs = element.attrs
    if attrs.get("strip-periods") == "true":
        text = text.replace(".", "")
    rich = formatted(cased(text_run(text), attrs.get("text-case", ""), ""), attrs)
    if element.attrs.get("name") == "year" and year_suffix:
        rich = glue(rich, text_run(year_suffix))
    if not affixes:
        return rich
    return glue(glue(text_run(attrs.get("prefix", "")), rich), text_run(attrs.get("suffix", "")))


def _text(element: Node, date: Parts, style: Style) -> str:
    name, form = element.attrs.get("name"), element.attrs.get("form", "")
    year, month, day = (*date, 0, 0, 0)[:3]
    if name == "year" and year:
        if form == "short" and year > 999:
            return f"{year % 100:02d}"
        mark = style.term("bc") if year < 0 else style.term("ad") if year < 1000 else ""
        return f"{abs(year)}{mark}"
    if name == "month" and month:
        return _month(month, form, style)
    if name == "day" and day:
        if form == "ordinal" and (
            day == 1 or style.options.get("limit-day-ordinals-to-day-1") != "true"
        ):
            gender = next(
                (t.gender for k, t in style.terms.items() if k[0] == f"month-{month:02d}"), ""
            )
            return ordinal(day, style, gender)
        return f"{day:02d}" if form == "numeric-leading-zeros" else str(day)
    return ""


def _month(month: int, form: str, style: Style) -> str:
    if month > 12:
        season = (month - 1) % 4 + 1
        return style.term(f"season-{season:02d}", "short" if form == "short" else "long")
    if form.startswith("numeric"):
        return f"{month:02d}" if form == "numeric-leading-zeros" else str(month)
    return style.term(f"month-{month:02d}", "short" if form == "short" else "long")


def _range(
    elements: Sequence[Node], delimiter: str, begin: Parts, end: Parts, style: Style, suffix: str
) -> Rich:
    """Print what both ends share once: `24–26 September 2011`."""
    if not end:
        whole = _single(elements, delimiter, begin, style, suffix)
        return glue(whole, text_run("–"))
    if begin == end:
        return _single(elements, delimiter, begin, style, suffix)
    names = [element.attrs.get("name", "") for element in elements]
    differing = _differing(begin, end, names)
    if differing is None:
        return _single(elements, delimiter, begin, style, suffix)
    changing = _ORDER[_ORDER.index(differing) :]
    inner = [e for e in elements if e.attrs.get("name") in changing]
    places = [n for n, e in enumerate(elements) if e.attrs.get("name") in changing]
    before, after = elements[: places[0]], elements[places[-1] + 1 :]
    middle = [e for e in elements[places[0] : places[-1] + 1] if e not in inner]
    mark = next(
        (e.attrs.get("range-delimiter", "–") for e in elements if e.attrs.get("name") == differing),
        "–",
    )
    first = _trimmed(join([_element(e, begin, style) for e in inner], delimiter))
    if first and inner[-1].attrs.get("suffix") and first[-1].text == inner[-1].attrs["suffix"]:
        first = first[:-1]
    elif (
        first and (ending := inner[-1].attrs.get("suffix", "")) and first[-1].text.endswith(ending)
    ):
        first = [*first[:-1], first[-1]._replace(text=first[-1].text.removesuffix(ending))]
    first = _trimmed(first)
    second = join([_element(e, end, style, suffix) for e in inner], delimiter)
    if second and second[0].text.startswith(" "):  # it parted the day from the month
        second = [second[0]._replace(text=second[0].text.lstrip(" ")), *second[1:]]
    head = join([_element(e, begin, style, suffix) for e in before], delimiter)
    tail = join([_element(e, end, style, suffix) for e in (*middle, *after)], delimiter)
    ranged = glue(glue(first, text_run(mark)), second)
    return _trimmed(join([part for part in (head, ranged, tail) if part], delimiter))


def _differing(begin: Parts, end: Parts, names: Sequence[str]) -> str | None:
    """Return the largest printed part in which the two ends differ."""
    for number, name in enumerate(_ORDER):
        one = begin[number] if len(begin) > number else 0
        other = end[number] if len(end) > number else 0
        if one != other:
            return name if name in names else None
    return None
