"""Texts that a reader cannot tell apart, and words on the front of a card that give its answer away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import unescape

from guide.model.letters import UNSEEN, tokens, unaccented, visible

# What is printed as it is written: code, formulas and pictures.
_WHOLE = re.compile(
    r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)|\$\$?[^$\n]+\$\$?|!\[[^\]]*\]\([^)]*\)", re.S
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_PRIVATE = 0xF0000  # a plane for private use: an escaped sign waits there until the marks are gone
_MARKS = (
    (re.compile(r"<!--.*?-->", re.S), ""),
    (re.compile(r"\[\[(?:[^\[\]|\n]+\|)?([^\[\]|\n]+)\]\]"), r"\1"),  # a glossary link
    (re.compile(r"\[(?=[^\[\]]*@\w)[^\[\]]*\](?![(\[{:])"), ""),  # a citation
    (re.compile(r"\[([^\[\]]*)\]\([^)\n]*\)"), r"\1"),  # a link
    (re.compile(r"(?<![*\w])\*{1,3}(?=[^\s*])(.+?)(?<=[^\s*])\*{1,3}(?![*\w])", re.S), r"\1"),
    (re.compile(r"(?<![_\w])_{1,3}(?=[^\s_])(.+?)(?<=[^\s_])_{1,3}(?![_\w])", re.S), r"\1"),
)
_SIGNS = str.maketrans(dict.fromkeys("‘’‚‛", "'") | dict.fromkeys("“”„‟«»", '"') | {"…": "..."})
_HYPHENS = str.maketrans({"\u2010": "-", "\u2011": "-"})
_DASHES = ((re.compile(r"(?<!-)---(?!-)"), "—"), (re.compile(r"(?<!-)--(?!-)"), "–"))
LONGEST = 2000  # characters of a text whose markup is read: nobody repeats a longer one by mistake
LEAST = 4  # characters of texts that may differ by capitals by mistake: `mW` and `MW` are two units


@lru_cache(maxsize=65_536)
def printed(text: str) -> str:
    """Return a Markdown text reduced to what a reader can tell apart.

    Emphasis, links, citations and escapes are dropped, quote marks and dashes are those that the
    typographer prints, white space is one space, and the characters are composed (NFC, Unicode
    Standard Annex 15). Capitals, sub- and superscripts, code and formulas stay.
    """
    marked = _plain(text) if len(text) <= LONGEST else (text,)
    plain = "".join(marked).translate(_SIGNS).translate(_HYPHENS)
    for pattern, dash in _DASHES:
        plain = pattern.sub(dash, plain)
    return visible(plain)


def _plain(text: str) -> Iterator[str]:
    """Yield a text without markup; code and formulas as they are."""
    last = 0
    for match in _WHOLE.finditer(text):
        yield _unmarked(text[last : match.start()])
        yield match[2] if match[1] else match[0]
        last = match.end()
    yield _unmarked(text[last:])


def _unmarked(text: str) -> str:
    text = _ESCAPED.sub(lambda match: chr(_PRIVATE + ord(match[1])), text)
    for pattern, kept in _MARKS:
        text = pattern.sub(kept, text)
    return "".join(
        chr(ord(c) - _PRIVATE) if _PRIVATE <= ord(c) < _PRIVATE + 128 else c for c in unescape(text)
    )


def repeated(texts: Iterable[str]) -> Iterator[tuple[int, int, bool]]:
    """Yield each text that prints like one before it: its number, that of the first, whether exactly.

    Texts of four letters or more that differ by capitals alone are yielded too, as not exact.
    """
    exact: dict[str, int] = {}
    folded: dict[str, int] = {}
    for number, text in enumerate(texts):
        plain = printed(text)
        fold = plain.casefold()
        if plain in exact:
            yield number, exact[plain], True
        elif len(plain) >= LEAST and fold in folded:
            yield number, folded[fold], False
        exact.setdefault(plain, number)
        folded.setdefault(fold, number)


_ENDS = re.compile(r"[.!?…:;؟।。！？]['\"’”“»«)\]]*$")
_IDEOGRAPHIC = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]$")


def end_of(text: str) -> str:
    """Return the sign that ends a text before a sentence that goes on: a full stop, or ''."""
    plain = UNSEEN.sub("", text).rstrip().rstrip("*_`").rstrip()
    if not plain or _ENDS.search(plain):
        return ""
    return "。" if _IDEOGRAPHIC.search(plain) else "."


_STEM, _ENDING = 5, 3  # letters: `Glacier` is in `Glaciers`


def words(text: str) -> set[str]:
    """Return the words and numbers of a plain text, whatever their case."""
    return set(tokens(text))


def gives_away(text: str, question: str, answer: str) -> bool:
    """Return True if a text has a word of the answer, in another form maybe, that the question lacks."""
    secret = [unaccented(word) for word in words(answer) - words(question)]
    return any(_akin(unaccented(one), other) for one in words(text) for other in secret)


def _akin(one: str, other: str) -> bool:
    """Return True for one word, or for two that differ in their ending alone."""
    short, long = sorted((one, other), key=len)
    if short == long:
        return True
    return len(short) >= _STEM and len(long) - len(short) <= _ENDING and long.startswith(short)
