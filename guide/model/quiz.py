"""A quiz: which questions it has, and how each of its versions asks them.

Everything is ranked by digests of seed, version and id, not by position: the same pack gives the same
quiz everywhere and for ever, and a question more or less moves the others as little as can be.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from guide.model.content import (
    ChoiceQuestion,
    MatchQuestion,
    OrderQuestion,
    Question,
    Section,
    TrueFalseQuestion,
)

T = TypeVar("T")
_SALTS = 20  # arrangements that are tried before two versions may be alike

# Options that speak of the others: they stay where they stand. In the languages of the catalogues.
_OF_THE_OTHERS = re.compile(
    r"(all|none|any|both|neither|either) (of )?(the )?(above|these|them|others?|options|answers)\b"
    r"|(all|none) (of the )?above|all are (true|correct|right)|none (is|are) (true|correct|right)"
    r"|(alle|keine|keiner|beide|nichts|alles) (der|von|davon|oben|genannten|antworten|diese[rs]?)\b"
    r"|(toutes?|tous|aucune?) (de |des |les |ces )*(ci-dessus|réponses?|propositions?|deux|celles|ceux)"
    r"|(të gjitha|asnjë|asnjëra|asnjëri)\b.*(sipër|këto|mësipër|mësipërme|tyre)"
    r"|(sve|svi|ništa|nijedn[oa]|nijedan) (je |od )?(navedeno|gore|ovog|navedenog|tačno|ponuđen\w*)"
    r"|(све|сви|ништа|ниједн[оа]|ниједан) (је |од )?(наведено|горе|овог|наведеног|тачно|понуђен\w*)",
    re.IGNORECASE,
)
_BY_LETTER = re.compile(
    r"\b[A-H]\b\s*(?:,|&|\+|and|or|und|oder|et|ou|dhe|ose|i|ili|и|или)\s*\b[A-H]\b"
)
_NUMBER = re.compile(
    r"(?:about|over|under|c\.|ca\.?|~|<|>|[€$£¥]|etwa|rund|environ)?\s*[-+−]?\d[\d.,\s'\u00a0\u202f]*"
    r"(?:\s*(?:%|‰|°|[^\W\d_]{1,12}\.?)(?:[/²³]\w*)?){0,2}",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")
_MONTHS = {name: n for n, name in enumerate(
    "jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A question as a version asks it.

    `options` are those of a choice, `left` and `right` the columns of a match, `items` those to be
    ordered, each in the order in which it is printed. `key` is what is right, one entry for each
    thing to mark: the letters of the right options; a letter for each of `left`; the place, from 1,
    of each of `items`; `true` or `false`; nothing for an answer in words.
    """

    question: Question
    number: int
    options: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    key: tuple[str, ...] = ()


def rank(*parts: str) -> bytes:
    """Return what a thing is sorted by: evenly spread, and the same everywhere."""
    return hashlib.sha256("\0".join(parts).encode()).digest()


def letter(index: int) -> str:
    """Return A for 0, Z for 25, AA for 26."""
    return (letter(index // 26 - 1) if index > 25 else "") + chr(65 + index % 26)


def topics(sections: Sequence[Section]) -> dict[str, set[str]]:
    """Return the tags that say of a question that it belongs to a section: its id, and tags of its own."""
    carried = [tag for section in sections for tag in section.tags]
    return {
        section.id: {section.id, *(tag for tag in section.tags if carried.count(tag) == 1)}
        for section in sections
    }


def select(
    questions: Sequence[Question],
    count: int,
    seed: str,
    sections: Sequence[Section] = (),
) -> tuple[Question, ...]:
    """Return `count` questions (all with 0), balanced over levels and topics, in the pack's order.

    Each level and topic gives its share by largest remainder; which ones, the seed says.
    """
    if not count or count >= len(questions):
        return tuple(questions)
    known = topics(sections)
    groups: dict[tuple[int, str], list[Question]] = {}
    for question in questions:
        groups.setdefault((question.level, _topic(question, known)), []).append(question)
    shares = {key: count * len(group) / len(questions) for key, group in groups.items()}
    taken = {key: int(share) for key, share in shares.items()}
    rest = sorted(shares, key=lambda key: (taken[key] - shares[key], rank(seed, *map(str, key))))
    for key in rest[: count - sum(taken.values())]:
        taken[key] += 1
    chosen = {
        question.id
        for key, group in groups.items()
        for question in sorted(group, key=lambda q: rank(seed, "select", q.id))[: taken[key]]
    }
    return tuple(question for question in questions if question.id in chosen)


def _topic(question: Question, known: Mapping[str, set[str]]) -> str:
    tags = set(question.tags)
    named = next((section for section, names in known.items() if names & tags), "")
    return named or next(iter(question.tags), "")


def arranged(
    questions: Sequence[Question], versions: Sequence[str], seed: str, shuffle: bool = True
) -> dict[str, tuple[Asked, ...]]:
    """Return each version's questions: by level, and within it in an order of the version's own.

    Versions differ in the order of their questions as long as there are orders left.
    """
    made: dict[str, tuple[Asked, ...]] = {}
    orders: set[tuple[str, ...]] = set()
    for version in versions:
        ordered = list(questions)
        for salt in range(_SALTS):
            mark = f"{seed}\0{version}\0{salt or ''}"
            ordered = sorted(
                questions, key=lambda q: (q.level, rank(mark, q.id) if shuffle else b"")
            )
            if not shuffle or tuple(q.id for q in ordered) not in orders:
                break
        orders.add(tuple(q.id for q in ordered))
        made[version] = tuple(
            asked(question, number, f"{seed}\0{version}", shuffle)
            for number, question in enumerate(ordered, 1)
        )
    return made


def asked(question: Question, number: int, seed: str, shuffle: bool = True) -> Asked:
    """Return a question with what is to be mixed mixed, and the key to that."""
    mark = f"{seed}\0{question.id}"
    if isinstance(question, ChoiceQuestion):
        mix = shuffle and question.shuffle
        options = mixed_options(question.options, mark) if mix else question.options
        key = [letter(n) for n, option in enumerate(options) if option in question.answer]
        return Asked(question, number, options=tuple(options), key=tuple(key))
    if isinstance(question, TrueFalseQuestion):
        return Asked(question, number, key=("true" if question.answer else "false",))
    if isinstance(question, MatchQuestion):
        values = tuple(dict.fromkeys(question.pairs.values()))
        right = _mixed(values, mark)
        key = [letter(right.index(value)) for value in question.pairs.values()]
        return Asked(question, number, left=tuple(question.pairs), right=right, key=tuple(key))
    if isinstance(question, OrderQuestion):
        places = _mixed(range(len(question.items)), mark)
        items = tuple(question.items[place] for place in places)
        return Asked(question, number, items=items, key=tuple(str(place + 1) for place in places))
    return Asked(question, number)


def _mixed(values: Iterable[T], seed: str) -> tuple[T, ...]:
    """Return the values in the seed's order, which is never the one in which they were given."""
    given = tuple(values)
    found = tuple(sorted(given, key=lambda value: rank(seed, str(value))))
    return (*found[1:], *found[:1]) if found == given else found


def mixed_options(options: Sequence[str], seed: str) -> tuple[str, ...]:
    """Return the options in the seed's order; those that have a place of their own keep it.

    Numbers, years and dates in order stay as they are, and so do all when one names others by their
    letters; `All of the above` stays in its place.
    """
    if any(_BY_LETTER.search(option) for option in options) or in_order(options):
        return tuple(options)
    free = [n for n, option in enumerate(options) if not _OF_THE_OTHERS.search(option)]
    mixed = sorted((options[n] for n in free), key=lambda option: rank(seed, option))
    result = list(options)
    for place, option in zip(free, mixed, strict=True):
        result[place] = option
    return tuple(result)


def in_order(options: Sequence[str]) -> bool:
    """Tell whether options are numbers (with a unit or none), or dates from early to late or back."""
    plain = [option.strip().strip("*_").rstrip(".") for option in options]
    if all(_NUMBER.fullmatch(option) for option in plain) and not any(map(_day, plain)):
        return True
    days = [_day(option) or _year(option) for option in plain]
    known = [day for day in days if day is not None]
    return len(known) == len(plain) and known in (sorted(known), sorted(known, reverse=True))


def _year(text: str) -> tuple[int, int, int] | None:
    return (int(text), 0, 0) if re.fullmatch(r"\d{3,4}", text) else None


def _day(text: str) -> tuple[int, int, int] | None:
    """Return year, month and day of `24 March 1999`, `March 24, 1999`, `1999-03-24`, `March 1999`."""
    iso = re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?", text)
    if iso:
        return int(iso[1]), int(iso[2]), int(iso[3] or 0)
    year = _YEAR.search(text)
    month = next(
        (n for word in re.findall(r"[^\W\d_]+", text.casefold()) if (n := _MONTHS.get(word[:3]))), 0
    )
    if not year or not month or len(text) > 24:
        return None
    day = re.search(r"\b(\d{1,2})\b", text.replace(year[0], ""))
    return int(year[0]), month, int(day[1]) if day else 0
