"""Dates of sources: EDTF, CSL's date-parts and what people write, as CSL dates."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from typing import Any

from guide.content.bibtables import MONTHS
from guide.diagnostics.diagnostic import Diagnostic, Place, error

Report = Callable[[str], None]

_ONE = re.compile(
    r"(?P<about>~|ca\.?\s*|c\.\s*|circa\s+|about\s+|um\s+)?"
    r"(?P<year>-?\d{4,5}|\d{1,3}(?=\Z))(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?"
    r"(?P<time>[T ]\d{1,2}:\d{2}.*)?(?P<after>[?~%]*)",
    re.I,
)
_NAMED = (
    "january february march april may june july august september october november december".split()
)
_WORDS = re.compile(
    r"(?P<day>\d{1,2})?\.?\s*(?P<month>[a-z]{3,9})\.?,?\s+(?:(?P<late>\d{1,2}),\s*)?(?P<year>\d{4})",
    re.I,
)
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
_SEASON_NAMES = {"spring": 21, "summer": 22, "autumn": 23, "fall": 23, "winter": 24}
# Parts of a year in EDTF, each with its first and last month: quarters, thirds and halves.
_SPANS = {33 + n: (3 * n + 1, 3 * n + 3) for n in range(4)}
_SPANS |= {37 + n: (4 * n + 1, 4 * n + 4) for n in range(3)}
_SPANS |= {40 + n: (6 * n + 1, 6 * n + 6) for n in range(2)}
_YEARS = re.compile(r"(\d{4})\s*(?:--?|–|—|/)\s*(\d{4})")
_OPEN = {"", "..", "open", "unknown"}
_SEASONS = range(21, 25)


def impossible(problems: list[Diagnostic], place: Place, item: str = "") -> Report:
    """Return the function that reports a date that cannot be as an error at a place."""
    hint = "Write 2001, 2001-06, 2001-06-12, 1999~ (about) or 1999/2001."
    return lambda message: problems.append(error("bad-date", message, place, hint, item))


def read_date(value: Any, report: Report) -> dict[str, Any]:
    """Return a CSL date; {} for none. An impossible date is reported and omitted."""
    if isinstance(value, dict):
        return _csl(value, report)
    if isinstance(value, list) and value and isinstance(value[0], dict):  # as pandoc wrote it
        return _csl({"date-parts": [_of_words(each) for each in value]}, report)
    if isinstance(value, list):  # date-parts without their key
        nested = bool(value) and isinstance(value[0], list)
        return _csl({"date-parts": value if nested else [value]}, report)
    text = str(getattr(value, "text", value) if value is not None else "").strip()
    return _edtf(text, report) if text else {}


def _of_words(value: dict[str, Any]) -> list[Any]:
    """Return the year, month and day that have separate keys."""
    return [value[name] for name in ("year", "month", "day") if value.get(name)]


def _plain(text: str) -> str:
    """Return a date that people write, such as 12 June 2001, as EDTF; other texts unchanged."""
    text = re.sub(r"(?:-[XUxu]{2}){1,2}(?=[~?%]*(?:/|\Z))", "", text)  # an unknown month or day
    if match := _DOTTED.fullmatch(text):
        return f"{match[3]}-{int(match[2]):02d}-{int(match[1]):02d}"
    match = _WORDS.fullmatch(text)
    word = match["month"].lower() if match else ""
    if match is None or word not in {*_SEASON_NAMES, *_NAMED, *MONTHS, "sept"}:
        return text
    day = match["day"] or match["late"]
    if word in _SEASON_NAMES:
        return text if day else f"{match['year']}-{_SEASON_NAMES[word]}"
    month = MONTHS.index(word[:3]) + 1
    return f"{match['year']}-{month:02d}" + (f"-{int(day):02d}" if day else "")


def _edtf(text: str, report: Report) -> dict[str, Any]:
    written, text = text, _plain(text)
    years = _YEARS.fullmatch(text)
    ends = [years[1], years[2]] if years else text.split("/")
    if len(ends) > 2:
        return {"literal": written}
    if len(ends) == 2 and all(end.strip() in _OPEN for end in ends):
        return {}
    if len(ends) == 2 and ends[0].strip() in _OPEN:
        return {"literal": f"–{ends[1].strip()}"}  # its beginning is not known
    parts, circa = [], False
    for end in ends:
        if end.strip() in _OPEN:
            parts.append([0])
            continue
        match = _ONE.fullmatch(end.strip())
        if not match:
            return {"literal": written}
        circa = circa or bool(match["about"] or match["after"])
        numbers = [int(match[name]) for name in ("year", "month", "day") if match[name]]
        if len(numbers) == 2 and 25 <= numbers[1] <= 32:  # seasons of a hemisphere
            numbers[1] = 21 + (numbers[1] - 25) % 4
        if len(numbers) == 2 and numbers[1] in _SPANS and len(ends) == 1:
            return {"date-parts": [[numbers[0], month] for month in _SPANS[numbers[1]]]}
        if not possible(numbers, text, report):
            return {}
        parts.append(numbers)
    if len(parts) == 2 and parts[1] != [0] and parts[1] < parts[0]:
        report(f"`{text}` ends before it begins")
        return {}
    return {"date-parts": parts, **({"circa": True} if circa else {})}


def possible(numbers: list[int], text: str, report: Report) -> bool:
    """Return True if a year, month and day can be; report the first that cannot."""
    if len(numbers) > 1 and not 1 <= numbers[1] <= 12 and numbers[1] not in _SEASONS:
        report(f"`{text}` is not a date: there is no month {numbers[1]}")
        return False
    if len(numbers) > 2:
        year, month, day = numbers
        most = 0 if month > 12 else calendar.monthrange(year, month)[1]
        if not 1 <= day <= most:
            name = calendar.month_name[month] if month <= 12 else f"month {month}"
            report(f"`{text}` is not a date: {name} {year} has no day {day}")
            return False
    return True


def _csl(value: dict[str, Any], report: Report) -> dict[str, Any]:
    circa = str(value.get("circa", "")).lower() not in {"", "0", "false", "none", "no"}
    extra: dict[str, Any] = {"circa": True} if circa else {}
    if value.get("season") not in (None, ""):
        extra["season"] = str(value["season"])
    found = value.get("date-parts")
    if isinstance(found, list):
        parts = [_numbers(part) for part in found if isinstance(part, list)]
        written = "/".join("-".join(map(str, part)) for part in parts)
        if not all(possible(part, written, report) for part in parts if part):
            return {}
        if any(parts):
            return {"date-parts": [part or [0] for part in parts[:2]], **extra}
    if value.get("literal"):  # what is no date is meant so: "c. 2014-15", "spring 1999"
        text = str(value["literal"]).strip()
        return {**(_edtf(text, lambda _: None) or {"literal": text}), **extra}
    for key in ("raw", "edtf"):
        if value.get(key):
            made = _edtf(str(value[key]).strip(), report)
            return {**made, **extra} if made else {}
    return _unread(value, report)


def _unread(value: dict[str, Any], report: Report) -> dict[str, Any]:
    """Read a date in a form that CSL does not have: `year`, `month` and `day`, or a text for the parts."""
    parts = _of_words(value)
    if parts:
        return _csl({"date-parts": [parts]}, report)
    found = value.get("date-parts")
    while isinstance(found, list) and found:
        found = found[0]
    text = str(found if found is not None else "").strip()
    if text and text != "0" and not re.fullmatch(r"-?\d{1,5}|\[\]", text):
        return _edtf(text, report)
    return {}


def _numbers(part: list[Any]) -> list[int]:
    """Return the numbers of one date; it ends at what is not one."""
    result: list[int] = []
    for number in part[:3]:
        text = str(getattr(number, "text", number)).strip()
        if not re.fullmatch(r"-?\d{1,5}", text) or (result and int(text) == 0):
            break
        result.append(int(text))
    return result
