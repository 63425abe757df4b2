"""A quiz: which questions it has, and how each of its versions asks them.

Everything is ranked by digests of seed, version and id, not by position: the same pack gives the same
quiz everywhere and for ever, and a question more or less moves the others as little as can be.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

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

# Options that speak of the others: they stay where they are. In the languages of the catalogues.
_OF_THE_OTHERS = re.compile(
    r"(all|none|any|both|neither|either) (of )?(the )?(above|these|those|them|others?|options|answers|two)\b"
    r"|(all|none) (of the )?above|(all|both) are (true|correct|right)|(none|neither) (is|are) (true|correct|right)"
    r"|(alle|keine[rs]?|beide|nichts|alles) (der|von|davon|oben|genannten|antworten|aussagen|optionen|beiden|diese[rs]?)\b"
    r"|(toutes?|tous|aucune?) (de |des |les |ces )*(ci-dessus|réponses?|propositions?|deux|celles|ceux)"
    r"|(tout|rien de) ce qui précède|rien de tout cela"
    r"|(të gjitha|të dyja|asnjë|asnjëra|asnjëri)\b.*(sipër|këto|këtyre|mësipërm|lartpërmend|tyre|përgjigje)"
    r"|(sve|svi|ništa|nijedn[oa]|nijedan) (je |su |od |gore )*(naveden|gore|ov(og|ih)\b|tačn|ponuđen|pomenut|odgovor)"
    r"|(све|сви|ништа|ниједн[оа]|ниједан) (је |су |од |горе )*(наведен|горе|ов(ог|их)\b|тачн|понуђен|поменут|одговор)"
    r"|^\W*(all|none|both|neither|alle|beide|keine[rs]?|nichts|tous|toutes|aucune?|les deux|të gjitha|të dyja"
    r"|asnjëra|asnjëri|sve|svi|oba|ništa|nijedn[oa]|nijedan|све|сви|оба|ништа|ниједн[оа]|ниједан)\W*$",
    re.IGNORECASE,
)
_AND = r"(?:,|&|\+|/|and|or|nor|und|oder|noch|et|ou|ni|dhe|ose|as|apo|i|ili|и|или|ни)"
_BY_LETTER = re.compile(
    rf"\b[A-HА-З]\b[).]?\s*{_AND}\s*\(?[A-HА-З]\b|\([a-h]\)\s*{_AND}\s*\([a-h]\)"
)
_BOUND = (
    "about|over|under|above|below|between|before|after|since|until|in|c|ca|at least|at most|up to|more than"
    "|less than|fewer than|etwa|rund|über|unter|vor|nach|seit|bis|mindestens|höchstens|mehr als|weniger als"
    "|environ|avant|après|depuis|plus de|moins de|rreth|mbi|para|pas|më shumë se|më pak se|oko|preko|pre"
    "|posle|više od|manje od|око|преко|пре|после|више од|мање од|[~<>≤≥±]"
)
_FIGURE = r"[€$£¥]?\s*[-+−]?\d[\d.,:/\s'’\u00a0\u202f]*"
_NUMBER = re.compile(
    rf"(?:(?:{_BOUND})\.?\s*)?{_FIGURE}(?:(?:[-–—]|to|and|bis|und|à|et|deri|do|до|и)\s*{_FIGURE})?"
    r"(?:\s*(?:%|‰|°|[^\W\d_]{1,12}\.?)(?:[/²³]\w*)?){0,2}\+?",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")
# English, German, French, Albanian, Serbian in both scripts.
_MONTHS = tuple(frozenset(names.split()) for names in (
    "january januar jänner janvier janar јануар", "february februar février shkurt фебруар",
    "march märz mars mart март", "april avril prill април", "may mai maj мај",
    "june juni juin qershor jun јун", "july juli juillet korrik jul јул",
    "august août gusht avgust август", "september septembre shtator septembar septembra септембар септембра",
    "october oktober octobre tetor oktobar oktobra октобар октобра",
    "november novembre nëntor novembar novembra новембар новембра",
    "december dezember décembre dhjetor decembar decembra децембар децембра",
))  # fmt: skip


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


def shuffled(values: Sequence[T], seed: str) -> list[T]:
    """Return the values in an order that depends on `seed` alone, and differs from the given one."""
    order = sorted(
        range(len(values)), key=lambda n: hashlib.sha256(f"{seed}\0{n}".encode()).digest()
    )
    if len(values) > 1 and order == list(range(len(values))):
        order = order[1:] + order[:1]
    return [values[index] for index in order]


def letter(index: int) -> str:
    """Return A for 0, Z for 25, AA for 26."""
    return (letter(index // 26 - 1) if index > 25 else "") + chr(65 + index % 26)


def topics(sections: Sequence[Section]) -> dict[str, set[str]]:
    """Return the tags that say of a question that it belongs to a section: its id, and its own tags."""
    carried = [tag for section in sections for tag in section.tags]
    return {
        section.id: {section.id, *(tag for tag in section.tags if carried.count(tag) == 1)}
        for section in sections
    }


def select(
    questions: Sequence[Question], count: int, seed: str, sections: Sequence[Section] = ()
) -> tuple[Question, ...]:
    """Return `count` questions (all with 0), balanced over levels and topics, in the pack's order.

    Which ones of a level and topic, the seed says.
    """
    if not count or count >= len(questions):
        return tuple(questions)
    known = topics(sections)
    groups: dict[tuple[int, str], list[Question]] = {}
    for question in questions:
        named = (section for section, names in known.items() if names & {*question.tags})
        topic = next(named, "") or next(iter(question.tags), "")
        groups.setdefault((question.level, topic), []).append(question)
    taken = _shares({key: len(group) for key, group in groups.items()}, count, seed)
    chosen = {
        question.id
        for key, group in groups.items()
        for question in sorted(group, key=lambda q: rank(seed, "select", q.id))[: taken[key]]
    }
    return tuple(question for question in questions if question.id in chosen)


def _shares(
    sizes: Mapping[tuple[int, str], int], count: int, seed: str
) -> Counter[tuple[int, str]]:
    """Return how many questions each group, a level and a topic, gives.

    A level gives its share rounded up or down, and so does a topic as far as its levels allow:
    what is taken next is always of the level, and in it of the topic, that lacks most. `lacks` are
    parts of a question, of which one has as many as there are questions.
    """
    whole = sum(sizes.values())
    taken: Counter[tuple[int, str]] = Counter()
    lacks: Counter[int | str] = Counter()
    for (level, topic), size in sizes.items():
        lacks[level] += count * size
        lacks[topic] += count * size
    groups = sorted(sizes, key=lambda key: rank(seed, *map(str, key)))
    for _ in range(count):
        free = [key for key in groups if taken[key] < sizes[key]]
        level, topic = max(free, key=lambda key: (lacks[key[0]], lacks[key[1]]))
        taken[level, topic] += 1
        lacks.subtract({level: whole, topic: whole})
    while True:
        swaps = (
            (key, other)
            for key in groups
            for other in groups
            if key[0] == other[0] and taken[key] and taken[other] < sizes[other]
            and lacks[other[1]] - lacks[key[1]] > whole
        )  # fmt: skip
        key, other = next(swaps, (None, None))
        if key is None or other is None:
            return taken
        taken.subtract({key: 1, other: -1})
        lacks.subtract({key[1]: -whole, other[1]: whole})


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
    return _asked(question, number, lambda values: _mixed(values, mark), mark if shuffle else "")


def as_written(question: Question, number: int) -> Asked:
    """Return a question with its options in the pack's order; what gives the answer away is mixed."""
    return _asked(question, number, lambda values: tuple(shuffled(values, question.id)), "")


def _asked(
    question: Question, number: int, mix: Callable[[Sequence[Any]], tuple[Any, ...]], mark: str
) -> Asked:
    """Return a question whose options are mixed by `mark`, if there is one, and all else by `mix`."""
    if isinstance(question, ChoiceQuestion):
        mixed = mixed_options(question.options, mark) if mark and question.shuffle else ()
        options = mixed or question.options
        key = [letter(n) for n, option in enumerate(options) if option in question.answer]
        return Asked(question, number, options=options, key=tuple(key))
    if isinstance(question, TrueFalseQuestion):
        return Asked(question, number, key=("true" if question.answer else "false",))
    if isinstance(question, MatchQuestion):
        right = mix(tuple(dict.fromkeys(question.pairs.values())))
        key = [letter(right.index(value)) for value in question.pairs.values()]
        return Asked(question, number, left=tuple(question.pairs), right=right, key=tuple(key))
    if isinstance(question, OrderQuestion):
        places = mix(range(len(question.items)))
        items = tuple(question.items[place] for place in places)
        return Asked(question, number, items=items, key=tuple(str(place + 1) for place in places))
    return Asked(question, number)


def in_right_order(each: Asked) -> tuple[int, ...]:
    """Return which of the printed items of an ordering question comes first, second and so on."""
    return tuple(sorted(range(len(each.items)), key=lambda n: int(each.key[n])))


def _mixed(values: Iterable[T], seed: str) -> tuple[T, ...]:
    """Return the values in the seed's order, which is never the one in which they were given."""
    given = tuple(values)
    found = tuple(sorted(given, key=lambda value: rank(seed, str(value))))
    return (*found[1:], *found[:1]) if found == given else found


def mixed_options(options: Sequence[str], seed: str) -> tuple[str, ...]:
    """Return the options in the seed's order; those that have their own place keep it.

    Numbers, years and dates in order stay as they are, and so do all when one names others by their
    letters; `All of the above` stays in its place.
    """
    free = [n for n, option in enumerate(options) if not _OF_THE_OTHERS.search(option)]
    named = any(_BY_LETTER.search(option) for option in options)
    if named or in_order([options[n] for n in free]):
        return tuple(options)
    mixed = iter(sorted((options[n] for n in free), key=lambda option: rank(seed, option)))
    return tuple(next(mixed) if n in free else option for n, option in enumerate(options))


def in_order(options: Sequence[str]) -> bool:
    """Return whether options are numbers (with a unit or none), or dates from early to late or back."""
    plain = [option.strip().strip("*_").rstrip(".") for option in options]
    if all(_NUMBER.fullmatch(option) for option in plain) and not any(map(_day, plain)):
        return True
    days = [
        _day(option) or ((int(option), 0, 0) if re.fullmatch(r"\d{3,4}", option) else None)
        for option in plain
    ]
    known = [day for day in days if day is not None]
    return len(known) == len(plain) and known in (sorted(known), sorted(known, reverse=True))


def _day(text: str) -> tuple[int, int, int] | None:
    """Return year, month and day of `24 March 1999`, `March 24, 1999`, `1999-03-24`, `May 1999`, `May`."""
    iso = re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?", text)
    if iso:
        return int(iso[1]), int(iso[2]), int(iso[3] or 0)
    year = _YEAR.search(text)
    words = re.findall(r"[^\W\d_]+", text.casefold())
    months = [month for word in words if (month := _month(word))]
    if not months or len(text) > 24 or not (year or len(months) == len(words)):
        return None
    day = re.search(r"(?<!\d)\d{1,2}(?!\d)", text.replace(year[0], "") if year else text)
    return int(year[0]) if year else 0, months[0], int(day[0]) if day else 0


def _month(word: str) -> int:
    """Return the number of a month by its name, its first letters or its genitive; 0 for another word."""
    for number, names in enumerate(_MONTHS, 1):
        begins = len(word) > 2 and any(name.startswith(word) for name in names)
        if begins or word.removesuffix("a") in names or word in names:
            return number
    return 0
