"""A document in parts: those that are kept, those that are set anew, until all agree with each other.

What a part prints of others (numbers of pages, notes) is known when these are set. So parts that print
none are set first, then the others; one whose surroundings came out otherwise than it was set for is set again.
Only what a part has asked for counts (`Taken`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from guide.model.artifacts import Html
from guide.model.setparts import COUNTERS, After, Counter, Outside, Piece, SetPart, Taken
from guide.pdf.cut import Cut
from guide.pipeline.inputs import digest_of_code
from guide.pipeline.jobs import set_parts_job
from guide.system.cache import Store
from guide.system.digest import digest
from guide.system.pool import Job, Workers

ROUNDS = 8  # in practice two
_TARGETS = "data-target="
_PRINTED = re.compile(r"data-target=\"#([^\"]+)\"")
_ID = re.compile(r"\sid=\"([^\"]+)\"")
_NOTE = re.compile(r"class=\"footnote\b")
_ROWS = 45  # numbers of pages that a page has about
_LEAST = 6_000  # characters of markup that are worth a job
_SPLIT = re.compile(r"[\s\"'(),<>=&;]+")


class Unsettled(Exception):
    """A document cannot be set in parts, or its parts do not come to agree."""


@dataclass
class Parts:
    """The parts of one document under way; `began` counts the jobs that were handed out."""

    html: Html
    cut: Cut
    store: Store
    pool: Workers
    progress: Callable[[int, int], None] = lambda _done, _all: None
    began: int = 0
    made: list[SetPart | None] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    _jobs: list[tuple[list[int], list[Outside], Job]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._prepare()

    def _prepare(self) -> None:
        """Join what is known to be no separate part, and forget what was made."""
        self.bases: list[str] = []
        while len(self.bases) < len(self.cut.parts):
            base = self._base(len(self.bases))
            if len(self.bases) + 1 < len(self.cut.parts) and self.store.get(f"joined:{base}"):
                self.cut = self.cut.merged(len(self.bases))
            else:
                self.bases.append(base)
        for name in ("_printed", "_ids"):
            self.__dict__.pop(name, None)
        self.made, self.keys = [None] * len(self.bases), [""] * len(self.bases)

    # One part ---------------------------------------------------------------------------------

    def _piece(self, number: int) -> Html:
        markup = self.cut.markup(number)
        return replace(
            self.html, markup=markup, assets=self._assets(markup), places={}, forgotten=()
        )

    def _base(self, number: int) -> str:
        last = number + 1 == len(self.cut.parts)
        return digest(self._piece(number), last, digest_of_code())

    @cached_property
    def _of_styles(self) -> set[str]:
        return self._named("".join(text for _, text in self.html.stylesheets))

    def _named(self, text: str) -> set[str]:
        """Return the assets that a text names, with those that they name."""
        assets, found = self.html.assets, set[str]()
        waiting = [name for name in set(_SPLIT.split(text)) if name in assets]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                if name.endswith(".svg"):
                    inside = _SPLIT.split(assets[name].decode("utf-8", "replace"))
                    waiting += [each for each in set(inside) if each in assets]
        return found

    def _assets(self, markup: str) -> dict[str, bytes]:
        names = self._of_styles | self._named(markup)
        return {name: self.html.assets[name] for name in sorted(names)}

    def frame(self) -> Html:
        """Return the document without its content, for what is in its margins."""
        assets = {name: self.html.assets[name] for name in sorted(self._of_styles)}
        return replace(self.html, markup=self.cut.frame, assets=assets, places={}, forgotten=())

    # All parts --------------------------------------------------------------------------------

    def begin(self) -> None:
        """Look up every part, and begin to set those that are not known and print nothing of others."""
        self._look_up(self._waiting().__contains__)

    def _look_up(self, waits: Callable[[int], bool]) -> bool:
        """Look up the parts that do not agree with the others, and begin those that are not known."""
        wanted: list[tuple[int, Outside]] = []
        complete = True
        for number, outside in enumerate(self._outsides()):
            made = self.made[number]
            if made is not None and made.taken.of(outside) == made.given:
                continue
            complete = False
            if waits(number):
                continue
            known = self._kept(number, outside)
            if known is None:
                wanted.append((number, outside))
            else:
                self.made[number] = known
        self._submit(wanted)
        return complete

    def _kept(self, number: int, outside: Outside) -> SetPart | None:
        base = self.bases[number]
        taken: Taken | None = self.store.value(f"taken:{base}", Taken)
        if taken is None:
            return None
        key = _key(base, taken, outside)
        found: SetPart | None = self.store.value(key, SetPart)
        if found is not None:
            self.keys[number] = key
        return found

    def _submit(self, wanted: Sequence[tuple[int, Outside]]) -> None:
        """Hand out parts, small ones together."""
        groups: list[list[tuple[int, Outside]]] = []
        room = 0
        for number, outside in wanted:
            if room <= 0:
                groups.append([])
                room = _LEAST
            groups[-1].append((number, outside))
            room -= len(self.cut.parts[number])
        last = len(self.cut.parts) - 1
        sized = [(sum(len(self.cut.parts[n]) for n, _ in group), group) for group in groups]
        for size, group in sorted(sized, key=lambda each: -each[0]):
            pieces = [Piece(self._piece(n), around, n == last) for n, around in group]
            job = self.pool.submit(set_parts_job, pieces, size=size)
            self._jobs.append(([n for n, _ in group], [around for _, around in group], job))
            self.began += 1

    def _take(self) -> bool:
        """Wait for what was handed out; return whether the parts are to be looked up anew."""
        jobs, self._jobs = self._jobs, []
        joined: list[int] = []
        for numbers, outsides, job in jobs:
            for number, outside, made in zip(numbers, outsides, job.result(), strict=True):
                if made.whole:
                    raise Unsettled(made.whole)
                if made.joined:
                    joined.append(number)
                    continue
                self.made[number] = made
                self.keys[number] = _key(self.bases[number], made.taken, outside)
                self.store.keep(f"taken:{self.bases[number]}", made.taken)
                self.store.keep(self.keys[number], made)
            self.progress(sum(each is not None for each in self.made), len(self.made))
        for number in joined:
            self.store.put(f"joined:{self.bases[number]}", b"1")
        if joined:
            self._prepare()
            if len(self.cut.parts) < 2:
                raise Unsettled("no part begins a page")
        return bool(joined)

    def settle(self) -> list[SetPart]:
        """Return all parts, set for each other; raises Unsettled, and what a job raises."""
        rounds = 0
        while rounds < ROUNDS + len(self.made):
            if self._jobs and self._take():
                self.begin()
                continue
            rounds += 1
            waiting = self._waiting()
            if self._look_up(waiting.__contains__) and not waiting:
                return self._whole()
        raise Unsettled("the parts do not come to agree")

    def _waiting(self) -> set[int]:
        """Return the parts that print of others which are not set; none if all wait for each other."""
        unset = {n for n, made in enumerate(self.made) if made is None}
        waiting = {n for n in unset if self._owners(n) & unset - {n}}
        return waiting if waiting < unset else set()

    @cached_property
    def _printed(self) -> list[set[str]]:
        """The names of the elements of which each part prints the page, as templates write them."""
        return [set(_PRINTED.findall(part)) for part in self.cut.parts]

    @cached_property
    def _ids(self) -> dict[str, set[int]]:
        """The parts that have an element of a name: one, unless two have the same."""
        found: dict[str, set[int]] = {}
        for number, part in enumerate(self.cut.parts):
            for name in _ID.findall(part):
                found.setdefault(name, set()).add(number)
        return found

    def _owners(self, number: int) -> set[int]:
        """Return the parts of whose elements a part prints the page."""
        return set().union(*(self._ids.get(name, ()) for name in self._printed[number]))

    def _whole(self) -> list[SetPart]:
        parts = [part for part in self.made if part is not None]
        names = [name for part in parts for name in part.anchors]
        known = set(names)
        if len(known) < len(names):
            raise Unsettled("two parts have an element of one name")
        for part in parts:
            lacking = {*part.leads, *part.taken.targets} - known
            if lacking:
                raise Unsettled(f"nothing has the name {min(lacking)}")
        counts = tuple(len(part.pages) for part in parts)
        if counts != self._last:
            self.store.keep(self._outline, counts)
        return parts

    # What is around them ----------------------------------------------------------------------

    def _outsides(self) -> Iterator[Outside]:
        """Yield what is around each part, as far as it is known or guessed."""
        counts = [self._pages(n) for n in range(len(self.made))]
        total, index = sum(counts), 0
        targets = dict(self._targets(counts))
        first = self.made[0]
        sizes = first.sizes if first is not None else None
        before = After("page", COUNTERS)
        for number in range(len(counts)):
            kind = before.kind if number else "page"
            yield Outside(index, total, kind, before.counters, sizes if number else None, targets)
            before = self._after(number, before.counters)
            index += self._pages(number)  # it may have been found meanwhile

    def _pages(self, number: int) -> int:
        made = self.made[number]
        if made is not None:
            return len(made.pages)
        known = self._last
        rows = self.cut.parts[number].count(_TARGETS)
        return known[number] if len(known) == len(self.made) else 1 + rows // _ROWS

    @cached_property
    def _last(self) -> tuple[int, ...]:
        """How many pages the parts had when the document was made last: a guess, no more."""
        found: tuple[int, ...] | None = self.store.value(self._outline, tuple)
        return found or ()

    @property
    def _outline(self) -> str:
        return f"outline:{digest(self.html.title, self.html.stylesheets, len(self.cut.parts))}"

    def _targets(self, counts: Sequence[int]) -> Iterator[tuple[str, int]]:
        index = 1
        for made, count in zip(self.made, counts, strict=True):
            for name, page in made.anchors.items() if made is not None else ():
                yield name, index + page
            index += count

    def _after(self, number: int, counters: tuple[Counter, ...]) -> After:
        """Return what a part hands on that begins with some counters."""
        made = self.made[number]
        if made is None:
            notes = len(_NOTE.findall(self.cut.parts[number]))
            return After("page", tuple(_more(each, "footnote", notes) for each in counters))
        end = {name: (name, values, here) for name, values, here in made.after.counters}
        before = dict(zip(made.taken.counters, made.given[-2], strict=True))
        now = {name: (name, values, here) for name, values, here in counters}
        for name in made.taken.counters:
            start, stop = before[name], end.get(name)
            if stop is None:
                now.pop(name, None)
            elif start is None or name not in now or len(start[1]) != len(now[name][1]):
                now[name] = stop
            else:  # it goes on from another value
                moved = [
                    e + n - s for e, n, s in zip(stop[1], now[name][1], start[1], strict=False)
                ]
                now[name] = (name, tuple(moved) or stop[1], stop[2])
        return After(made.after.kind, tuple(sorted(now.values())))


def _more(counter: Counter, name: str, count: int) -> Counter:
    each, values, here = counter
    return (each, (*values[:-1], values[-1] + count), here) if each == name else counter


def _key(base: str, taken: Taken, outside: Outside) -> str:
    return f"part:{digest(base, taken, taken.of(outside))}"
