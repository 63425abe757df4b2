"""Cards whose front gives the answer away, by what their author wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic, Place, warning
from guide.markup.mentions import mentions
from guide.model import cloze
from guide.model.alike import gives_away, words
from guide.model.content import Card, Figure
from guide.model.letters import tokens
from guide.model.pack import Pack

_BOLD = re.compile(r"\*\*(.+?)\*\*|__(.+?)__", re.S)
_SILENT = re.compile(r"\]\([^)]*\)|\[[^\[\]]*@[^\[\]]*\]|\{[#.][^{}]*\}")
_WORD = re.compile(r"\w+")
_AGAIN = (
    "Give both the same number, `{{c1::...}}`, and one card asks for both; or write the text without "
    "the answer."
)
_LABEL = re.compile(r"<(text|title|desc)\b[^>]*>(.*?)</\1>", re.S)
_TAG = re.compile(r"<[^>]*>")
_SHORT = 12  # words of an answer that are the answer; a longer one has other words as well
_PHRASE = 6  # words of an answer that a hint may repeat
_TELLING = 4  # letters of a word that tells something; names and numbers may be shorter
_NUMBER = 2  # digits of a number that a hint must not repeat
_BESIDE = 3  # letters or digits of an answer that the words beside its gap must not repeat
_CODE = re.compile(r"`[^`]*`|\$[^$]*\$")


@dataclass(frozen=True)
class _Asked:
    """What a card asks on its front: the question, the answers, the hints inside the question."""

    question: str
    answers: tuple[str, ...]
    hints: tuple[str, ...] = ()


def spoilers(pack: Pack) -> Iterator[Diagnostic]:
    """Yield a warning for each hint or picture on a front that has the answer in it."""
    for card in pack.cards:
        told = set[str]()
        for asked in _asked(card):
            for place, what, hint in _given_away(card, asked, pack):
                if what not in told:
                    told.add(what)
                    yield warning("spoiler", f"{what} gives the answer away", place, hint, card.id)


def _given_away(card: Card, asked: _Asked, pack: Pack) -> Iterator[tuple[Place, str, str]]:
    if card.hint and _says(card.hint, asked):
        yield card.at("hint"), "the hint", "Hint at the answer without saying it."
    for hint in asked.hints:
        if _says(hint, asked):
            yield card.at("cloze"), f"the hint `{hint}`", "Hint at the answer without saying it."
    if card.cloze and (again := _beside(asked)):
        yield card.at("cloze"), f"the text beside the gap says `{again}` again and", _AGAIN
    inline = [
        m.value
        for m in mentions(card.front or card.cloze, pack.manifest.language)
        if m.kind == "image"
    ]
    own = card.image if card.image_side == "front" else ""
    for path in filter(None, (own, *inline)):
        figure = pack.picture(path)
        word = _shown(figure, asked) if figure else ""
        if word:
            place = card.at("image" if path == card.image else "front" if card.front else "cloze")
            hint = "Print it on the back (`image_side: back`), or take the label out of it."
            yield place, f"the picture {path}, which says `{word}`,", hint


def _asked(card: Card) -> list[_Asked]:
    if not card.cloze:
        bold = tuple(one or other for one, other in _BOLD.findall(card.back))
        back = _plain(card.back)
        return [_Asked(_plain(card.front), bold or ((back,) if _count(back) <= _SHORT else ()))]
    found = []
    for side in cloze.sides(card.cloze):
        answers = tuple(cloze.answers(card.cloze, side.number))
        found.append(
            _Asked(_plain(cloze.without_hints(side.front)), answers, tuple(cloze.hints(side.front)))
        )
    return found


def _beside(asked: _Asked) -> str:
    """Return an answer that the text around its gap says as well, or ''.

    That is a name, a number of several digits or a word that is not short: `{{2}} + 2` and `{{the}}
    river` are as their author wants them.
    """
    beside = tokens(asked.question)
    for answer in asked.answers:
        plain = " ".join(_plain(_CODE.sub(" ", answer)).split())
        wanted = tokens(plain)
        telling = any(map(_tells, _WORD.findall(plain)))
        if wanted and telling and _within(wanted, beside):
            return plain.strip("*_")
    return ""


def _tells(word: str) -> bool:
    return len(word) >= (_BESIDE if word[0].isupper() or word[0].isdigit() else _TELLING)


def _says(hint: str, asked: _Asked) -> bool:
    """Return True if a hint repeats a short answer word for word."""
    said, question = tokens(hint), tokens(asked.question)
    for answer in asked.answers:
        wanted = tokens(_plain(answer))
        if len(wanted) == 1 and gives_away(hint, asked.question, wanted[0]):
            return True
        if 1 < len(wanted) <= _PHRASE and _within(wanted, said) and not _within(wanted, question):
            return True
        numbers = {each for each in wanted if len(each) >= _NUMBER and each.isdecimal()}
        if len(wanted) <= _PHRASE and not (numbers - {*question}).isdisjoint(said):
            return True
    return False


def _shown(figure: Figure, asked: _Asked) -> str:
    """Return a word of the answer that a picture shows, or '' if it shows none."""
    labels = words(_labels(figure))
    known = words(asked.question)
    for answer in asked.answers:
        plain = _plain(answer)
        several = _WORD.findall(plain) if _count(plain) <= _SHORT else []
        for number, word in enumerate(several):
            # The capital of an answer's first word says nothing: A thing, The Danube.
            first = number == 0 and len(several) > 1 and (len(word) == 1 or not word.isupper())
            telling = len(word) >= _TELLING or word[0].isdigit() or word[0].isupper() > first
            if telling and word.casefold() in labels and word.casefold() not in known:
                return str(word)
    return ""


def _labels(figure: Figure) -> str:
    """Return the words of a picture: those of its labels, or of a chart's titles and data."""
    if figure.format == "svg":
        source = figure.data.decode("utf-8", "replace")
        inner = [inner for _, inner in _LABEL.findall(source)]
        # A word may be cut into several <tspan>, and so may a line.
        parts = [unescape(_TAG.sub(by, each)) for each in inner for by in (" ", "")]
        return " ".join([figure.alt, *parts])
    if figure.format == "chart":
        return " ".join([figure.alt, *_strings(figure.spec)])
    return figure.alt


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def _plain(text: str) -> str:
    """Return a Markdown text without addresses and citations."""
    return _SILENT.sub(" ", text)


def _count(text: str) -> int:
    return len(tokens(text))


def _within(wanted: list[str], tokens: list[str]) -> bool:
    size = len(wanted)
    return any(tokens[n : n + size] == wanted for n in range(len(tokens) - size + 1))
