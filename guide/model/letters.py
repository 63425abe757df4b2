"""Text reduced to what survives any setting: letters, digits and signs, folded."""

from __future__ import annotations

import unicodedata

_KEPT = {"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Sm", "Sc", "So"}


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
