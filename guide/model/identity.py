"""Which item is which: what guide.lock records of a pack, and how a corrected item is recognised.

`guide.model.lockfile` reads and writes the file; `guide.content.identity` makes the states of a pack. How a
command that adds items uses them (`guide import` does so):

1. Write the new text of the pack's files in memory, and load the pack with `load_pack(folder, given=files)`: items
   without an `id:` already have the ids that the lock in the folder gives them.
2. `lock = guide.content.identity.lock_of(pack)` is the lock as it would be written now: an item that is in the old
   lock keeps its number, a new one gets a number that was never given. The pack has the old lock as `pack.lock`.
3. Write `lockfile.written(lock).encode()` to `guide.lock` with the other files, or let it be.

To find which card of a pack an imported card is, make a `State` of each (`State("cards", id, words=...)`), and call
`matched(states, lock)`: it returns the ids, and where two could be meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from guide.diagnostics.suggest import likeness
from guide.model.letters import tokens

NEXT = "+"  # the version of what changed after a release, until there is another release
LEAST_ALIKE = 60.0  # of 100: a text that differs more is another item
UNCLEAR = 6.0  # two items that are this equally alike could both be meant
_CANDIDATES = 12  # items of the lock that a text is compared with: those that share most words
_MOST_EARLIER = 20  # versions of an item that are kept
MOST_WORDS = 400  # characters of an item's wording that are kept


@dataclass(frozen=True)
class State:
    """What an item says now: its part and id, the digest of its content, and its wording on one line.

    `given` is True if its author wrote the id, `blocks` has a digest of each paragraph of a section, and
    `faces` names the cards that the deck makes of it (`''`, `r`, `2`), in their order in the deck.
    """

    part: str
    id: str
    digest: str = ""
    words: str = ""
    given: bool = True
    blocks: tuple[str, ...] = ()
    faces: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The part and the id: `cards/evaporation`."""
        return f"{self.part}/{self.id}"


@dataclass(frozen=True)
class Earlier:
    """What an item said in a version that was released."""

    version: str
    digest: str
    words: str
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """A line of the lock: an item, its numbers in the deck, and the versions in which it came and last changed.

    `numbers` has the number of each of its cards, by face. `date` is that of the version in which it last changed,
    `revision` counts its changes, and `gone` is the version in which it was removed, '' for one that is there.
    """

    part: str
    id: str
    digest: str
    words: str
    came: str
    changed: str
    date: str = ""
    revision: int = 0
    gone: str = ""
    numbers: Mapping[str, int] = field(default_factory=dict)
    blocks: tuple[str, ...] = ()
    earlier: tuple[Earlier, ...] = ()

    @property
    def key(self) -> str:
        """The part and the id: `cards/evaporation`."""
        return f"{self.part}/{self.id}"

    @property
    def state(self) -> State:
        """What the item said when the lock was written."""
        return State(self.part, self.id, self.digest, self.words, True, self.blocks)


@dataclass(frozen=True)
class Release:
    """A version that was released: its date, '' without one, and the digest of all its items."""

    version: str
    date: str
    digest: str


@dataclass(frozen=True)
class Lock:
    """What guide.lock says: the items by key, and the releases in the order in which they were made.

    `pack` is the name by which other programs know the pack: it stays when its folder is renamed.
    """

    items: Mapping[str, Known] = field(default_factory=dict)
    releases: tuple[Release, ...] = ()
    pack: str = ""

    @property
    def highest(self) -> int:
        """The highest number that was ever given to a card."""
        return max((n for item in self.items.values() for n in item.numbers.values()), default=0)

    def release(self, version: str) -> Release | None:
        """Return a version that was released, or None."""
        return next((each for each in self.releases if each.version == version), None)

    def at(self, version: str) -> dict[str, State]:
        """Return all items as they were when a version was released; raises KeyError if it never was."""
        order = {each.version: number for number, each in enumerate(self.releases)}
        last, after = order[version], len(order)

        def by_then(name: str) -> bool:
            return order.get(name, after) <= last

        found: dict[str, State] = {}
        for key, item in self.items.items():
            if not by_then(item.came) or (item.gone and by_then(item.gone)):
                continue
            if by_then(item.changed):
                found[key] = item.state
                continue
            then = [each for each in item.earlier if by_then(each.version)]
            if then:
                old = then[-1]
                found[key] = State(item.part, item.id, old.digest, old.words, True, old.blocks)
        return found


@dataclass(frozen=True)
class Matching:
    """The ids of items, in their order; `unclear` has the other id that could be meant, by place."""

    ids: tuple[str, ...]
    unclear: Mapping[int, str] = field(default_factory=dict)


def matched(states: Sequence[State], lock: Lock) -> Matching:
    """Return which item of the lock each state is, all of one part.

    An item whose author wrote an id has this id. Another is the item with the same content, then the one with the
    same id (made of the same title), then the one that is most alike. One that is none of them is new: it has its
    id unless this is taken.
    """
    part = states[0].part if states else ""
    free = {known.id: known for known in lock.items.values() if known.part == part}
    found: dict[int, str] = {}

    def take(place: int, name: str) -> None:
        found[place] = name
        free.pop(name, None)

    for place, state in enumerate(states):
        if state.given:
            take(place, state.id)
    rest = [place for place in range(len(states)) if place not in found]
    same: dict[str, list[str]] = {}
    for known in sorted(free.values(), key=lambda known: (bool(known.gone), known.id)):
        same.setdefault(known.digest, []).append(known.id)
    for place in rest:
        ids = same.get(states[place].digest, [])
        if ids:
            take(place, states[place].id if states[place].id in ids else ids[0])
            ids.remove(found[place])
    for place in [place for place in rest if place not in found]:
        if states[place].id in free:
            take(place, states[place].id)
    unclear: dict[int, str] = {}
    living = {name: known for name, known in free.items() if not known.gone}
    _most_alike(states, [p for p in rest if p not in found], living, found, unclear)
    taken = {*found.values(), *(k.id for k in lock.items.values() if k.part == part)}
    for place in [place for place in rest if place not in found]:
        found[place] = _new_id(states[place].id, taken)
        taken.add(found[place])
    return Matching(tuple(found[place] for place in range(len(states))), unclear)


def _new_id(name: str, taken: set[str]) -> str:
    free, number = name, 2
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _most_alike(
    states: Sequence[State], rest: Sequence[int], free: Mapping[str, Known],
    found: dict[int, str], unclear: dict[int, str],
) -> None:  # fmt: skip
    """Give each of the `rest` the id that is most alike, the most certain first."""
    index: dict[str, list[str]] = {}
    for name, known in free.items():
        for word in {*tokens(known.words)}:
            index.setdefault(word, []).append(name)
    pairs = [
        (-like, place, name)
        for place in rest
        for like, name in _candidates(states[place].words, index, free)
    ]
    best: dict[int, float] = {}
    left = set(free)
    for less, place, name in sorted(pairs):
        if place not in found and name in left:
            found[place], best[place] = name, less
            left.discard(name)
        elif place in best and name in left and less - best[place] < UNCLEAR:
            unclear.setdefault(place, name)


def _candidates(
    words: str, index: Mapping[str, Sequence[str]], free: Mapping[str, Known]
) -> Iterator[tuple[float, str]]:
    """Yield the items that share most words with a text and are alike, each with how alike."""
    shared: dict[str, float] = defaultdict(float)
    for word in {*tokens(words)}:
        names = index.get(word, ())
        for name in names:
            shared[name] += 1 / len(names)  # a rare word says more
    for name, _ in sorted(shared.items(), key=lambda pair: (-pair[1], pair[0]))[:_CANDIDATES]:
        like = likeness(words, free[name].words)
        if like >= LEAST_ALIKE:
            yield like, name


def updated(lock: Lock, states: Iterable[State], version: str, date: str = "") -> Lock:
    """Return the lock of a pack that says `states` in a `version` of a `date` (`2026-03-01`, '' for none).

    Items that are no longer there keep their line and their numbers: no number is given twice.
    """
    name = NEXT if lock.release(version) else version
    released = {each.version for each in lock.releases}
    items: dict[str, Known] = {}
    number = lock.highest
    for state in states:
        before = lock.items.get(state.key)
        known = _now(before, state, name, date, released)
        numbers = dict(known.numbers)
        for face in state.faces:
            if face not in numbers:
                number += 1
                numbers[face] = number
        items[state.key] = replace(known, numbers=numbers)
    for key, known in lock.items.items():
        if key not in items:
            items[key] = known if known.gone else replace(known, gone=name)
    return replace(lock, items=dict(sorted(items.items())))


def _now(before: Known | None, state: State, version: str, date: str, released: set[str]) -> Known:
    """Return the line of an item, as it was unless its content changed."""
    fresh = Known(
        state.part, state.id, state.digest, state.words, version, version, date,
        blocks=state.blocks,
    )  # fmt: skip
    if before is None:
        return fresh
    if before.digest == state.digest:
        return replace(before, gone="", words=state.words, blocks=state.blocks)
    earlier = before.earlier
    if before.changed in released:
        said = Earlier(before.changed, before.digest, before.words, before.blocks)
        earlier = (*earlier, said)[-_MOST_EARLIER:]
    return replace(
        fresh, came=before.came, date=max(date, before.date), revision=before.revision + 1,
        numbers=before.numbers, earlier=earlier,
    )  # fmt: skip


def released(lock: Lock, version: str, date: str, digest: str) -> Lock:
    """Return the lock with a release: what changed since the last one changed in this version."""
    known = {each.version for each in lock.releases}

    def named(each: str) -> str:
        return each if each in known or not each else version

    items = {
        key: replace(
            item, came=named(item.came), changed=named(item.changed), gone=named(item.gone),
            date=item.date if item.changed in known else max(item.date, date),
        )
        for key, item in lock.items.items()
    }  # fmt: skip
    return Lock(items, (*lock.releases, Release(version, date, digest)), lock.pack)


def merged(ours: Lock, theirs: Lock) -> Lock:
    """Return the lock of two branches of a pack: every item of both, and no number given twice.

    Of an item in both, the line with more changes is kept. Where both gave a number to different cards, the card
    that came with `theirs` gets a new one.
    """
    items = dict(ours.items)
    for key, other in theirs.items.items():
        own = items.get(key)
        if own is None or _rank(other) > _rank(own):
            items[key] = other if own is None else replace(other, numbers=own.numbers)
    releases = {each.version: each for each in (*theirs.releases, *ours.releases)}
    order = sorted(releases.values(), key=lambda each: (each.date, each.version))
    first = [key for key in items if key in ours.items]
    return _renumbered(
        Lock(items, tuple(order), ours.pack or theirs.pack),
        [*first, *(k for k in items if k not in first)],
    )


def _rank(item: Known) -> tuple[int, str, bool]:
    return item.revision, item.date, bool(item.gone)


def _renumbered(lock: Lock, order: Iterable[str]) -> Lock:
    """Return the lock with a new number for each that was given before, in the order of the keys."""
    used: set[int] = set()
    highest = lock.highest
    items: dict[str, Known] = {}
    for key in order:
        numbers: dict[str, int] = {}
        for face, number in lock.items[key].numbers.items():
            if number in used:
                highest += 1
            numbers[face] = highest if number in used else number
            used.add(numbers[face])
        items[key] = replace(lock.items[key], numbers=numbers)
    return replace(lock, items=dict(sorted(items.items())))


def differences(old: Lock, new: Lock) -> str:
    """Return in words how many items of a lock are new, changed and removed."""
    before = {key: item for key, item in old.items.items() if not item.gone}
    after = {key: item for key, item in new.items.items() if not item.gone}
    changed = [
        key for key in before.keys() & after.keys() if before[key].digest != after[key].digest
    ]
    counts = {
        "new": len(after.keys() - before.keys()), "changed": len(changed),
        "removed": len(before.keys() - after.keys()),
    }  # fmt: skip
    named = [f"{count} {word}" for word, count in counts.items() if count]
    return f"items: {', '.join(named)}" if named else "numbers and checks, put right"
