"""Dates as people know them: exact, to the month, to the year, about, before our era."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_DATE = re.compile(r"(~)?(-)?(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


@dataclass(frozen=True)
class Date:
    """A date of EDTF level 0 with `~` for "about": `1999`, `1999-06`, `1999-06-12`, `~1998`.

    `year` follows ISO 8601: 0 is 1 BCE and -43 is 44 BCE; in writing, `-0044` means 44 BCE, as the
    people who write packs expect. `month` and `day` are 0 when they are not known.
    Source of the notation: Library of Congress, Extended Date/Time Format (EDTF) 2019.
    """

    year: int
    month: int = 0
    day: int = 0
    about: bool = False

    @classmethod
    def parse(cls, text: str) -> Date:
        """Read a date; raises ValueError that says what is wrong with it."""
        match = _DATE.fullmatch(text.strip())
        if not match:
            raise ValueError(f"{text!r} is not a date such as 1999, 1999-06, 1999-06-12 or ~1998")
        about, before, year, month, day = match.groups()
        if int(year) == 0:
            raise ValueError(f"{text!r}: there is no year 0; the year before 0001 is -0001")
        number = -(int(year) - 1) if before else int(year)
        date = cls(number, int(month or 0), int(day or 0), bool(about))
        if month and not 1 <= date.month <= 12:
            raise ValueError(f"{text!r}: there is no month {month}")
        if day and not 1 <= date.day <= date.days_in_month:
            raise ValueError(f"{text!r}: there is no day {day} in that month")
        return date

    @property
    def days_in_month(self) -> int:
        """Days of its month in the proleptic Gregorian calendar."""
        leap = calendar.isleap(self.year)
        return 29 if self.month == 2 and leap else calendar.monthrange(2001, self.month)[1]

    @property
    def first(self) -> tuple[int, int, int]:
        """The earliest day it can mean, for sorting."""
        return (self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> tuple[int, int, int]:
        """The latest day it can mean."""
        month = self.month or 12
        day = self.day or Date(self.year, month).days_in_month
        return (self.year, month, day)

    def __str__(self) -> str:
        year = f"-{1 - self.year:04d}" if self.year <= 0 else f"{self.year:04d}"
        parts = [year, *(f"{part:02d}" for part in (self.month, self.day) if part)]
        return ("~" if self.about else "") + "-".join(parts)

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        pattern = r"^~?-?\d{4}(-\d{2}(-\d{2})?)?$"
        return {"anyOf": [{"type": "string", "pattern": pattern}, {"type": "integer"}]}

    @classmethod
    def _validate(cls, value: object) -> Date:
        if isinstance(value, Date):
            return value
        text = str(getattr(value, "text", value)) if isinstance(value, str | int | float) else ""
        try:
            return cls.parse("" if isinstance(value, bool) else text)
        except ValueError as exc:
            message = str(exc) if text else "a date is written like 1999, 1999-06 or 1999-06-12"
            raise PydanticCustomError("bad_date", "{message}", {"message": message}) from exc


_CYCLE = 400  # years after which the Gregorian calendar repeats itself


def later(day: tuple[int, int, int], count: int, unit: str) -> tuple[int, int, int]:
    """Return the day `count` days, weeks, months or years (d, w, m, y) after another.

    A month or year later is the same day of the month, or the last one that the month has.
    """
    year, month, date = day
    if unit in "my":
        months = month - 1 + count * (12 if unit == "y" else 1)
        year, month = year + months // 12, months % 12 + 1
        return year, month, min(date, Date(year, month).days_in_month)
    whole, days = divmod(count * (7 if unit == "w" else 1), 146_097)  # days of a cycle
    start = dt.date(year % _CYCLE + _CYCLE, month, date) + dt.timedelta(days=days)
    return year - year % _CYCLE - _CYCLE + start.year + whole * _CYCLE, start.month, start.day
