"""A section's text with gaps: key terms are taken out, numbered, and listed for the key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape

from markupsafe import Markup, escape

from guide.html.glossary import Linker

MOST_OFTEN = 3  # a term that stands in the text more often would leave it full of holes
APART = 60  # characters of text from one gap to the next
_TAG = re.compile(r"(<[^>]*>)")
_TEXT = {"p", "li", "dd", "td", "blockquote"}
_CLOSED = {"h1", "h2", "h3", "h4", "h5", "h6", "figcaption", "th", "code", "pre", "a", "sup", "dt"}
_CLOSED_CLASSES = {"cites", "footnote", "box-title", "label", "gap"}
_VOID = {"img", "br", "hr", "input", "wbr"}
_NUMBER = re.compile(r"(?<![\w.,-])\d[\d,.\u00a0\u202f]*\d(?![\w-])")


@dataclass(frozen=True)
class Gap:
    """A numbered gap and what belongs in it."""

    number: int
    answer: str


@dataclass(frozen=True)
class _Piece:
    """A run of text between tags: whether it may have gaps, and whether it is in bold."""

    text: str
    open: bool
    bold: bool
    heading: bool


@dataclass(frozen=True)
class _Found:
    piece: int
    start: int
    end: int
    key: str
    kind: int  # 0 a term, 1 something in bold, 2 a number


def with_gaps(html: str, linker: Linker, most: int, first: int = 1) -> tuple[Markup, list[Gap]]:
    """Return a section's HTML with at most `most` gaps, numbered from `first`, and what fills them.

    Terms of the glossary come first, then what is set in bold, then numbers. A term is left alone
    when a heading names it or the text does so more than three times; where it stands twice or
    thrice it is the same gap.
    """
    parts = _TAG.split(html)
    pieces = list(_pieces(parts))
    found = [each for n, piece in enumerate(pieces) for each in _candidates(n, piece, linker)]
    named = {key for piece in pieces if piece.heading for key in _keys(piece.text, linker)}
    uses: dict[str, list[_Found]] = {}
    for each in found:
        uses.setdefault(each.key, []).append(each)
    offsets = _offsets(pieces)
    chosen = _chosen(
        {key: at for key, at in uses.items() if key not in named and len(at) <= MOST_OFTEN},
        offsets,
        most,
    )
    numbers = {key: first + n for n, key in enumerate(chosen)}
    gaps = [Gap(numbers[key], unescape(_shown(pieces, uses[key][0]))) for key in chosen]
    spots = [each for key in chosen for each in uses[key]]
    return Markup("".join(_cut(parts, spots, numbers))), gaps  # noqa: S704  parts of what was safe


def _pieces(parts: list[str]) -> Iterator[_Piece]:
    """Yield the texts between tags; every second part is a tag."""
    stack: list[tuple[str, bool]] = []
    for number, part in enumerate(parts):
        if number % 2 == 0:
            names = [name for name, _ in stack]
            closed = any(shut for _, shut in stack)
            yield _Piece(
                part,
                not closed and any(name in _TEXT for name in names),
                "strong" in names,
                any(name in {"h3", "h4", "h5", "h6"} for name in names),
            )
            continue
        match = re.match(r"</?([a-z0-9]+)", part)
        name = match[1] if match else ""
        if part.startswith("</"):
            while stack and stack.pop()[0] != name:
                pass
        elif name not in _VOID and not part.endswith("/>") and not part.startswith("<!"):
            classes = re.search(r'class="([^"]*)"', part)
            shut = bool(classes and _CLOSED_CLASSES & set(classes[1].split()))
            stack.append((name, shut or name in _CLOSED))


def _candidates(number: int, piece: _Piece, linker: Linker) -> Iterator[_Found]:
    if not piece.open:
        return
    taken: list[tuple[int, int]] = []
    for start, end, term in linker.matches(piece.text):
        taken.append((start, end))
        yield _Found(number, start, end, _key(term, piece.text[start:end]), 0)
    bold = piece.text.strip()
    if piece.bold and not taken and 2 <= len(bold) <= 40:
        start = piece.text.index(bold)
        yield _Found(number, start, start + len(bold), f"*{bold.casefold()}", 1)
        return
    for match in _NUMBER.finditer(piece.text):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            yield _Found(number, match.start(), match.end(), f"#{match[0]}", 2)


def _key(term: str, shown: str) -> str:
    """Return what a use of a term counts as: its name and its abbreviation are two things."""
    return f"{term} {'short' if shown.isupper() else 'long'}"


def _keys(text: str, linker: Linker) -> set[str]:
    terms = {_key(term, text[start:end]) for start, end, term in linker.matches(text)}
    return terms | {f"#{number}" for number in _NUMBER.findall(text)}


def _offsets(pieces: list[_Piece]) -> list[int]:
    total, offsets = 0, []
    for piece in pieces:
        offsets.append(total)
        total += len(piece.text)
    return offsets


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


def _shown(pieces: list[_Piece], found: _Found) -> str:
    return " ".join(pieces[found.piece].text[found.start : found.end].split())


def _cut(parts: list[str], spots: list[_Found], numbers: Mapping[str, int]) -> Iterator[str]:
    by_piece: dict[int, list[_Found]] = {}
    for spot in spots:
        by_piece.setdefault(spot.piece, []).append(spot)
    for number, part in enumerate(parts):
        if number % 2:
            yield part
            continue
        last = 0
        for spot in sorted(by_piece.get(number // 2, ()), key=lambda each: each.start):
            mark = escape(str(numbers[spot.key]))
            yield part[last : spot.start]
            yield f'<span class="gap"><span class="gap-number">{mark}</span></span>'
            last = spot.end
        yield part[last:]
