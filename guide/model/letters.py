"""Every folding of texts and names, so that two parts of guide agree on which of them are the same.

From the least folded to the most: `composed`, `visible`, `same_name`, `same_label`, `fold`, `unaccented`, `letters`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_KEPT = {"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Sm", "Sc", "So"}
# Zero-width characters and soft hyphens leave nothing on paper.
UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
_WORD = re.compile(r"\w+")


class _Folds(dict[int, str]):
    """What each character is folded to, found when it is first met."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKC", chr(code)).casefold()
        parts = unicodedata.normalize("NFKD", plain)
        kept = "".join(c for c in parts if unicodedata.category(c) in _KEPT)
        self[code] = kept = kept.replace("ı", "i").replace("ς", "σ")
        return kept


_FOLDS = _Folds()


def letters(text: str) -> str:
    """Return a text without what hyphenation, justification, ligatures, capitals and quotes change.

    Letters, digits and signs are kept, after NFKC, case folding and NFKD (Unicode Standard Annex
    15); accents, punctuation, hyphens and space go. So a line broken at a hyphen reads like the
    word, `ﬁ` like `fi`, `STRASSE` like `Straße`.
    """
    return text.translate(_FOLDS)


def composed(name: str) -> str:
    """Return a name for comparing: each accent in its letter (NFC), and no soft hyphens.

    Keyboards and files of macOS part accents from letters; a soft hyphen says where a long name may
    be broken.
    """
    return name if name.isascii() else unicodedata.normalize("NFC", name.replace("\u00ad", ""))


def visible(text: str) -> str:
    """Return a text composed (NFC), with single spaces and without signs that nobody sees."""
    return " ".join(unicodedata.normalize("NFC", UNSEEN.sub("", text)).split())


def same_name(name: str) -> str:
    """Return a name for comparing: capitals, the form of accents and soft hyphens do not count."""
    return composed(name).casefold()


def same_label(text: str) -> str:
    """Return a label of several words for comparing: as `same_name`, whatever blanks are in it."""
    return same_name(" ".join(text.split()))


@lru_cache(maxsize=100_000)
def fold(text: str) -> str:
    """Return text as people and addresses are compared: as `same_label`, in any form of a letter (NFKC).

    Full-width letters are the usual ones, and no sign that nobody sees counts.
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    if not text.isascii():
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.split())


def parted(text: str) -> tuple[str, str]:
    """Return a text without its accents, and the accents (NFKD)."""
    apart = unicodedata.normalize("NFKD", text)
    marks = "".join(filter(unicodedata.combining, apart))
    return ("".join(c for c in apart if not unicodedata.combining(c)) if marks else apart), marks


def unaccented(text: str) -> str:
    """Return a text without accents: `Niederschläge` is the plural of `Niederschlag`."""
    return parted(text)[0]


def tokens(text: str) -> list[str]:
    """Return the words and numbers of a plain text, in order, without capitals."""
    return [word.casefold() for word in _WORD.findall(unicodedata.normalize("NFC", text))]
