"""The files of a pack after an import, made in memory: entries appended, values changed in their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guide.content.rewrite import with_values
from guide.content.slugs import slug
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, warning
from guide.exchange import entries, record
from guide.exchange.merging import Change, Merged, New
from guide.exchange.reading.found import Entry
from guide.model.pack import Pack

_LISTS = {"questions": "questions.yaml", "glossary": "glossary.yaml"}
_MOST = 4000  # cards of one file; more would be slow to edit, and too much for a reader of YAML
_FRONT = re.compile(r"---[ \t]*\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|$)", re.S)
_COMMENT = "# yaml-language-server: $schema={up}.guide/schema/{name}.json\n"


@dataclass
class Composed:
    """Files of a pack by path, and where each new entry is in them: (path, first line, last line)."""

    folder: Path
    texts: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    written: dict[str, list[tuple[int, int, Entry]]] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    changed: dict[str, Entry] = field(default_factory=dict)
    _marks: dict[str, tuple[bool, bool]] = field(default_factory=dict)

    def text(self, path: str) -> str | None:
        """Return the text of a file with unix line ends, None when there is none."""
        if path not in self.texts:
            file = self.folder / path
            if not file.is_file():
                return None
            raw = file.read_bytes().decode("utf-8")
            self._marks[path] = raw.startswith("\ufeff"), "\r\n" in raw
            self.texts[path] = raw.removeprefix("\ufeff").replace("\r\n", "\n")
        return self.texts[path]

    def files(self) -> dict[str, bytes]:
        """Return the bytes of all files that differ from those on the disk."""
        made: dict[str, bytes] = dict(self.pictures)
        for path, text in self.texts.items():
            bom, crlf = self._marks.get(path, (False, False))
            stored = text.replace("\n", "\r\n") if crlf else text
            made[path] = (b"\xef\xbb\xbf" if bom else b"") + stored.encode("utf-8")
        return {path: data for path, data in made.items() if not self._is(path, data)}

    def _is(self, path: str, data: bytes) -> bool:
        file = self.folder / path
        return file.is_file() and file.stat().st_size == len(data) and file.read_bytes() == data

    def append(self, path: str, new: Sequence[New], head: str) -> None:
        """Put entries at the end of a list."""
        text = self.text(path)
        if text is None or not text.strip():
            text = head
        elif re.search(r"^\s*[\[{]", re.sub(r"(?m)^#.*$", "", text)):
            hint = "Write each of its entries on separate lines after `- `, and import again."
            raise GuideError(
                error(
                    "import-refused",
                    f"{path} is one list in brackets",
                    Place(str(self.folder / path), 1, 1),
                    hint,
                )
            )
        text = text if text.endswith("\n") else text + "\n"
        line = text.count("\n") + 1
        parts = [text]
        for each in new:
            made = entries.entry({"id": each.id, **each.entry.data})
            last = line + made.count("\n") - 1
            self.written.setdefault(path, []).append((line, last, each.entry))
            parts.append(made)
            line = last + 1
        self.texts[path] = "".join(parts)

    def entry_at(self, place: Place) -> Entry | None:
        """Return the imported entry that was written at a place."""
        for first, last, entry in self.written.get(place.path, ()):
            if first <= place.line <= last or not place.line:
                return entry
        return None


def compose(
    folder: Path, merged: Sequence[Merged], pack: Pack | None, records: Iterable[record.Imported]
) -> Composed:
    """Return the files of a pack with everything that imports bring."""
    made = Composed(folder)
    for each in merged:
        _cards(made, each)
        for part, path in _LISTS.items():
            if new := [item for item in each.new if item.entry.part == part]:
                made.append(path, new, _COMMENT.format(up="", name=part))
        _sections(made, [item for item in each.new if item.entry.part == "sections"])
        if pack is not None:
            _changes(made, each.changes, pack)
        made.pictures |= each.found.pictures
    kept = {(each.source, each.part, each.id): each for each in records}
    kept |= {(each.source, each.part, each.id): each for one in merged for each in one.records}
    if kept:
        made.text(record.RECORD)
        made.texts[record.RECORD] = record.written(kept.values())
    return made


def _cards(made: Composed, merged: Merged) -> None:
    """Put new cards into a file for each deck, several for a long one."""
    groups: dict[str, list[New]] = {}
    for new in merged.new:
        if new.entry.part == "cards":
            groups.setdefault(new.entry.group or Path(merged.found.path).stem, []).append(new)
    for group, news in groups.items():
        for number in range(0, len(news), _MOST):
            name = slug(group) + (f"-{number // _MOST + 1}" if number else "")
            made.append(
                f"cards/{name}.yaml",
                news[number : number + _MOST],
                _COMMENT.format(up="../", name="cards"),
            )


def _sections(made: Composed, new: Sequence[New]) -> None:
    if not new:
        return
    names = [path.name for path in (made.folder / "sections").glob("*.m*")]
    numbers = [int(match[1]) for name in names if (match := re.match(r"(\d+)", name))]
    number = max(numbers, default=0) // 10 * 10
    for each in new:
        number += 10
        path = f"sections/{number:02d}-{each.id}.md"
        data = {name: value for name, value in each.entry.data.items() if name != "body"}
        made.texts[path] = entries.front_matter(
            {"id": each.id, **data}, str(each.entry.data.get("body", ""))
        )
        made.written[path] = [(1, made.texts[path].count("\n") + 1, each.entry)]


def _changes(made: Composed, changes: Sequence[Change], pack: Pack) -> None:
    """Change values in the files in which the items are written."""
    items = {item.id: item for item in pack.items}
    by_path: dict[str, dict[tuple[int, int], Mapping[str, Any]]] = {}
    for change in changes:
        at = items[change.id].at()
        made.changed[change.id] = change.entry
        if not at.path.endswith((".yaml", ".yml", ".md", ".markdown")):
            message = (
                f"`{change.id}` changed in the file, and {at.path} is a table, which is not edited"
            )
            hint = f"Correct it there: {', '.join(f'{name}: {value}' for name, value in change.values.items())[:200]}"
            made.problems.append(warning("import-edited", message, at, hint, change.id))
            continue
        by_path.setdefault(at.path, {})[at.line, at.column] = change.values
    for path, values in by_path.items():
        text = made.text(path) or ""
        edited = (
            _section(text, *values.values())
            if path.endswith((".md", ".markdown"))
            else with_values(text, values, entries.pair)
        )
        if edited is None:
            message = "the entries that changed cannot be edited in this file"
            hint = "Write each of its entries on separate lines after `- `, and import again."
            raise GuideError(
                error("import-refused", message, Place(str(made.folder / path), 1, 1), hint)
            )
        made.texts[path] = edited


def _section(text: str, values: Mapping[str, Any]) -> str | None:
    match = _FRONT.match(text)
    if match is None:
        return None
    head, body = match[1] + "\n", text[match.end() :]
    front = {name: value for name, value in values.items() if name != "body"}
    if front:
        edited = with_values(head, {(1, 1): front}, entries.pair)
        if edited is None:
            return None
        head = edited
    if "body" in values:
        body = str(values["body"] or "").strip("\n") + "\n"
    return f"---\n{head.rstrip(chr(10))}\n---\n{body}"
