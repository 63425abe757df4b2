"""Texts looked for among the letters of a file, each letter of which is one letter of one text at most."""

from __future__ import annotations

import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape

from guide.model.letters import letters
from guide.proof.ink import Piece
from guide.proof.trouble import Trouble

_LONG = (80, 24)  # letters of texts that are found first, the longest before the others
_SHORT = (10, 6, 3, 2, 1)
_SURE = 12  # letters of a piece of a text that are nowhere by chance
_MENDED = 4  # pieces
_BACK = 400  # letters that a piece may be before where it is looked for
_AHEAD = 4000  # letters that may be drawn between one text and the next
_MARK = 14  # letters of a mark before a text, such as the number of a list's item
_PIECE = 6  # letters; a shorter part of a text must begin or end where others end or begin
_CHANCE = 3  # letters that two texts may begin with by chance
_SHOWN = 48  # characters of a lost text that a message quotes
_GONE = "\0"


@dataclass(frozen=True)
class Words:
    """A text that must be printed: the runs of text in one block, and the key of their item."""

    at: str
    runs: tuple[str, ...]

    @property
    def letters(self) -> str:
        """What of it is looked for."""
        return letters("".join(self.runs))


@dataclass(frozen=True)
class Loss:
    """A text that cannot be read in the PDF, from its letter number `start` on.

    `trouble` says why its letters cannot be read although they are drawn; None when they are not.
    """

    words: Words
    start: int = 0
    trouble: Trouble | None = None

    @property
    def shown(self) -> str:
        """What is lost, as it was written; the first words of it."""
        whole = "".join(self.words.runs)
        skipped, begin = 0, 0
        while skipped < self.start and begin < len(whole):
            skipped += len(letters(whole[begin]))
            begin += 1
        while 0 < begin < len(whole) and whole[begin - 1].isalnum() and whole[begin].isalnum():
            begin -= 1  # the first letters of a word may be there by chance
        text = " ".join(unescape(whole[begin:]).split()).lstrip(".,;:!?)]}’”»-–— ")
        return text if len(text) <= _SHOWN else text[:_SHOWN].rsplit(" ", 1)[0] + "…"


def lost(wanted: Sequence[Words], text: str) -> list[Loss]:
    """Return which texts are not in the letters of a file, in their order.

    They are looked for one after the other. What moved (notes, floats) or was parted (by the foot
    of a page or of a column) is looked for among the letters that stand for nothing else, the
    longest first.
    """
    return _Search(wanted, text).run()


def illegible(wanted: Sequence[Words], pieces: Sequence[Piece]) -> list[Loss]:
    """Return the texts that cannot be read, each with its trouble when its letters are drawn.

    First all texts are looked for among the letters that can be read: a hidden copy of a text that
    can be read elsewhere is not a loss. If some are lost, they are looked for among all letters.
    """
    missing = lost(wanted, "".join(piece.letters for piece in pieces if piece.trouble is None))
    if not missing or all(piece.trouble is None for piece in pieces):
        return missing
    search = _Search(wanted, "".join(piece.letters for piece in pieces))
    absent = {id(loss.words): loss for loss in search.run()}
    blamed: dict[int, Loss] = {}
    at = 0
    for piece in pieces:
        for place in range(at, at + len(piece.letters) if piece.trouble else at):
            number = search.owner[place]
            if number >= 0 and number not in blamed:
                before = sum(1 for owner in search.owner[:place] if owner == number)
                blamed[number] = Loss(wanted[number], before, piece.trouble)
        at += len(piece.letters)
    if not blamed:
        return missing
    both = (absent.get(id(words)) or blamed.get(n) for n, words in enumerate(wanted))
    return [loss for loss in both if loss is not None]


class _Search:
    def __init__(self, wanted: Sequence[Words], text: str) -> None:
        self.wanted, self.text = wanted, text
        self.plain = [words.letters for words in wanted]
        self.used = bytearray(len(text))
        self.owner = array("i", [-1]) * len(text)  # the number of the text that took each letter
        self.ends = [-1] * len(wanted)  # where each text ends
        self.parts: list[_Part] = []  # of texts that were parted, and are not found yet

    def run(self) -> list[Loss]:
        for least in _LONG:
            self._in_order(least)
        if min(self.ends, default=0) < 0:
            self._part()
            for least in _SHORT:
                self._in_order(least)
        parted = {part.text for part in self.parts}
        open_ones = [n for n, end in enumerate(self.ends) if end < 0 and n not in parted]
        if not open_ones and not self.parts:
            return []
        pool = _Pool(self.text, self.used)
        for n in sorted(open_ones, key=lambda n: (-len(self.plain[n]), n)):
            near = self._before(n)
            if pool.take_alone(self.plain[n], pool.index(near)):
                pool.own(self.owner, n)
            else:
                self.parts += [part for part in self._runs(n, near) if part.plain]
        return self._told(self._in_pool(pool))

    def _told(self, missing: dict[int, int]) -> list[Loss]:
        # What is lost may have taken the letters of a very short text for its own.
        doubtful = {n for n in missing if len(self.plain[n]) <= _CHANCE}
        told = [n for n in sorted(missing) if n not in doubtful] or sorted(missing)
        return [Loss(self.wanted[n], missing[n]) for n in told]

    def _in_order(self, least: int) -> None:
        """Find the texts of so many letters, each soon after the one before it.

        Long ones are found wherever they are. What is short may be inside what is long, so that
        it comes later, and is right there.
        """
        at = 0
        for n, plain in enumerate(self.plain):
            if self.ends[n] >= 0:
                at = self.ends[n]
                continue
            if len(plain) < least or (least < _LONG[-1] <= len(plain)):
                continue
            ahead = _AHEAD if least >= _LONG[-1] else _MARK if len(plain) >= _PIECE else 0
            found = self._free(plain, at, at + len(plain) + ahead)
            if found < 0 and least >= _LONG[-1]:
                found = self._free(plain, 0, len(self.text))
            if found >= 0:
                at = self.ends[n] = self._take(found, len(plain), n)

    def _free(self, plain: str, start: int, stop: int) -> int:
        """Return where a text is among letters that are free, or -1."""
        at = self.text.find(plain, start, stop)
        while at >= 0:
            taken = self.used.rfind(1, at, at + len(plain))
            if taken < 0:
                return at
            at = self.text.find(plain, taken + 1, stop)
        return -1

    def _take(self, at: int, size: int, number: int) -> int:
        self.owner[at : at + size] = array("i", [number]) * size
        self.used[at : at + size] = b"\1" * size
        return at + size

    def _before(self, number: int) -> int:
        """Return where the text before this one ends."""
        return next((end for end in reversed(self.ends[:number]) if end >= 0), 0)

    def _runs(self, number: int, near: int) -> Iterator[_Part]:
        start = 0
        for run in self.wanted[number].runs:
            plain = letters(run)
            yield _Part(number, start, run, plain, near)
            start += len(plain)

    def _part(self) -> None:
        """Find the long pieces of long texts that are not together, the longest texts first."""
        long_ones = (
            n for n, end in enumerate(self.ends) if end < 0 and len(self.plain[n]) >= _LONG[-1]
        )
        for n in sorted(long_ones, key=lambda n: (-len(self.plain[n]), n)):
            near = self._before(n)
            for run in self._runs(n, near):
                if _turns(run.run):
                    self.parts.append(run)
                else:
                    near = self._pieces(n, run.start, run.plain, near)
            self.ends[n] = near

    def _pieces(self, number: int, start: int, plain: str, near: int) -> int:
        """Find the long pieces of a run, and note the others; return where the last one ends."""
        done = 0
        while done < len(plain):
            rest = plain[done:]
            size, at = self._piece(rest, near)
            if at < 0:
                self.parts.append(_Part(number, start + done, rest, rest, near))
                break
            near, done = self._take(at, size, number), done + size
        return near

    def _piece(self, rest: str, near: int) -> tuple[int, int]:
        """Return the length and the place of the first letters of a text; -1 when they are few."""
        least = min(len(rest), _SURE)
        if len(rest) < _SURE:
            return 0, -1
        around = max(0, near - _BACK), near + _AHEAD
        for start, stop in (around, (0, len(self.text))):
            at = self._free(rest[:least], max(start, min(near, stop)), stop)
            at = at if at >= 0 else self._free(rest[:least], start, stop)
            if at >= 0:
                return self._parted(rest, at), at
        return 0, -1

    def _parted(self, rest: str, at: int) -> int:
        """Return how many letters from a place on are a text's, or a few less.

        What is drawn after a piece may begin like its continuation.
        """
        most = len(rest)
        taken = self.used.find(1, at, at + most)
        limit = min(most, (taken if taken >= 0 else len(self.text)) - at)
        here = self.text[at : at + limit]
        pairs = zip(rest, here, strict=False)
        size = next((n for n, (one, other) in enumerate(pairs) if one != other), limit)
        if size == most:
            return size
        sizes = range(size, max(size - _CHANCE, _SURE) - 1, -1)
        follows = {n: rest[n : n + _SURE] for n in sizes}
        return next(
            (n for n in sizes if self._free(follows[n], at + n, at + n + _AHEAD) >= 0), size
        )

    def _in_pool(self, pool: _Pool) -> dict[int, int]:
        """Look for parts among what is left, the longest first; return where texts are lost."""
        short: list[tuple[_Part, int]] = []
        for part in sorted(self.parts, key=lambda each: (-len(each.plain), each.text, each.start)):
            near = pool.index(part.near)
            turns = _turns(part.run)
            kept = pool.take_words(part.run, near) if turns else pool.take(part.plain, near)
            pool.own(self.owner, part.text)
            if kept < len(part.plain):
                short.append((part, kept))
        missing: dict[int, int] = {}
        for part, kept in short:
            if pool.mend(part.plain[kept:], pool.index(part.near)):
                pool.own(self.owner, part.text)
            else:
                lost_from = part.start + kept
                missing[part.text] = min(missing.get(part.text, lost_from), lost_from)
        return missing


@dataclass(frozen=True)
class _Part:
    """A part of a text: the text's number, the part's first letter there, and about where it is."""

    text: int
    start: int
    run: str
    plain: str
    near: int


class _Pool:
    """Letters that stand for nothing yet, those that are neighbours in the file together."""

    def __init__(self, text: str, used: bytearray) -> None:
        self.starts: list[tuple[int, int]] = []  # place in the file, place in the pool
        parts, length, at = [], 1, used.find(0)
        while 0 <= at < len(text):
            end = used.find(1, at)
            end = len(text) if end < 0 else end
            self.starts.append((at, length))
            parts.append(text[at:end])
            length += end - at + 1
            at = used.find(0, end)
        self.text = _GONE + "".join(part + _GONE for part in parts)
        self._cuts: list[tuple[int, int]] = []  # place in the pool, number of letters

    def own(self, owner: array[int], number: int) -> None:
        """Note which text took the letters that were cut since the last call."""
        for at, size in self._cuts:
            found = bisect_right(self.starts, at, key=lambda start: start[1]) - 1
            place = self.starts[found][0] + at - self.starts[found][1]
            owner[place : place + size] = array("i", [number]) * size
        self._cuts.clear()

    def index(self, place: int) -> int:
        """Return where in the pool the letters at or after a place in the file are."""
        found = bisect_left(self.starts, (place, 0))
        return self.starts[found][1] if found < len(self.starts) else len(self.text)

    def take_alone(self, plain: str, near: int) -> bool:
        """Take a text out when it is there and nothing beside it."""
        at = self._alone(plain, near)
        if at >= 0:
            self._cut(at, len(plain))
        return at >= 0

    def take(self, plain: str, near: int) -> int:
        """Take a text out, whole or in pieces; return how many of its letters are there."""
        start = 0
        while start < len(plain):
            size = self._parted(plain[start:])
            at = self._best(plain[start : start + size], near) if size else -1
            whole = size == len(plain)
            if at < 0 or (size < _PIECE and not whole and not self._bounded(at, size)):
                return start
            self._cut(at, size)
            near, start = at + size, start + size
        return start

    def take_words(self, run: str, near: int) -> int:
        """Take out a text that runs from right to left: parts of a line come in another order."""
        start = 0
        for word in run.split():
            plain = letters(word)
            options = (self._best(each, near) for each in (plain, plain[::-1]))
            at = next((place for place in options if place >= 0), -1)
            if plain and at < 0:
                return start
            self._cut(at, len(plain))
            start += len(plain)
        return start

    def _parted(self, text: str) -> int:
        """Return how many of the first letters are a piece: the most, or a few less.

        What is drawn after a piece may begin like its continuation.
        """
        most = self._longest(text)
        if most in {0, len(text)}:
            return most
        sizes = range(most, max(most - _CHANCE, 1) - 1, -1)
        return max(sizes, key=lambda size: size + self._longest(text[size:]))

    def mend(self, plain: str, near: int) -> bool:
        """Take out a short text of which other texts took a letter, and left one of theirs."""
        before, start = self.text, 0
        for _ in range(_MENDED):
            size = self._longest(plain[start:])
            if not size:
                break
            self._cut(self._best(plain[start : start + size], near), size)
            start += size
            if start == len(plain):
                return True
        self.text = before
        self._cuts.clear()
        return False

    def _longest(self, text: str) -> int:
        """Return how many of the first letters are together in the pool."""
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if text[:middle] in self.text:
                low = middle
            else:
                high = middle - 1
        return low

    def _alone(self, piece: str, near: int) -> int:
        framed = _GONE + piece + _GONE
        at = self.text.find(framed, max(0, near - 1))
        at = at if at >= 0 else self.text.rfind(framed, 0, near + len(framed))
        return at + 1 if at >= 0 else -1

    def _best(self, piece: str, near: int) -> int:
        """Return where a piece is, best alone, else nearest to a place; -1 if it does not."""
        alone = self._alone(piece, near)
        if alone >= 0:
            return alone
        after, before = self.text.find(piece, near), self.text.rfind(piece, 0, near + len(piece))
        if after < 0 or before < 0:
            return max(after, before)
        return after if after - near <= near - before else before

    def _bounded(self, at: int, size: int) -> bool:
        return _GONE in (self.text[at - 1], self.text[at + size])

    def _cut(self, at: int, size: int) -> None:
        self._cuts.append((at, size))
        self.text = self.text[:at] + _GONE * size + self.text[at + size :]


def _turns(run: str) -> bool:
    return any(unicodedata.bidirectional(c) in {"R", "AL"} for c in run if c > "\u0590")
