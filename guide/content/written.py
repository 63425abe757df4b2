"""Rules over texts as they are written: marks that print as marks, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from guide.content.references import placed_mentions
from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning
from guide.model.base import Item
from guide.model.content import MatchQuestion, ShortQuestion
from guide.model.markup import are_attributes, placed_texts
from guide.model.pack import Pack
from guide.model.signs import REMEDIES, foreign_tags, open_comment, without_code

Found = Iterator[Diagnostic]
_NOTE = re.compile(r"\[\^([^\]\s]+)\](:)?")
_BRACES = re.compile(r"(?<!\\)\{([^{}\n]*[#.][^{}\n]*)\}")
_REFERRED = ("fig-", "sec-", "tbl-")


@dataclass(frozen=True)
class Written:
    """A text of a pack: whose it is, and where each of its letters was written."""

    text: str
    item: str
    place: Callable[[int], Place]
    body: bool = False


def check_written(pack: Pack) -> Found:
    """Yield what is printed as marks because it is no Markdown."""
    language, summary = pack.manifest.language, pack.manifest.summary
    anchors = {
        mention.value
        for item in pack.items
        for mention, _ in placed_mentions(item, language)
        if mention.kind == "anchor" and not mention.value.startswith(_REFERRED)
    }
    if summary:
        about = Written(summary, "", partial(pack.at("summary").inside, summary))
        yield from _marks(about)
        yield from _references(about, anchors)
    for item in pack.items:
        yield from marks_of(item)
        for written in _written(item) if anchors else ():
            yield from _references(written, anchors)


def marks_of(item: Item) -> tuple[Diagnostic, ...]:
    """Return what the texts of an item print as marks, whatever else the pack has."""

    def found() -> tuple[Diagnostic, ...]:
        return tuple(problem for written in _written(item) for problem in _marks(written))

    return item.once("marks", found, lasting=True)


def _marks(written: Written) -> Found:
    yield from _tags(written)
    yield from _comments(written)
    yield from _braces(written)
    if not written.body:
        yield from _notes(written)


def _written(item: Item) -> Iterator[Written]:
    """Yield every text of an item that is Markdown."""
    for name, text, place in placed_texts(item):
        yield Written(text, item.id, place, body=name == "body")
    for name, text in _more(item):
        yield Written(text, item.id, partial(item.at(name).inside, text))


def _more(item: Item) -> Iterator[tuple[str, str]]:
    if isinstance(item, ShortQuestion):
        yield "answer", item.answer
    if isinstance(item, MatchQuestion):
        for left, right in item.pairs.items():
            yield f"pairs.{left}", left
            yield f"pairs.{left}", right


def _tags(written: Written) -> Found:
    for name, at in foreign_tags(written.text):
        message = f"`<{name}>` is a tag of HTML, and is printed as text"
        hint = REMEDIES.get(name, "Delete the tag, and keep its text.")
        yield warning("html-tag", message, written.place(at), hint, written.item)


def _comments(written: Written) -> Found:
    at = open_comment(written.text)
    if at >= 0:
        hint = "Write --> where the comment ends."
        message = "the comment that begins here is never closed, and is printed"
        yield error("unclosed-block", message, written.place(at), hint, written.item)


def _braces(written: Written) -> Found:
    """Find braces with an id or a class that belong to nothing; a field has no ids."""
    if "{" not in written.text:
        return
    plain = without_code(written.text)
    for match in _BRACES.finditer(plain):
        line = plain[plain.rfind("\n", 0, match.start()) + 1 : match.start()]
        follows = plain[match.start() - 1 : match.start()] in {")", "]"}
        attached = follows or (written.body and _is_attached(plain, match))
        code = written.text[match.start() - 1 : match.start()] == "`"
        if are_attributes(match[1]) and not attached and not code and ":::" not in line:
            hint = "Put it at the end of a heading, a paragraph or a caption, or after a picture."
            if not written.body:
                hint = "Delete it: only what is in a section can be referred to."
            message = f"`{match[0]}` belongs to nothing here, and is printed"
            yield warning("stray-mark", message, written.place(match.start()), hint, written.item)


def _is_attached(text: str, match: re.Match[str]) -> bool:
    """Return True if braces follow a picture, a link or code, or end a line."""
    end = text.find("\n", match.end())
    rest = text[match.end() : end if end >= 0 else len(text)]
    return text[match.start() - 1 : match.start()] in {")", "]"} or not rest.strip(" \t|")


def _references(written: Written, anchors: set[str]) -> Found:
    """Find references by number to what has none."""
    if "@" not in written.text or not anchors:
        return
    plain = without_code(written.text)
    for match in re.finditer(r"(?<![\w@/.\[-])@([A-Za-z][\w:-]*)", plain):
        name = match[1].rstrip("-_:")
        if name in anchors:
            message = f"`{name}` is a paragraph or heading without a number"
            hint = (
                f"Write [words](#{name}); only figures, tables and sections are referred to with @."
            )
            yield error("bad-reference", message, written.place(match.start()), hint, written.item)


def _begins_a_line(match: re.Match[str]) -> bool:
    text = match.string
    return not text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip()


def _notes(written: Written) -> Found:
    """Find calls of footnotes in a field that does not hold the note, and notes without a call."""
    plain = without_code(written.text)
    found = list(_NOTE.finditer(plain))
    there = {match[1] for match in found if match[2]}
    called = {match[1] for match in found if not match[2] or not _begins_a_line(match)}
    for match in found:
        # A text of one line has no notes: there it is printed as it is written.
        if match[2] and match[1] not in called and "\n" in plain.strip():
            message = f"the footnote `[^{match[1]}]` is never called, and not printed"
            hint = f"Put [^{match[1]}] where it belongs, or delete it."
            place = written.place(match.start())
            yield warning("unused-footnote", message, place, hint, written.item)
        if not match[2] and match[1] not in there:
            message = f"there is no footnote `[^{match[1]}]` in this text, and the mark is printed"
            hint = f"Write it in the same text, on a separate line: [^{match[1]}]: note"
            yield warning(
                "bad-reference", message, written.place(match.start()), hint, written.item
            )
