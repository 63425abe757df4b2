"""Names: when two of people, addresses or references are the same, and what is one of a file."""

from __future__ import annotations

import os
import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

from guide.model.letters import fold, unaccented

_TYPO = 0.75  # how alike two spellings of one word are, as difflib measures it
_PART = 3  # letters that a part of a name must have to point to somebody


def readable(name: str) -> str:
    """Return a file's name as text: one of bytes that are no UTF-8 is read as Windows-1252.

    Python keeps such bytes as lone halves of characters, which no database and no PDF takes.
    """
    if name.isascii() or not any("\ud800" <= c <= "\udfff" for c in name):
        return name
    return os.fsencode(name).decode("cp1252", "replace")


@lru_cache(maxsize=100_000)
def fold_ref(text: str) -> str:
    """Return a reference as it is compared: spreadsheets make `12` or `12.0` of `0012`."""
    text = fold(text)
    if re.fullmatch(r"[0-9]+(\.0+)?", text):
        return text.partition(".")[0].lstrip("0") or "0"
    return text


@lru_cache(maxsize=100_000)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name, without accents."""
    return tuple(re.findall(r"\w+", unaccented(fold(name))))


def corrected(before: str, after: str) -> bool:
    """Return True if one name may be a correction of the other: a typo, or a part more or less.

    Words with digits must be the same: `Room 12` is not `Room 13`.
    """
    one, other = words(before), words(after)
    if not one or not other:
        return False
    if {w for w in one if not w.isalpha()} != {w for w in other if not w.isalpha()}:
        return False
    if set(one) <= set(other) or set(other) <= set(one):
        return True
    if len(one) != len(other):
        return False
    different = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(different) == 1 and SequenceMatcher(None, *different[0]).ratio() >= _TYPO


def _words_of(email: str) -> set[str]:
    return set(words(email.partition("@")[0].replace("_", ".")))


def personal(email: str, before: str, after: str) -> bool:
    """Return True if an address has the first name that both names share: it is one person's."""
    one, other = words(before), words(after)
    shared = one[:1] == other[:1] and bool(one) and len(one[0]) >= _PART
    return shared and one[0] in _words_of(email)


def may_be_one(name: str, email: str, other: str, other_email: str) -> bool:
    """Return True if two people without a name or address in common may still be one.

    They share a word of their names, or the address of one has a word of the other's name.
    """
    one, two = set(words(name)), set(words(other))
    local, other_local = (_words_of(each) for each in (email, other_email))
    shared = (one & two) | (one & other_local) | (two & local) | (local & other_local)
    return corrected(name, other) or any(len(w) >= _PART and w.isalpha() for w in shared)


_TAIL = re.compile(r"\b(v(er(sion)?)?|rev|final|draft|copy|kopie|neu|new|edit(ed)?)\b")


def _loose(title: str) -> str:
    """Return a title or a file name without what changes from version to version."""
    text = " ".join(words(re.sub(r"[_\W\d]+", " ", fold(title))))
    return " ".join(_TAIL.sub(" ", text).split())


def alike(one: str, other: str, least: float = 0.75) -> bool:
    """Return True if two titles or file names may be of two versions of one document."""
    first, second = _loose(one), _loose(other)
    if fold(one) == fold(other) or (first and first == second):
        return True
    if not first or not second:
        return False
    return SequenceMatcher(None, first, second).ratio() >= least


_RESERVED = re.compile(r'[<>:"/\\|?*\s]+')  # what Windows, macOS or Linux refuses, and spaces


def safe(text: str, ascii_only: bool = False) -> str:
    """Return text as part of a file name on any system: one that leads nowhere else."""
    if ascii_only:
        text = unaccented(text).encode("ascii", "ignore").decode()
        text = re.sub(r"[^A-Za-z0-9._-]+", "-", text)
    text = "".join(c if c.isprintable() else "-" for c in unicodedata.normalize("NFC", text))
    text = _RESERVED.sub("-", text)
    text = re.sub(r"\.{2,}", ".", text).strip("-. ")
    return text.encode()[:80].decode("utf-8", "ignore").rstrip("-. ")
