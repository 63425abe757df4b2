"""A document's markup cut where its templates mark a part: text in, text out, nothing is laid out.

`data-part` marks an element of the body that begins a page. Each part is then a document: all that is
around it, itself, and an empty element in place of each other element of the body, so that selectors
such as `:first-of-type` and `+` mean the same. Whether it does begin a page is seen when it is laid out.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

MARK = "data-part"
_BODY = re.compile(r"<body\b(?:\"[^\"]*\"|'[^']*'|[^'\">])*>", re.I)
_ABOUT = re.compile(
    r"<title\b.*?</title\s*>|<meta\s+name=(?:\"[^\"]*\"|'[^']*'|[^'\">])*>", re.I | re.S
)
_END = re.compile(r"</body\s*>\s*</html\s*>\s*\Z", re.I)
_ATTRIBUTES = r"(?:\"[^\"]*\"|'[^']*'|[^'\">])*"
_TOP = re.compile(rf"<!--.*?-->|<(/?)([a-zA-Z][^\s/>]*)({_ATTRIBUTES})>", re.S)
_RAW = r"<!--.*?-->|<(?:script|style|textarea|title)\b.*?</(?:script|style|textarea|title)\s*>"
_ATTRIBUTE = re.compile(r"([^\s=/\"']+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_RAW_TEXT = frozenset("script style textarea title".split())
_LOST = {"id", "name", "data-at", MARK}  # attributes that an element in another's place has not


@dataclass(frozen=True)
class Cut:
    """A document in parts: what is before all, the parts, what is after them.

    `tops` are for each part the starts of its top elements: their name and their attributes.
    """

    head: str
    parts: tuple[str, ...]
    tops: tuple[tuple[tuple[str, str], ...], ...]
    tail: str

    def markup(self, number: int) -> str:
        """Return the document of one part."""
        before = "".join(
            _placed(top, "data-elsewhere") for part in self.tops[:number] for top in part
        )
        after = [top for part in self.tops[number + 1 :] for top in part]
        next_one = _placed(after[0], "data-next") if after else ""
        rest = "".join(_placed(top, "data-elsewhere") for top in after[1:])
        head = self.head if not number else self.bare_head
        return "".join([head, before, self.parts[number], next_one, rest, self.tail])

    @property
    def bare_head(self) -> str:
        """What is before the content, without what is said of the document as a whole."""
        return _ABOUT.sub("", self.head)

    @property
    def frame(self) -> str:
        """The document without its content."""
        return self.bare_head + self.tail

    def merged(self, number: int) -> Cut:
        """Return the document with a part and the one after it in one."""
        n = number + 1
        parts = (*self.parts[:number], self.parts[number] + self.parts[n], *self.parts[n + 1 :])
        tops = (*self.tops[:number], self.tops[number] + self.tops[n], *self.tops[n + 1 :])
        return replace(self, parts=parts, tops=tops)


def cut(markup: str) -> Cut | None:
    """Return a document in its parts; None for one that is not to be cut."""
    if f" {MARK}" not in markup:
        return None
    body, end = _BODY.search(markup), _END.search(markup)
    if body is None or end is None:
        return None
    inside = markup[body.end() : end.start()]
    found = list(_elements(inside))
    marked = [n for n, top in enumerate(found) if top is not None and _is_marked(top.attributes)]
    if None in found or len(marked) < 2:
        return None
    tops = [top for top in found if top is not None]
    firsts = marked[1:]  # what is before the second mark is the first part
    begins = [0, *(tops[n].start for n in firsts), len(inside)]
    numbers = [0, *firsts, len(tops)]
    return Cut(
        markup[: body.end()],
        tuple(inside[a:b] for a, b in itertools.pairwise(begins)),
        tuple(
            tuple((top.name, top.attributes) for top in tops[a:b])
            for a, b in itertools.pairwise(numbers)
        ),
        markup[end.start() :],
    )


@dataclass(frozen=True)
class _Top:
    start: int
    name: str
    attributes: str


def _elements(text: str) -> Iterator[_Top | None]:
    """Yield the elements that a text has side by side; None for what cannot be told apart."""
    at = 0
    while (match := _TOP.search(text, at)) is not None:
        at = match.end()
        if match[2] is None:
            continue
        name = match[2].lower()
        if match[1]:
            yield None
            return
        yield _Top(match.start(), name, match[3])
        if name in _VOID or match[3].endswith("/"):
            continue
        end = _end(text, at, name)
        if end is None:
            yield None
            return
        at = end


def _end(text: str, at: int, name: str) -> int | None:
    """Return where an element ends that begins before `at`."""
    if name in _RAW_TEXT:
        match = re.compile(rf"</{name}\s*>", re.I).search(text, at)
        return match.end() if match else None
    depth = 1
    for match in re.compile(
        rf"{_RAW}|<(/?){re.escape(name)}(?![^\s/>]){_ATTRIBUTES}>", re.S | re.I
    ).finditer(text, at):
        if match[1] is None:
            continue
        depth += -1 if match[1] else 1
        if not depth:
            return match.end()
    return None


def _is_marked(attributes: str) -> bool:
    return any(name == MARK for name, _ in _ATTRIBUTE.findall(attributes))


def _placed(top: tuple[str, str], role: str) -> str:
    """Return an empty element in the place of another."""
    name, attributes = top
    kept = [
        key + (f"={value}" if value else "")
        for key, value in _ATTRIBUTE.findall(attributes)
        if key not in _LOST
    ]
    start = "<" + " ".join([name, *kept, role]) + ">"
    return start if name in _VOID else f"{start}</{name}>"
