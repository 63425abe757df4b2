"""Numbers after CSL: ordinals, roman numerals, ranges of pages."""

from __future__ import annotations

import re

from citeproc.model import romanize

from guide.markup.csl.style import Style
from guide.markup.csl.terms import Term

_NUMERIC = re.compile(
    r"^[^\W\d]{0,3}[ -]?\d+[^\W\d]{0,4}\.?(?:\s*[,&\-–]\s*[^\W\d]{0,3}\d+[^\W\d]{0,4})*$"
)
_ROMAN = re.compile(
    r"^(?=[ivxlcdm])m*(?:c[md]|d?c{0,3})(?:x[cl]|l?x{0,3})(?:i[xv]|v?i{0,3})$", re.I
)


def is_numeric(value: object) -> bool:
    """Return True if a field is a number, with letters at most before and after it, or several."""
    text = str(value).strip()
    return bool(_NUMERIC.match(text)) and " " not in re.sub(r"\s*[,&\-–]\s*", "", text)


def is_plural(value: object) -> bool:
    """Return True if a field names several things: `12-14`, `3, 5`, `1 & 2`, `ii–iv`."""
    text = str(value).strip()
    if re.search(r"\d\s*(?:,|&|-|–|—|\band\b|\bund\b|\bet\b)\s*[^\W\d]{0,3}\d", text):
        return True
    pieces = re.split(r"\s*(?:,|&|-|–|and)\s*", text)
    return len(pieces) > 1 and all(
        piece and (_ROMAN.match(piece) or piece.isdecimal()) for piece in pieces
    )


def ordinal(number: int, style: Style, gender: str = "") -> str:
    """Return a number with its ordinal suffix in the locale."""
    for name, value, default in (
        (f"ordinal-{number % 100:02d}", number % 100, "last-two-digits"),
        (f"ordinal-{number % 10:02d}", number % 10, "last-digit"),
    ):
        term = _ordinal_term(style, name, gender)
        if term is None:
            continue
        match = term.match or ("last-digit" if value < 10 else "last-two-digits")
        if match == "whole-number" and number != value:
            continue
        if match == "last-two-digits" and default == "last-digit":
            continue
        return f"{number}{term.single}"
    term = _ordinal_term(style, "ordinal", gender)
    return f"{number}{term.single if term else ''}"


def _ordinal_term(style: Style, name: str, gender: str) -> Term | None:
    return style.terms.get((name, "long", gender)) or style.terms.get((name, "long", ""))


def number_text(text: str, form: str, style: Style, gender: str = "") -> str:
    """Return a number in a form of cs:number; what is not numeric stays as it is."""

    def one(match: re.Match[str]) -> str:
        value = int(match[0])
        if form == "ordinal":
            return ordinal(value, style, gender)
        if form == "long-ordinal":
            return style.term(f"long-ordinal-{value:02d}", gender=gender) or ordinal(
                value, style, gender
            )
        if form == "roman" and 0 < value < 6000:
            return str(romanize(value)).lower()
        return match[0]

    if form in {"ordinal", "long-ordinal", "roman"} and len(text) < 400:
        text = re.sub(r"(?<![\w.])\d{1,9}(?![\w.])", one, text)
    text = (
        re.sub(r"(?<=[\w.])\s*[-–]\s*(?=\d)|(?<=\d)\s*-\s*(?=[^\W\d]{0,2}\d)", "–", text)
        if is_numeric(text)
        else text
    )
    text = re.sub(r"\s*,\s*(?=\d)", ", ", text)
    return re.sub(r"(?<=\d)\s*&\s*(?=\d)", " & ", text)


_RANGE = re.compile(r"([^\W\d]*|\w*?[^\W\d])(\d+)(\w*)\s*[-–—]+\s*([^\W\d]*|\w*?[^\W\d])(\d+)(\w*)")


def pages(text: str, rule: str, delimiter: str = "–") -> str:
    """Return page ranges in the style's format: 321–8, 321–28, 321–328."""

    def one(match: re.Match[str]) -> str:
        before, first, letters, head, last, after = match.groups()
        if letters or after or (head and head != before):
            return f"{before}{first}{letters}{delimiter}{head}{last}{after}"
        if len(last) < len(first):
            last = first[: len(first) - len(last)] + last
        if not rule:
            return f"{before}{first}{delimiter}{match[4]}{match[5]}"
        if len(first) != len(last) or int(first) >= int(last):
            return f"{before}{first}{delimiter}{head if rule == 'expanded' else ''}{last}"
        prefix = before if rule == "expanded" else ""
        return f"{before}{first}{delimiter}{prefix}{_shortened(first, last, rule)}"

    joined = re.sub(r"\s*,\s*", ", ", text) if re.search(r"\d\s*,\s*\d", text) else text
    joined = re.sub(r"(?<=\d)\s*&\s*(?=\d)", " & ", joined)
    made = _RANGE.sub(one, joined)
    roman = re.sub(r"\b([ivxlcdm]+)\s*-+\s*([ivxlcdm]+)\b", rf"\1{delimiter}\2", made, flags=re.I)
    return re.sub(r"(?<=\d)\s*-+\s*(?=\d)", delimiter, roman) if rule else roman


def ranged(text: str) -> str:
    """Return a text with the dashes of its number ranges."""
    return re.sub(r"(?<=[\w.])\s*-{1,2}\s*(?=\d)", "–", text)


def _shortened(first: str, last: str, rule: str) -> str:
    common = next((n for n, (a, b) in enumerate(zip(first, last, strict=True)) if a != b), 0)
    if rule == "minimal":
        return last[common:]
    if rule == "minimal-two":
        return last[min(common, max(0, len(last) - 2)) :]
    if rule.startswith("chicago"):
        return _chicago(first, last, common, rule)
    return last


def _chicago(first: str, last: str, common: int, rule: str) -> str:
    number = int(first)
    if number < 100 or number % 100 == 0:
        return last
    if number % 100 < 10:
        return last[common:]
    if len(first) == 4 and rule != "chicago-16" and len(last) - common >= 3:
        return last
    return last[min(common, len(last) - 2) :]
