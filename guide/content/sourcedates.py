"""Dates of sources: EDTF, CSL's date-parts and what people write, as CSL dates."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from typing import Any

Report = Callable[[str], None]

_ONE = re.compile(
    r"(?P<about>~|ca\.?\s*|c\.\s*|circa\s+|about\s+|um\s+)?"
    r"(?P<year>-?\d{4,5}|\d{1,3}(?=\Z))(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?"
    r"(?P<time>[T ]\d{1,2}:\d{2}.*)?(?P<after>[?~%]*)",
    re.I,
)
_YEARS = re.compile(r"(\d{4})\s*(?:--?|–|—|/)\s*(\d{4})")
_OPEN = {"", "..", "open", "unknown"}
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SEASONS = range(21, 25)


def read_date(value: Any, report: Report) -> dict[str, Any]:
    """Return a CSL date; {} for none. An impossible one is reported, and left out."""
    if isinstance(value, dict):
        return _csl(value, report)
    if isinstance(value, list):  # date-parts without their key
        return _csl(
            {"date-parts": value if value and isinstance(value[0], list) else [value]}, report
        )
    text = str(getattr(value, "text", value) if value is not None else "").strip()
    return _edtf(text, report) if text else {}


def _edtf(text: str, report: Report) -> dict[str, Any]:
    years = _YEARS.fullmatch(text)
    ends = [years[1], years[2]] if years else text.split("/")
    if len(ends) > 2:
        return {"literal": text}
    if len(ends) == 2 and ends[0].strip() in _OPEN:
        ends = ends[::-1] if ends[1].strip() in _OPEN else [ends[1]]
    parts, circa = [], False
    for end in ends:
        if end.strip() in _OPEN:
            parts.append([0])
            continue
        match = _ONE.fullmatch(end.strip())
        if not match:
            return {"literal": text}
        circa = circa or bool(
            match["about"]
            or "~" in match["after"]
            or "?" in match["after"]
            or "%" in match["after"]
        )
        numbers = [int(match[name]) for name in ("year", "month", "day") if match[name]]
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
        most = 0 if month > 12 else _DAYS[month - 1]
        if month == 2 and not calendar.isleap(year):
            most = 28
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
