"""A section's text with gaps: key terms are taken out, numbered, and listed for the key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from markupsafe import Markup, escape

from guide.html.seen import Page, Run, cut, runs, words_of
from guide.markup.glossary import Linker
from guide.model.letters import visible

MOST_OFTEN = 3  # a term that the text has more often would leave it full of holes
APART = 60  # characters of text from one gap to the next
_TEXT = {"p", "li", "dd", "td", "blockquote"}
_CLOSED = {"h1", "h2", "h3", "h4", "h5", "h6", "figcaption", "th", "code", "pre", "a", "sup", "sub",
           "dt", "svg", "math"}  # fmt: skip
_CLOSED_CLASSES = {"cites", "footnote", "box-title", "label", "gap"}
_NUMBER = re.compile(r"(?<![\w.,-])\d[\d,.\u00a0\u202f]*\d(?![\w-])")


@dataclass(frozen=True)
class Gap:
    """A numbered gap and what belongs in it."""

    number: int
    answer: str


@dataclass(frozen=True)
class _Found:
    """A place where something could be asked; equal `key`s are the same word."""

    piece: int
    start: int
    end: int
    key: str
    kind: int  # 0 a term, 1 something in bold, 2 a number


def with_gaps(
    html: str, linker: Linker, most: int, also: Sequence[str] = ()
) -> tuple[Markup, list[Gap]]:
    """Return a section's HTML with at most `most` gaps, and what fills them.

    Terms of the glossary come first, then what is set in bold, then numbers. An answer can be read
    nowhere else on the section's sheet: a word is asked only where all its uses, three at most,
    become the same gap. `also` is what the sheet prints besides the text, as plain text: titles,
    running heads, labels in pictures.
    """
    page = Page([words_of(html), *map(visible, also)])
    forms = _forms(page, linker)
    parts = cut(html)
    pieces = list(runs(parts))
    uses: dict[str, list[_Found]] = {}
    for number, piece in enumerate(pieces):
        for each in _candidates(number, piece, linker, forms):
            uses.setdefault(each.key, []).append(each)
    hidden = {
        key: at
        for key, at in uses.items()
        if len(at) <= MOST_OFTEN and page.count(_shown(pieces, at[0])) == len(at)
    }
    offsets = [0, *accumulate(len(piece.text) for piece in pieces)]
    chosen = _chosen(hidden, offsets, most)
    numbers = {key: number for number, key in enumerate(chosen, 1)}
    gaps = [Gap(numbers[key], _shown(pieces, uses[key][0])) for key in chosen]
    spots = [each for key in chosen for each in uses[key]]
    cut_out = "".join(_cut(parts, pieces, spots, numbers))
    return Markup(cut_out), gaps  # noqa: S704  parts of what was safe


def _forms(page: Page, linker: Linker) -> dict[str, set[str]]:
    """Return in which forms each term can be read, short and long apart: `enclave` and `enclaves`."""
    found: dict[str, set[str]] = {}
    for start, end, term in linker.matches(page.text):
        shown = page.text[start:end]
        found.setdefault(_name(term, shown), set()).add(_key(shown))
    return found


def _candidates(
    number: int, piece: Run, linker: Linker, forms: Mapping[str, set[str]]
) -> Iterator[_Found]:
    if not piece.inside(_TEXT) or piece.inside(_CLOSED, _CLOSED_CLASSES):
        return
    text = piece.text
    taken: list[tuple[int, int]] = []
    for start, end, term in linker.matches(text):
        taken.append((start, end))
        if forms.get(_name(term, text[start:end])) == {_key(text[start:end])}:
            yield _Found(number, start, end, _key(text[start:end]), 0)
    bold = text.strip().rstrip(":.,;!?")  # a sign at its end stays in the text
    if piece.inside({"strong"}) and not taken and 2 <= len(bold) <= 40:
        start = text.index(bold)
        yield _Found(number, start, start + len(bold), _key(bold), 1)
        return
    for match in _NUMBER.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            yield _Found(number, match.start(), match.end(), _key(match[0]), 2)


def _name(term: str, shown: str) -> str:
    """Return what a use of a term counts as: its name and its abbreviation are two things."""
    return f"{term} {'short' if shown.isupper() else 'long'}"


def _key(shown: str) -> str:
    """Return a word without what differs at the beginning of a sentence."""
    plain = visible(shown)
    return plain if plain.isupper() else plain.casefold()


def _chosen(uses: Mapping[str, list[_Found]], offsets: list[int], most: int) -> list[str]:
    """Return the keys to take out, in the order of the text, well apart from one another."""
    kept: dict[str, int] = {}
    for kind in (0, 1, 2):
        of_kind = [
            (offsets[at[0].piece] + at[0].start, key)
            for key, at in uses.items()
            if at[0].kind == kind and (kind < 2 or len(at) == 1)
        ]
        fitting: list[tuple[int, str]] = []
        for place, key in sorted(of_kind):
            near = [*kept.values(), *(other for other, _ in fitting)]
            if all(abs(place - other) >= APART for other in near):
                fitting.append((place, key))
        room = most - len(kept)
        step = max(1.0, len(fitting) / room) if room > 0 else 0
        spread = [fitting[int(n * step)] for n in range(min(room, len(fitting)))]
        kept.update({key: place for place, key in spread})
    return sorted(kept, key=lambda key: kept[key])


def _shown(pieces: Sequence[Run], found: _Found) -> str:
    return visible(pieces[found.piece].text[found.start : found.end])


def _cut(
    parts: Sequence[str], pieces: Sequence[Run], spots: list[_Found], numbers: Mapping[str, int]
) -> Iterator[str]:
    """Yield texts and tags; a text with gaps is escaped anew, the others are as they were."""
    by_piece: dict[int, list[_Found]] = {}
    for spot in spots:
        by_piece.setdefault(spot.piece, []).append(spot)
    for number, part in enumerate(parts):
        here = by_piece.get(number // 2, ()) if number % 2 == 0 else ()
        if not here:
            yield part
            continue
        text, last = pieces[number // 2].text, 0
        for spot in sorted(here, key=lambda each: each.start):
            mark = escape(str(numbers[spot.key]))
            yield str(escape(text[last : spot.start]))
            yield f'<span class="gap"><span class="gap-number">{mark}</span></span>'
            last = spot.end
        yield str(escape(text[last:]))
