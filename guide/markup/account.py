"""The account of a text: each word of its source is printed, was consumed on purpose, or is reported.

The source is read by `guide.markup.claims`, which has nothing in common with the Markdown parser; what
is printed is read from the HTML that the parser made. So where the two disagree nothing is lost
silently, whatever the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning
from guide.markup.claims import claims, readings
from guide.markup.consumed import Claims, Word
from guide.markup.visible import VOID, hides, parts
from guide.model.letters import letters

_MOST = 8  # diagnostics of one text
_CHECKED = 1000  # different words that are looked for in other words
_COMPARED = 1_000_000  # pairs of equal words
_SHOWN = 60  # characters of the words that a message quotes
_SURE = 4  # letters of a word that are nowhere by chance
_APART = frozenset(
    "address article aside blockquote body br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6"
    " header hr li ol p pre section table tbody td th thead tr ul".split()
)
_GENERATED = frozenset("cites linkno footnote label gap box-kind missing".split())
_HINT = {
    "": "Write it as plain text: a backslash before a sign such as `$`, `{`, `<`, `|` or `(` takes "
    "away what the sign does.",
    "braces": "Write `\\{` for a brace that is text; after a heading or a picture only `#id`, "
    "`.class` and `key=value` belong in braces.",
    "cell": "The row has more cells than the head of its table: add a column, or write `\\|` for a "
    "bar inside a cell.",
    "note": "Write `[^1]`, with the name of this note, where the text should call it.",
    "money": "Write `\\$` for a dollar sign.",
    "formula": "Check the dollar signs around it; write `\\$` for one that is text.",
    "picture": "Write `![Caption](figures/name.png)` in a paragraph of its own.",
    "title": "Write it in the sentence, or take it out.",
    "sentence": "Markdown takes a line such as `[name]: text` for the address of a link: write `\\[` "
    "for a bracket that is text.",
    "address": "Use it in a link, `[text][name]`, or take it out.",
}
_WEAK = {
    "title": "`{}` is the title of a link or picture, which is not printed",
    "address": "`{}` is an address that no link uses, and is not printed",
}


@dataclass(frozen=True)
class Lost:
    """Words of a source that are not printed: where the first begins, and all of them as written.

    `kind` is formula, picture, one of those of `Claims`, or ''.
    """

    offset: int
    shown: str
    kind: str = ""


@dataclass
class _Printed:
    """What of a text is printed: its words, all its letters together, its formulas and pictures."""

    words: list[str]
    formulas: int
    pictures: int

    @cached_property
    def letters(self) -> str:
        return "".join(self.words)


def _printed(html: str) -> _Printed:
    """Read the HTML of one text; the number of an item of a list is printed before it."""
    pieces: list[str] = []
    opened: list[tuple[str, bool, str]] = []  # name, whether it is set apart, what hides it
    numbers: list[int] = []
    formulas = pictures = 0
    for part in parts(html):
        hidden = opened[-1][2] if opened else ""
        if isinstance(part, str):
            if not hidden:
                pieces.append(part)
            continue
        if part.end:
            if opened and opened[-1][0] == part.name:
                _, apart, _ = opened.pop()
                pieces.append(" " if apart else "")
                if part.name == "ol" and numbers:
                    numbers.pop()
            continue
        given = part.attributes if part.written else {}
        css = set(given.get("class", "").split())
        apart = part.name in _APART or bool(css & _GENERATED)
        if apart:
            pieces.append(" ")
        if part.name == "img":
            formulas += "math" in css
            pictures += "math" not in css
        elif "missing" in css:  # reported where it was found
            formulas += part.name == "code"
            pictures += part.name != "code"
        if part.name == "ol":
            numbers.append(_number(given.get("start"), 1))
        elif part.name == "li" and numbers and opened and opened[-1][0] == "ol":
            numbers[-1] = _number(given.get("value"), numbers[-1])
            pieces.append(f"{numbers[-1]} ")
            numbers[-1] += 1
        if part.name not in VOID:
            opened.append((part.name, apart, hidden or hides(part)))
    words = [word for word in map(letters, "".join(pieces).split()) if word]
    return _Printed(words, formulas, pictures)


def _number(text: str | None, other: int) -> int:
    return int(text) if text and text.lstrip("-").isdecimal() else other


def lost(source: str, html: str, short: bool = False) -> list[Lost]:
    """Return what of a Markdown text is not in the HTML that was made of it, in its order.

    `short` is as for `claims`.
    """
    wanted = claims(source, short, captions="<figcaption" in html)
    printed = _printed(html)
    there = Counter(printed.words)
    missing = Counter(word for word in map(letters, wanted.text.split()) if word) - there
    found = [Lost(offset, raw, kind) for offset, raw, kind in _objects(wanted, printed)]
    if missing:
        found += _runs(_missing(wanted.words(), missing, printed, source), source)
    return sorted(found, key=lambda each: each.offset)


def _objects(wanted: Claims, printed: _Printed) -> Iterable[tuple[int, str, str]]:
    """Yield formulas and pictures that are not drawn; those printed as they are written are text."""
    text = printed.letters
    for kind, found, count in (
        ("formula", wanted.formulas, printed.formulas),
        ("picture", wanted.pictures, printed.pictures),
    ):
        if len(found) > count:
            drawn = [each for each in found if not letters(each[1]) or letters(each[1]) not in text]
            yield from ((offset, raw, kind) for offset, raw in drawn[count:])


def _missing(
    words: Sequence[Word], missing: Counter[str], printed: _Printed, source: str
) -> list[Word]:
    """Return the words that are printed in no other reading and in no other word either."""
    plain = [letters(word.raw) for word in words]
    first = dict(zip(reversed(plain), reversed(words), strict=True))
    all_wanted, all_printed = "\n".join(plain), "\n".join(printed.words)
    left = Counter(missing)
    for each in [*missing][:_CHECKED]:
        word = first[each]
        written = source[word.offset : word.offset + len(word.raw)]
        others = readings(word.raw, written)[1:]
        uses = all_wanted.count(each)
        alike = all_printed.count(each) >= uses  # as parts of words, or over several words
        alike = alike or (len(each) >= _SURE and printed.letters.count(each) >= uses)
        if alike or any(all(part in all_printed for part in reading) for reading in others):
            del left[each]
    found = []
    for number in _unmatched(plain, printed.words) if left else ():
        if left[plain[number]] > 0:
            left[plain[number]] -= 1
            found.append(number)
    return [words[number] for number in sorted(found)]


def _unmatched(wanted: Sequence[str], printed: Sequence[str]) -> list[int]:
    """Return the numbers of all words, those first that have no counterpart in the same order.

    Where words are repeated so often that comparing would take long, the order is the source's.
    """
    there = Counter(printed)
    if sum(there[word] for word in wanted) > _COMPARED:
        return [*range(len(wanted))]
    pairs = SequenceMatcher(None, wanted, printed, autojunk=False).get_matching_blocks()
    matched = {number for pair in pairs for number in range(pair.a, pair.a + pair.size)}
    return sorted(range(len(wanted)), key=lambda number: (number in matched, number))


def _runs(words: Sequence[Word], source: str) -> list[Lost]:
    """Join lost words that follow one another in a line."""
    found: list[list[Word]] = []
    for word in words:
        last = found[-1][-1] if found else None
        between = source[last.offset + len(last.raw) : word.offset] if last else "\n"
        if last and last.kind == word.kind and not between.strip(" \t|") and "\n" not in between:
            found[-1].append(word)
        else:
            found.append([word])
    return [Lost(run[0].offset, _shown(source, run), _kind(source, run)) for run in found]


def _written(source: str, run: Sequence[Word]) -> str:
    return source[run[0].offset : run[-1].offset + len(run[-1].raw)]


def _kind(source: str, run: Sequence[Word]) -> str:
    """Return what tells the remedy for lost words."""
    if run[0].kind:
        return run[0].kind
    return "braces" if _written(source, run).startswith("{") else ""


def _shown(source: str, run: Sequence[Word]) -> str:
    text = " ".join(_written(source, run).split()).strip("*_")
    text = text.strip("`") if text.count("`") % 2 else text
    text = text.strip("[]") if text.count("[") != text.count("]") else text
    return text if len(text) <= _SHOWN else text[:_SHOWN].rsplit(" ", 1)[0] + "…"


def report(found: Sequence[Lost], place: Callable[[int], Place], item: str) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each loss of a text, the first ones; `place` is that of an offset.

    The check of the content reports notes that nothing calls.
    """
    found = [each for each in found if each.kind != "note"]
    for each in found[:_MOST]:
        if each.kind in _WEAK:
            message = _WEAK[each.kind].format(each.shown)
            yield warning("lost-content", message, place(each.offset), _HINT[each.kind], item)
            continue
        of = {"formula": "the formula ", "picture": "the picture "}.get(each.kind, "")
        message = f"{of}`{each.shown}` would not be printed"
        yield error("lost-content", message, place(each.offset), _HINT[each.kind], item)
    if len(found) > _MOST:
        message = f"{len(found) - _MOST} more passages of this text would not be printed"
        yield error("lost-content", message, place(found[_MOST].offset), _HINT[""], item)
