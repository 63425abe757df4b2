"""Sorting as a language sorts: its letters in its alphabet, accents and capitals only to break ties.

After the collation charts of CLDR (https://www.unicode.org/reports/tr35/tr35-collation.html). A
letter that an alphabet counts as its own, also one of two signs (`Lj`, `Gj`), has its own place.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from guide.model.letters import parted

# What follows a letter of the plain alphabet, in order; one of several signs is in round brackets.
_AFTER = {
    "sq": "cç d(dh) eë g(gj) l(ll) n(nj) r(rr) s(sh) t(th) x(xh) z(zh)",
    "sh": "cčć d(dž)đ l(lj) n(nj) sš zž",
    "sl": "cčć dđ sš zž",
    "sv": "zåäö", "da": "zæøå", "et": "sšzž wõäöü", "is": "aá dð eé ií oó uú yý zþæöå",
    "pl": "aą cć eę lł nń oó sś zźż", "cs": "cč h(ch) rř sš zž", "sk": "aä cč h(ch) oô sš zž",
    "hu": "c(cs) d(dz)(dzs) g(gy) l(ly) n(ny) oö s(sz) t(ty) uü z(zs)",
    "ro": "aăâ iî sș tț", "lt": "cč sš zž", "lv": "cč gģ kķ lļ nņ rŗ sš zž",
    "es": "nñ", "tr": "cç gğ hı oö sş uü", "az": "cç eə gğ hxı oö sş uü",
}  # fmt: skip
_SAME = {"hr": "sh", "bs": "sh", "sr": "sh", "fi": "sv", "nb": "da", "nn": "da", "no": "da"}
# Letters that one alphabet writes and its neighbour's reader looks up under this one.
_VARIANTS = {
    "sv": {"æ": "ä", "ø": "ö"}, "da": {"ä": "æ", "ö": "ø"}, "hu": {"ő": "ö", "ű": "ü"},
    "ro": {"ş": "ș", "ţ": "ț"}, "et": {"ø": "ö", "æ": "ä"},
}  # fmt: skip
_CYRILLIC = "абвгґғдђѓеєжзѕиіїйјкқлљмнњоөпрстћќуўүфхһцчџшщъыьэюя"
_KEPT = frozenset("йўїѓќ")  # separate letters that Unicode composes of two
_PLAIN = {"đ": "d", "ð": "d", "ł": "l", "ø": "o", "ħ": "h", "ŧ": "t", "ı": "i", "ß": "ss", "æ": "ae",
          "œ": "oe", "þ": "th", "ə": "e"}  # fmt: skip
_FIRST = {"ru", "uk", "be", "bg", "mk", "kk", "ky", "mn", "tg", "tt"}  # Cyrillic before Latin

Weight = tuple[int, str, int]
Key = tuple[tuple[Weight, ...], tuple[str, ...], tuple[bool, ...], str]


@dataclass(frozen=True)
class _Alphabet:
    """The letters that a language adds: each with the letter that it follows, and how far after it."""

    letters: dict[str, tuple[str, int]]
    longest: int
    variants: dict[str, str]
    cyrillic_first: bool
    turkic: bool


@lru_cache
def _alphabet(lang: str) -> _Alphabet:
    parts = lang.lower().replace("_", "-").split("-")
    language = parts[0]
    name = _SAME.get(language, language)
    letters: dict[str, tuple[str, int]] = {}
    for group in _AFTER.get(name, "").split():
        base, at, place = group[0], 1, 0
        while at < len(group):
            end = group.find(")", at) if group[at] == "(" else at
            place += 1
            letters[group[at : end + 1].strip("()")] = (base, place)
            at = end + 1
    first = language in _FIRST or (language == "sr" and "latn" not in parts)
    longest = max(map(len, letters), default=1)
    return _Alphabet(letters, longest, _VARIANTS.get(name, {}), first, name in {"tr", "az"})


@lru_cache(maxsize=4096)
def sort_key(text: str, lang: str) -> Key:
    """Return a key that sorts a text as its language does."""
    alphabet = _alphabet(lang)
    primary: list[Weight] = []
    accents: list[str] = []
    folded = _folded(text, alphabet)
    at = 0
    while at < len(folded):
        unit = _unit(folded, at, alphabet)
        at += len(unit)
        weights, accent = _weights(unit, alphabet)
        primary += weights
        accents.append(accent)
    capitals = tuple(char.isupper() for char in text)
    return tuple(primary), tuple(accents), capitals, text


def initial(text: str, lang: str) -> str:
    """Return the letter under which an index lists a word, `#` for a word without one."""
    alphabet = _alphabet(lang)
    folded = _folded(text, alphabet)
    if not folded or not folded[0].isalpha():
        return "#"
    unit = _unit(folded, 0, alphabet)
    if unit not in alphabet.letters:
        unit = _base(unit)[0][:1]
    head = "İ" if alphabet.turkic and unit == "i" else unit[0].upper()
    return head + unit[1:]


def _folded(text: str, alphabet: _Alphabet) -> str:
    """Return a text in small letters, without the marks before its first letter."""
    composed = unicodedata.normalize("NFC", text)
    if alphabet.turkic:
        composed = composed.replace("I", "ı").replace("İ", "i")
    small = unicodedata.normalize(
        "NFC", "".join(char if char == "ß" else char.casefold() for char in composed)
    )
    for other, own in alphabet.variants.items():
        small = small.replace(other, own)
    start = next((n for n, char in enumerate(small) if char.isalnum()), 0)
    return small[start:]


def _unit(text: str, at: int, alphabet: _Alphabet) -> str:
    """Return the letter that begins here: the longest that the alphabet knows."""
    for length in range(alphabet.longest, 1, -1):
        if text[at : at + length] in alphabet.letters:
            return text[at : at + length]
    return text[at]


def _weights(unit: str, alphabet: _Alphabet) -> tuple[list[Weight], str]:
    own = alphabet.letters.get(unit)
    if own:
        return [(_script(own[0], alphabet), own[0], own[1])], ""
    plain, accent = _base(unit)
    return [_weight(char, alphabet) for char in plain], accent


def _base(unit: str) -> tuple[str, str]:
    """Return a letter without its accent, and the accent."""
    if unit in _KEPT:
        return unit, ""
    if unit in _PLAIN:
        return _PLAIN[unit], unit
    plain, accents = parted(unit)
    return plain or unit, accents


def _weight(char: str, alphabet: _Alphabet) -> Weight:
    if char.isspace():
        return 0, "", 0
    if not char.isalnum():
        return 1, char, 0
    if char.isdecimal():
        return 2, "", unicodedata.decimal(char)
    at = _CYRILLIC.find(char)
    if at >= 0:
        return _script(char, alphabet), "\u0430", at
    return _script(char, alphabet), char, 0


def _script(char: str, alphabet: _Alphabet) -> int:
    """Return where the script of a letter is: the language's own comes first."""
    cyrillic = "\u0400" <= char <= "\u052f"
    return 3 if cyrillic and alphabet.cyrillic_first else 4
