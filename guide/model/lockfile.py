"""guide.lock as text: one line an item, sorted by part and id, so that version control can merge it.

Columns are separated by tabs and written as JSON where they may hold any text. The last column is a check of the
line: a line that was edited by hand is reported, and two branches still merge line by line.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic, Place, error
from guide.model.base import KEBAB
from guide.model.identity import Earlier, Known, Lock, Release, merged
from guide.model.parts import NAMED

LOCK = "guide.lock"
OF_THE_LOCK = {"lock-conflict", "lock-edited"}
"""Errors that `guide check --fix` puts right."""
_HEAD = "# guide.lock, format 1: which item is which. guide writes it; keep it with the pack, and do not edit it."
_FORMAT = re.compile(r"# guide\.lock, format (\d+)\b")
_RELEASE, _PACK = "release", "pack"
_NUMBERS = re.compile(r"(?:[a-z0-9-]+:)?[1-9]\d{0,6}")
_MARKS = re.compile(r"<{7}( |$)|\|{7}( |$)|={7}$|>{7}( |$)")
_DIGEST = re.compile(r"[0-9a-f]{16}")
_KEEP = (
    "Take the line back from version control, or run `guide check --fix` to keep it as it is now."
)
_BOTH = "Run `guide check --fix`: it keeps the items of both sides, and gives no number twice."


def written(lock: Lock) -> str:
    """Return the text of guide.lock."""
    lines = [_HEAD, *([_line([_PACK, _json(lock.pack)])] if lock.pack else [])]
    for each in lock.releases:
        lines.append(_line([_RELEASE, _json(each.version), each.date, each.digest]))
    for _, item in sorted(lock.items.items()):
        earlier = [[e.version, e.digest, e.words, list(e.blocks)] for e in item.earlier]
        lines.append(_line([
            item.key, " ".join(_number(*pair) for pair in item.numbers.items()), item.digest,
            _json(item.came), _json(item.changed), item.date, str(item.revision), _json(item.gone),
            _json(item.words), " ".join(item.blocks), _json(earlier) if earlier else "",
        ]))  # fmt: skip
    return "\n".join(lines) + "\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _number(face: str, number: int) -> str:
    return f"{face}:{number}" if face else str(number)


def _line(columns: Sequence[str]) -> str:
    text = "\t".join(columns)
    return f"{text}\t{_check(text)}"


def _check(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


@dataclass
class _Sides:
    """What has been read: both sides of a conflict apart, and what is wrong."""

    ours: dict[str, Known] = field(default_factory=dict)
    theirs: dict[str, Known] = field(default_factory=dict)
    releases: dict[str, Release] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    pack: str = ""


def read_lock(text: str) -> tuple[Lock, tuple[Diagnostic, ...]]:
    """Return what guide.lock says, and what is wrong with it, by line.

    Lines that cannot be read are omitted. Of a file with conflict markers, both sides are read: see `merged`.
    """
    head = _FORMAT.match(text)
    if head is None or head[1] != "1":
        message = "guide.lock does not begin with its first line" if head is None else (
            f"guide.lock has the format {head[1]}; this guide reads format 1"
        )  # fmt: skip
        hint = "Take the file back from version control, or delete it: `guide check --fix` makes a new one."
        return Lock(), (error("lock-edited", message, Place(LOCK, 1, 1), hint),)
    sides = _Sides()
    side = "ours"
    for number, line in enumerate(text.split("\n"), 1):
        if _MARKS.match(line):
            if line.startswith("<"):
                message = "guide.lock has a conflict that git left: two branches changed it"
                sides.problems.append(
                    error("lock-conflict", message, Place(LOCK, number, 1), _BOTH)
                )
            side = "theirs" if line.startswith("=") else "base" if line.startswith("|") else "ours"
        elif line.strip() and not line.startswith("#") and side != "base":
            _read_line(line, number, side, sides)
    ours = Lock(sides.ours, tuple(sides.releases.values()), sides.pack)
    if not any(each.code == "lock-conflict" for each in sides.problems):
        sides.problems += _twice(ours, sides.lines)
    return merged(ours, Lock(sides.theirs, ours.releases)), tuple(sides.problems)


def _read_line(line: str, number: int, side: str, sides: _Sides) -> None:
    body, _, check = line.rpartition("\t")
    at = Place(LOCK, number, 1)
    try:
        columns = body.split("\t")
        if columns[0] == _PACK:
            sides.pack = sides.pack or _text(columns[1])
        elif columns[0] == _RELEASE:
            release = _release(columns)
            sides.releases.setdefault(release.version, release)
        else:
            known = _known(columns)
            into = sides.theirs if side == "theirs" else sides.ours
            if known.key in into:
                message = f"`{known.key}` has two lines in guide.lock"
                sides.problems.append(error("lock-conflict", message, at, _BOTH))
                known = max(into[known.key], known, key=lambda each: each.revision)
            into[known.key] = known
            sides.lines[known.key] = number
    except (ValueError, IndexError, TypeError, RecursionError):
        message = "the line is not one that guide wrote"
        sides.problems.append(error("lock-edited", message, at, _KEEP))
        return
    if check != _check(body):
        message = "the line was edited by hand"
        sides.problems.append(error("lock-edited", message, at, _KEEP))


def _release(columns: Sequence[str]) -> Release:
    _, version, date, digest = columns
    return Release(_text(version), _date(date), _fits(_DIGEST, digest))


def _known(columns: Sequence[str]) -> Known:
    """Return the item of a line; raises ValueError."""
    key, numbers, digest, came, changed, date, revision, gone, words, blocks, earlier = columns
    part, _, name = key.partition("/")
    if part not in NAMED or not KEBAB.fullmatch(name):
        raise ValueError(key)
    return Known(
        part, name, _fits(_DIGEST, digest), _text(words), _text(came), _text(changed),
        _date(date), int(revision), _text(gone), dict(_numbers(numbers)), tuple(blocks.split()),
        tuple(_earlier(json.loads(earlier))) if earlier else (),
    )  # fmt: skip


def _numbers(text: str) -> Iterator[tuple[str, int]]:
    for each in text.split():
        face, _, number = _fits(_NUMBERS, each).rpartition(":")
        yield face, int(number)


def _earlier(said: Any) -> Iterator[Earlier]:
    for version, digest, words, blocks in said:
        if not all(isinstance(each, str) for each in (version, words, *blocks)):
            raise ValueError(said)
        yield Earlier(version, _fits(_DIGEST, digest), words, tuple(blocks))


def _fits(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text


def _date(text: str) -> str:
    return _fits(re.compile(r"(-?\d{4}-\d\d-\d\d)?"), text)


def _text(written: str) -> str:
    text = json.loads(written)
    if not isinstance(text, str):
        raise ValueError(written)  # noqa: TRY004  one error for whatever does not fit
    return text


def _twice(lock: Lock, lines: dict[str, int]) -> Iterator[Diagnostic]:
    """Yield an error for each number that two cards have."""
    owners: dict[int, str] = {}
    for key, item in lock.items.items():
        for number in item.numbers.values():
            if number in owners:
                message = f"the number {number} was given to `{owners[number]}` and to `{key}`"
                at = Place(LOCK, lines.get(key, 1), 1)
                yield error("lock-conflict", message, at, _BOTH)
            owners.setdefault(number, key)
