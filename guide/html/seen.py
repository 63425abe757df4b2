"""HTML as a reader sees it: its runs of text, and whether a word can be read in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape

from guide.model.letters import visible

TAG = re.compile(r"""(<!--.*?-->|<(?:[^<>"']|"[^"]*"|'[^']*')*>)""", re.S)
_NAME = re.compile(r"<(/?)([a-zA-Z][\w-]*)")
_CLASS = re.compile(r'\bclass="([^"]*)"')
_WORDS = re.compile(r'\s(?:alt|title|aria-label)="([^"]*)"')
_VOID = {"img", "br", "hr", "input", "wbr"}
_IN_LINE = {"a", "abbr", "b", "code", "del", "dfn", "em", "i", "img", "ins", "mark", "s", "small",
            "span", "strong", "sub", "sup", "u", "wbr"}  # fmt: skip
_PICTURE = re.compile(rb"<(text|title|desc)\b[^>]*>(.*?)</\1>", re.S)
_WHOLE = 5  # letters from which a word with an ending, `enclaves`, gives away the one without


@dataclass(frozen=True)
class Run:
    """A text between two tags: `around` are its elements, each a name and its classes."""

    text: str
    around: tuple[tuple[str, frozenset[str]], ...]

    def inside(self, names: Iterable[str], classes: Iterable[str] = ()) -> bool:
        """Return True if one of the elements around it has one of the names or classes."""
        wanted, marks = set(names), set(classes)
        return any(name in wanted or not marks.isdisjoint(own) for name, own in self.around)


def cut(html: str) -> list[str]:
    """Return texts and tags in turn: the first, third and so on are texts, in which `&amp;` is kept."""
    return TAG.split(html)


def runs(parts: Sequence[str]) -> Iterator[Run]:
    """Yield the texts of `cut`, without the escapes of HTML."""
    stack: list[tuple[str, frozenset[str]]] = []
    for number, part in enumerate(parts):
        if number % 2 == 0:
            yield Run(unescape(part), tuple(stack))
            continue
        match = _NAME.match(part)
        if match is None:
            continue
        name = match[2].lower()
        if match[1]:
            while stack and stack.pop()[0] != name:
                pass
        elif name not in _VOID and not part.endswith("/>"):
            classes = _CLASS.search(part)
            stack.append((name, frozenset(classes[1].split() if classes else ())))


def words_of(html: str) -> str:
    """Return what can be read in HTML: its texts, and what its pictures are said to show."""
    return visible("".join(_words(cut(html))))


def _words(parts: Sequence[str]) -> Iterator[str]:
    for number, part in enumerate(parts):
        if number % 2 == 0:
            yield unescape(part)
            continue
        match = _NAME.match(part)
        yield "" if match and match[2].lower() in _IN_LINE else " "
        for found in _WORDS.findall(part):
            yield f" {unescape(found)} "


def words_of_picture(svg: bytes) -> str:
    """Return the labels, title and description of an SVG."""
    found = (text for _, text in _PICTURE.findall(svg))
    plain = (TAG.sub("", text.decode("utf-8", "replace")) for text in found)
    return visible(" ".join(map(unescape, plain)))


class Page:
    """Everything that can be read on a sheet, to be asked how often a word is in it."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.text = " \n ".join(texts)
        self.lower = self.text.casefold()

    def count(self, word: str) -> int:
        """Return how often a word can be read.

        In capitals it counts as written alone, or with an `s`; a longer word counts with any ending
        as well, a number only whole.
        """
        exact = word.isupper()
        text, wanted = (self.text, word) if exact else (self.lower, word.casefold())
        found, at = 0, text.find(wanted)
        while at >= 0 and wanted:
            end = at + len(wanted)
            found += _begins(text, at) and _ends(text, end, wanted, exact)
            at = text.find(wanted, end)
        return found


def _begins(text: str, at: int) -> bool:
    before = text[at - 1 : at]
    if before.isalnum():
        return False
    in_number = text[at].isdigit() and before in {",", "."} and text[at - 2 : at - 1].isdigit()
    return not in_number


def _ends(text: str, end: int, word: str, exact: bool) -> bool:
    after, following = text[end : end + 1], text[end + 1 : end + 2]
    if word[-1].isdigit():
        return not (after.isdigit() or (after in {",", "."} and following.isdigit()))
    if not after.isalnum():
        return True
    if exact:
        return after == "s" and not following.isalnum()
    return len(word) >= _WHOLE
