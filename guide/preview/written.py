"""Where what is printed was written: the words of a printed line, looked for in the pack's files."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from guide.content.files import Reader
from guide.system.folders import walk

_TEXTS = (".md", ".yaml", ".yml", ".csv", ".tsv", ".bib", ".json")
_IGNORED = {"build", "__pycache__", "node_modules", "templates"}
_MOST_FILES, _MOST_HITS = 400, 200
_AROUND = 8  # printed lines before and after that help to choose among several places
_NEAR = 1500  # letters of a file around a place, in which their words are looked for
_LONG = 4  # letters of a word that helps
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True)
class _File:
    path: str
    text: str

    @cached_property
    def words(self) -> list[tuple[str, int]]:
        """Each word, in small letters, and where it begins."""
        return [(match[0].casefold(), match.start()) for match in _WORDS.finditer(self.text)]

    @cached_property
    def joined(self) -> tuple[str, list[int]]:
        """All words with a space around each, and where in it each begins."""
        starts, at = [], 1
        for word, _ in self.words:
            starts.append(at)
            at += len(word) + 1
        return " " + " ".join(word for word, _ in self.words) + " ", starts


_read: dict[tuple[str, int, int], _File] = {}


def _files(folder: Path) -> Iterator[_File]:
    """Yield the pack's texts; one that was not written since is not read again."""
    reader, count = Reader(folder), 0
    for base, folders, names in walk(reader.root):
        folders[:] = sorted(n for n in folders if not n.startswith(".") and n not in _IGNORED)
        for name in sorted(names):
            if not name.lower().endswith(_TEXTS) or name.startswith(".") or count >= _MOST_FILES:
                continue
            count += 1
            path = Path(base, name)
            try:
                facts = path.lstat()
            except OSError:
                continue
            key = str(path), facts.st_mtime_ns, facts.st_size
            if key not in _read:
                for old in [each for each in _read if each[0] == key[0]]:
                    del _read[old]
                inside = path.relative_to(reader.root).as_posix()
                _read[key] = _File(inside, reader.text(inside) or "")
            yield _read[key]


def find(folder: Path, lines: Sequence[str], number: int) -> tuple[str, int, int] | None:
    """Return path, line and column of what line `number` of a page prints, None if it is not found.

    The longest run of the line's words that some file has decides; among several places, the one
    near which most words of the lines around are.
    """
    words = [word.casefold() for word in _WORDS.findall(lines[number])]
    around = " ".join(lines[max(0, number - _AROUND) : number + _AROUND + 1])
    helpful = {w.casefold() for w in _WORDS.findall(around) if len(w) >= _LONG}
    files = list(_files(folder))
    for size in range(len(words), 0, -1):
        runs = [" ".join(words[n : n + size]) for n in range(len(words) - size + 1)]
        hits = [hit for run in runs for hit in _hits(files, f" {run} ")][:_MOST_HITS]
        if hits and (size > 1 or len(words) == 1 or max(map(len, runs)) >= _LONG):
            file, at = max(hits, key=lambda hit: _score(hit[0], hit[1], helpful))
            line = file.text.count("\n", 0, at) + 1
            return file.path, line, at - file.text.rfind("\n", 0, at)
    return None


def _hits(files: Sequence[_File], run: str) -> Iterator[tuple[_File, int]]:
    for file in files:
        joined, starts = file.joined
        at = joined.find(run)
        while at >= 0:
            yield file, file.words[bisect_right(starts, at + 1) - 1][1]
            at = joined.find(run, at + 1)


def _score(file: _File, at: int, helpful: set[str]) -> int:
    near = file.text[max(0, at - _NEAR) : at + _NEAR]
    return len(helpful & {word.casefold() for word in _WORDS.findall(near)})
