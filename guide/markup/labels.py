"""Labels, dates and numbers in the pack's language, from Babel and the catalogues in guide/locale."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from guide.model.dates import Date
from guide.resources import LOCALE

_LEAP = 2000  # a year that has every day

CATALOGUES = ("en", "de", "fr", "sq", "sr_Cyrl", "sr_Latn")


@lru_cache
def catalogue(name: str) -> dict[str, str]:
    """Return the labels of one catalogue by their English text."""
    with (LOCALE / name / "LC_MESSAGES" / "guide.po").open("rb") as stream:
        messages = read_po(stream, locale=name)
    return {
        str(message.id): str(message.string)
        for message in messages
        if isinstance(message.id, str) and message.id and message.string
    }


@lru_cache
def _locale(lang: str) -> Locale:
    parts = lang.replace("_", "-").split("-")
    for length in range(len(parts), 0, -1):
        try:
            return Locale.parse("-".join(parts[:length]), sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


@dataclass(frozen=True)
class Labels:
    """What a document says by itself, in one language (a BCP 47 tag)."""

    lang: str

    @property
    def locale(self) -> Locale:
        """Babel's locale for the language; English when Babel has none."""
        return _locale("sr-Cyrl" if self.lang == "sr" else self.lang)

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return str(self.locale.text_direction)

    @property
    def catalogue_name(self) -> str:
        """The catalogue that serves the language; English when there is none."""
        locale = self.locale
        names = (f"{locale.language}_{locale.script}", locale.language)
        script = "sr_Cyrl" if locale.language == "sr" else "en"
        return next((name for name in names if name in CATALOGUES), script)

    def __call__(self, text: str) -> str:
        """Return the label whose English text is `text`."""
        return catalogue(self.catalogue_name).get(text, text)

    def number(self, value: float) -> str:
        """Return a number with the language's separators."""
        return str(format_decimal(value, locale=self.locale))

    def date(self, date: Date | None, end: Date | None = None) -> str:
        """Return a date or a span, as exact as it is known."""
        if date is None:
            return ""
        if end is None or end == date:
            return self._one(date)
        exact = not (date.about or end.about) and date.day and end.day and date.year > 0
        if exact and (date.year, date.month) == (end.year, end.month):
            return self._days(date, end)
        return (
            f"{self._one(date)} \u2013 {self._one(end)}"
            if date.month or end.month
            else (f"{self._one(date)}\u2013{self._one(end)}")
        )

    def weekday(self, day: dt.date) -> str:
        """Return a day of a plan in few words: `Mon 23 Nov`, as the language orders them."""
        return str(format_skeleton("MMMEd", day, locale=self.locale))

    def span(self, start: Date | None, end: Date | None) -> str:
        """Return the time from `start` to `end`, either of which may be open."""
        if start and end:
            return self.date(start, end)
        if start:
            return f"{self('since')} {self._one(start)}"
        return f"{self('until')} {self._one(end)}" if end else ""

    def _days(self, date: Date, end: Date) -> str:
        """Return `24–28 August 1999` where the day comes first, else both dates."""
        whole = self._one(end)
        day = str(end.day)
        if whole.startswith(day) and whole[len(day) : len(day) + 1] in {" ", "."}:
            dot = "." if whole[len(day)] == "." else ""
            return f"{date.day}{dot}\u2013{whole}"
        return f"{self._one(date)} \u2013 {whole}"

    def _one(self, date: Date) -> str:
        year = date.year if date.year > 0 else 1 - date.year
        if date.month:
            known = date.day <= Date(year, date.month).days_in_month
            # A leap year before our era, such as 5 BCE, is none after it: 2000 is used instead.
            day = dt.date(year if known else _LEAP, date.month, date.day or 1)
            if date.day:
                text = str(format_date(day, "long", locale=self.locale))
            else:
                text = str(format_skeleton("yMMMM", day, locale=self.locale))
            text = text if known else text.replace(str(_LEAP), str(year))
        else:
            text = self._year(year)
        if date.year <= 0:
            text = f"{text} {self('BCE')}"
        return f"{self('c.')} {text}" if date.about else text

    def _year(self, year: int) -> str:
        suffix = {"ja": "年", "zh": "年", "ko": "년"}.get(self.locale.language, "")
        return f"{year}{suffix}"

    def era(self, date: Date) -> str:
        """Return the decade of a date (`1990s`), or its century before 1800."""
        if date.year <= 0:
            return self("Before our era")
        if date.year < 1800:
            return self("%(number)s century") % {"number": self.ordinal((date.year - 1) // 100 + 1)}
        return self("%(year)ss") % {"year": date.year // 10 * 10}

    def ordinal(self, number: int) -> str:
        """Return 1st, 2nd, 18th in English, and the number with a point elsewhere."""
        if self.locale.language == "en" or self.catalogue_name == "en":
            teens = 10 <= number % 100 <= 20
            ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
            return f"{number}{ending}"
        return f"{number}e" if self.locale.language == "fr" else f"{number}."
