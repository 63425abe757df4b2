"""What a Markdown text points at: sources, terms, targets and pictures, where the renderer has them too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate

from markdown_it.common.utils import normalizeReference
from markdown_it.token import Token

from guide.markup.parse import Parsed, read, read_box, read_line
from guide.model.markup import BARE_KEY, Mention, split_key
from guide.model.signs import spans, without_code, without_comments

_SIGNS = re.compile(r"[\[@]|\{[^{}\n]*#")
_ESCAPED = re.compile(r"\\\[[^\[\]\n@]{0,40}\Z")
_TO_PATH = re.compile(r"\(\s*<?")


@lru_cache(maxsize=8192)
def mentions(text: str, language: str, body: bool = False) -> tuple[Mention, ...]:
    """Return what a text points at, in the order in which it is written.

    `body` says that it is the text of a section, and not a field of an item.
    """
    if not _SIGNS.search(text):
        return ()
    parsed = read(text, language, False, not body)
    finder = _Finder(text, parsed.one_line)
    found = _of_blocks(parsed, finder, language)
    return tuple(sorted(found, key=lambda mention: mention.offset))


def _of_blocks(parsed: Parsed, finder: _Finder, language: str) -> Iterator[Mention]:
    notes: Mapping[int, Sequence[Token]] = {}
    for token in parsed.tokens:
        lines = token.map
        if token.type == "notes":
            notes = token.meta["notes"]
        caption = token.meta.get("caption")
        beside = caption.map if caption and lines else None
        yield from _anchor(token, finder, [lines[0], beside[1]] if lines and beside else lines)
        if token.type == "figure":
            yield from _image(token, parsed, finder, lines)
        if token.type == "container_box_open":
            words, _ = read_line(read_box(token.info)[1], language)
            yield from _of_words(words, parsed, finder, lines and [lines[0], lines[0] + 1])
        yield from _of_words(token.children or (), parsed, finder, lines)
        if caption:
            yield from _of_words(caption.children or (), parsed, finder, caption.map)
    for name in parsed.uncalled:
        yield finder.mention("uncalled", name, finder.note(name))
    for note in notes.values():
        first = note[0].map if note and note[0].type == "note_line" else None
        yield from _of_words(note, parsed, finder, first and [first[0], finder.count])


def _of_words(
    tokens: Sequence[Token], parsed: Parsed, finder: _Finder, lines: list[int] | None
) -> Iterator[Mention]:
    """Yield what the words of a line point at."""
    for token in tokens:
        raw = token.meta.get("raw", "")
        if token.type == "cite":
            start = finder.mark(token, lines)
            for citation in token.meta["cluster"]:
                keys = (raw.find(f"@{form}") for form in (citation.key, f"{{{citation.key}}}"))
                at = min((key for key in keys if key >= 0), default=0)
                yield finder.mention("cite", citation.key, start + at)
                finder.taken.add(start + at)
                # `[@a, and @b]` cites one source, and prints the key of the other.
                for key, written in _bare_keys(citation.written):
                    yield finder.mention("bare", key, start + max(raw.find(written), 0))
        elif token.type == "text" and "@" in token.content:
            for key, written in _bare_keys(token.content):
                at = finder.bare(written, lines)
                if not _ESCAPED.search(finder.text, 0, at):  # `\[@a]` is meant as text
                    yield finder.mention("bare", key, at)
        elif "note" in token.meta:
            yield finder.mention("note", token.meta["note"], finder.mark(token, lines))
        elif token.type == "term":
            shown = token.content if token.meta["other"] else ""
            name = " ".join(token.meta["term"].split())
            yield finder.mention("term", name, finder.mark(token, lines) + 2, shown)
        elif token.type == "xref":
            yield finder.mention("ref", token.content, finder.mark(token, lines))
        elif token.type == "image":
            yield from _image(token, parsed, finder, lines)
        yield from _anchor(token, finder, lines)
        # The words for a picture in a line are read aloud: without citations and calls of notes.
        said = (child for child in token.children or () if child.type != "cite")
        yield from _of_words(list(said), parsed, finder, lines)


def _bare_keys(text: str) -> Iterator[tuple[str, str]]:
    """Yield the keys in a text that are not in a citation, each also as written."""
    for match in BARE_KEY.finditer(text):
        yield split_key(match[1])[0], match[0]


def _image(
    token: Token, parsed: Parsed, finder: _Finder, lines: list[int] | None
) -> Iterator[Mention]:
    """Yield a picture, at its path: in its brackets, or where its name is defined."""
    raw, path = token.meta["raw"], str(token.attrs["src"])
    label = len(f"![{token.content}]")
    start = finder.mark(token, lines)
    begins = _TO_PATH.match(raw, label)
    if begins:
        at = start + begins.end()
    else:
        name = normalizeReference(raw[label:].strip("[]") or token.content)
        at = finder.path(path, parsed.definitions.get(name))
    given = frozenset(token.meta.get("given", ()))
    yield finder.mention("image", path, at, token.content, given)


def _anchor(token: Token, finder: _Finder, lines: list[int] | None) -> Iterator[Mention]:
    name = token.attrs.get("id") or token.meta.get("attributes", {}).get("id")
    if name:
        yield finder.mention("anchor", str(name), finder.anchor(str(name), lines))


class _Finder:
    """Finds marks of a text, each where it is written for the first time that is not taken.

    It looks in the text without comments, as it was parsed: `offsets` are those in the text as written.
    """

    def __init__(self, written: str, one_line: bool) -> None:
        self.text = without_comments(written)
        gone = {
            at
            for span in (spans(written) if "<!--" in written else ())
            if span.kind == "comment"
            for at in range(span.start, span.end)
            if written[at] != "\n"
        }
        self.offsets = [at for at in range(len(written) + 1) if at not in gone]
        self.starts = [0, *accumulate(len(line) + 1 for line in self.text.split("\n"))]
        self.count = len(self.starts) - 1
        self.anywhere = one_line  # the text was parsed without the lines before its first
        self.taken: set[int] = set()

    def mention(
        self, kind: str, value: str, at: int, shown: str = "", given: frozenset[str] = frozenset()
    ) -> Mention:
        """Return a mention with its place in the text as written."""
        return Mention(kind, value, self.offsets[at], shown, given)

    def _span(self, lines: list[int] | None) -> tuple[int, int]:
        if lines is None or self.anywhere:
            return 0, len(self.text)
        last = max(lines[1], lines[0] + 1)  # the head of a definition ends where it begins
        return self.starts[min(lines[0], self.count)], self.starts[min(last, self.count)]

    def mark(self, token: Token, lines: list[int] | None) -> int:
        """Return where the mark of a token begins in lines."""
        return self.find(token.meta["raw"], token.meta["before"], lines)

    def find(self, written: str, before: str, lines: list[int] | None) -> int:
        """Return where a mark begins in lines, their beginning if it is not as it was written."""
        first = written.partition("\n")[0]
        start, end = self._span(lines)
        in_cell = first.replace("|", "\\|")
        for prefix, mark in ((before, first), ("", first), ("", in_cell)):
            at = self.text.find(prefix + mark, start, end)
            while at >= 0 and at + len(prefix) in self.taken:
                at = self.text.find(prefix + mark, at + 1, end)
            if at >= 0:
                self.taken.add(at + len(prefix))
                return at + len(prefix)
        return start

    def bare(self, written: str, lines: list[int] | None) -> int:
        """Return where a key outside a citation is, the beginning of the lines if nowhere."""
        start, end = self._span(lines)
        keys = BARE_KEY.finditer(without_code(self.text), start, end)
        found = (key.start() for key in keys if key[0] == written)
        at = next((at for at in found if at not in self.taken), start)
        self.taken.add(at)
        return at

    def note(self, name: str) -> int:
        """Return where a note is written."""
        match = re.search(rf"^[ \t>]*(?=\[\^{re.escape(name)}\]:)", self.text, re.M | re.I)
        return match.end() if match else 0

    def path(self, path: str, lines: list[int] | None) -> int:
        """Return where the path of a picture is defined."""
        start, end = self._span(lines)
        at = self.text.find(path, self.text.find("]:", start, end) + 2, end)
        return at if at >= 0 else start

    def anchor(self, name: str, lines: list[int] | None) -> int:
        """Return where an id is given in braces."""
        start, end = self._span(lines)
        pattern = re.compile(rf"\{{[^{{}}\n]*?#({re.escape(name)})(?![\w:-])")
        found = [match.start(1) for match in pattern.finditer(self.text, start, end)]
        return found[-1] if found else start
