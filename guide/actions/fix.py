"""`guide check --fix`: what can be put right in a pack's files without asking, as edits of text.

Nothing is written unless the pack that comes of it says the same as before, but for what was fixed.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from guide.content import edits
from guide.content.files import Reader
from guide.content.load import load_pack
from guide.content.slugs import slug
from guide.content.yaml import read_yaml
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, Severity, error
from guide.markup import prose
from guide.model.base import Item
from guide.model.content import Event, Section
from guide.model.dates import Date
from guide.model.markup import mentions, texts_of
from guide.model.pack import Pack
from guide.pipeline import fence, render_limit
from guide.pipeline.inputs import size_of_inputs
from guide.system import output

_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FRONT = re.compile(r"---[ \t]*\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|$)", re.S)
_LISTS = ("timeline.yaml", "glossary.yaml", "actors.yaml", "facts.yaml", "cards.yaml",
          "questions.yaml")  # fmt: skip
_COLLECTIONS = ("sections", "timeline", "glossary", "actors", "facts", "cards", "questions")
_SORTED = {"timeline.yaml": "timeline", "glossary.yaml": "glossary"}


@dataclass(frozen=True, order=True)
class Fix:
    """One thing that was put right: the file, below the pack, the line in it, and what."""

    path: str
    line: int
    what: str


@dataclass
class Fixed:
    """What came of fixing a pack: the fixes, and the files before and after, by path."""

    folder: Path
    fixes: list[Fix] = field(default_factory=list)
    before: dict[str, bytes] = field(default_factory=dict)
    after: dict[str, bytes] = field(default_factory=dict)

    def diff(self) -> str:
        """Return the changes as a unified diff."""
        made = []
        for path in sorted(self.after):
            old = self.before[path].decode("utf-8").splitlines(keepends=True)
            new = self.after[path].decode("utf-8").splitlines(keepends=True)
            name = (self.folder / path).as_posix()
            for line in difflib.unified_diff(old, new, name, name):
                made.append(
                    line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
                )
        return "".join(made)

    def write(self) -> None:
        """Write the files, each whole or not at all; raises GuideError.

        Nothing is written when one of them is read-only.
        """
        for path in self.after:
            output.check_writable(self.folder / path)
        for path, data in sorted(self.after.items()):
            output.replace(self.folder / path, data)


def fix_pack(folder: Path) -> Fixed:
    """Return what can be put right in a pack; nothing is written.

    Raises GuideError when what would be written says something else than what is there.
    """
    from guide.system.sandbox import Exceeded, confined, limits

    bounds = limits(1)
    seconds = bounds.allowed(size_of_inputs(folder))
    try:
        found: Fixed = confined(
            _fixed, folder, heard=lambda _what, _how: None, bounds=bounds, seconds=seconds,
            fence=fence(folder),
        )  # fmt: skip
    except Exceeded as exc:
        raise GuideError(render_limit(f"reading the content {exc.limit}")) from exc
    return found


def _fixed(folder: Path, _say: Callable[[str, str], None]) -> Fixed:
    pack, problems = load_pack(folder)
    if pack is None:  # what is wrong with it, `check` says
        return Fixed(folder)
    return _Fixing(folder, pack, problems).run()


@dataclass
class _Text:
    """A file's text with unix line ends, and how it was stored."""

    text: str
    bom: bool
    crlf: bool

    def stored(self) -> bytes:
        text = self.text.replace("\n", "\r\n") if self.crlf else self.text
        return (b"\xef\xbb\xbf" if self.bom else b"") + text.encode("utf-8")


class _Fixing:
    def __init__(self, folder: Path, pack: Pack, problems: tuple[Diagnostic, ...]) -> None:
        self.folder, self.pack, self.problems = folder, pack, problems
        self.reader = Reader(folder)
        self.language = pack.manifest.lang.partition("-")[0]
        self.files: dict[str, _Text] = {}
        self.before: dict[str, bytes] = {}
        self.fixes: list[Fix] = []
        self.renamed: set[str] = set()  # old and new ids
        self.sorted: set[str] = set()
        self.mended = 0  # items that were left out because of their ids

    def run(self) -> Fixed:
        for path in self._paths():
            self._read(path)
        for path in list(self.files):
            self._tidy(path)
        self._ids()
        self._sort()
        after = {path: each.stored() for path, each in self.files.items()}
        changed = {path: data for path, data in after.items() if data != self.before[path]}
        if changed:
            self._check(changed)
        fixes = sorted(fix for fix in self.fixes if fix.path in changed)
        return Fixed(self.folder, fixes, {path: self.before[path] for path in changed}, changed)

    def _paths(self) -> Iterator[str]:
        yield "pack.yaml"
        yield from self.reader.listing("sections", ".md", ".markdown")
        yield from (*_LISTS, "sources.yaml", "sources.yml")
        yield from self.reader.listing("cards", ".yaml", ".yml")

    def _read(self, path: str) -> None:
        """Take up a file of the pack that can be read; others, and links, are not touched."""
        whole = self.folder / path
        if not whole.is_file() or whole.is_symlink() or whole.parent.resolve() != (
            self.folder.resolve() / path
        ).parent:  # fmt: skip
            return
        data, text = self.reader.data(path), self.reader.text(path)
        if data is None or text is None:
            return
        raw = data.decode("utf-8")
        crlf = "\r\n" in raw
        bare = raw.replace("\r\n", "")
        if "\r" in bare or (crlf and "\n" in bare):  # line ends of two kinds
            return
        if not self._is_sound(path, text):
            return
        self.files[path] = _Text(text, raw.startswith("\ufeff"), crlf)
        self.before[path] = data

    def _is_sound(self, path: str, text: str) -> bool:
        """Tell whether a file can be read to its end."""
        if path.endswith((".md", ".markdown")):
            match = _FRONT.match(text)
            return match is not None and read_yaml(match[1], path)[0] is not None
        document, problems = read_yaml(text, path)
        return document is not None and not problems

    def _put(self, path: str, edited: edits.Edited, shift: int = 0) -> None:
        text, changes = edited
        self.files[path].text = text
        self.fixes += [Fix(path, line + shift, what) for line, what in changes]

    def _tidy(self, path: str) -> None:
        text = self.files[path].text
        match = _FRONT.match(text) if path.endswith((".md", ".markdown")) else None
        if match is None:
            self._put(path, edits.tidy_yaml(text))
            return
        head, changes = edits.tidy_yaml(match[1] + "\n")
        head, body, first = head[:-1], text[match.end() :], text.count("\n", 0, match.end())
        start, stop = match.span(1)
        self._put(path, (text[:start] + head + text[stop : match.end()], changes), 1)
        top = self.files[path].text
        # Once more: a blank after a quote mark is only known as one when the mark is typographic.
        for edit in (prose.tidy_prose, prose.curly_quotes, prose.tidy_prose):
            body, changes = edit(body, self.language)
            self._put(path, (top + body, changes), first)

    # Ids

    def _ids(self) -> None:
        """Give kebab ids for others, free ids for those that stand twice, and write down numbered ones."""
        taken = set(self._known)
        referred = self._referred()
        seen: set[str] = set()
        for path in self._item_paths():
            wanted = []
            for entry in self._entries(path):
                name = entry.id.text if entry.id else ""
                new = self._new_id(path, entry, name, seen, taken, referred)
                seen.add(new or name)
                if new:
                    taken.add(new)
                    self.renamed |= {name, new} if name else set()
                    wanted.append((entry, new))
                    self.mended += bool(name) and not _KEBAB.fullmatch(name)
            if wanted:
                self._rename(path, wanted)

    def _item_paths(self) -> Iterator[str]:
        for path in self.files:
            if path != "pack.yaml" and not path.startswith("sources."):
                yield path

    def _entries(self, path: str) -> list[edits.Entry]:
        text = self.files[path].text
        match = _FRONT.match(text) if path.startswith("sections/") else None
        return edits.entries(match[1] if match else text)

    def _rename(self, path: str, wanted: list[tuple[edits.Entry, str]]) -> None:
        text = self.files[path].text
        match = _FRONT.match(text) if path.startswith("sections/") else None
        if match is None:
            self._put(path, edits.with_ids(text, wanted))
            return
        head, changes = edits.with_ids(match[1], wanted)
        start, stop = match.span(1)
        self._put(path, (text[:start] + head + text[stop:], changes), 1)

    def _new_id(
        self, path: str, entry: edits.Entry, name: str, seen: set[str], taken: set[str],
        referred: set[str],
    ) -> str:  # fmt: skip
        """Return the id that an entry should have instead, '' when it may keep its own."""
        if not name:
            return self._numbered(path, entry)
        if name in referred or f"sec-{name}" in referred:
            return ""  # what is meant, its author must say
        if not _KEBAB.fullmatch(name):
            return _free(slug(name), taken | seen)
        return _free(name, taken | seen) if name in seen else ""

    def _numbered(self, path: str, entry: edits.Entry) -> str:
        """Return the id that an entry has only because of those before it; '' for any other."""
        if path.startswith("sections/"):
            return ""
        item = self._by_place.get((path, entry.at.line + 1, entry.at.column + 1))
        if item is None or "id" in item.places:
            return ""
        match = re.fullmatch(r"(.+)-\d+", item.id)
        base = match[1] if match else ""
        return item.id if base in self._known and slug(_title(item)) == base else ""

    @cached_property
    def _by_place(self) -> dict[tuple[str, int, int], Item]:
        found = ((item.at(), item) for item in self.pack.items)
        return {(at.path, at.line, at.column): item for at, item in found}

    @cached_property
    def _known(self) -> set[str]:
        return {item.id for item in self.pack.items}

    def _referred(self) -> set[str]:
        """Return every word by which the pack may refer to an item."""
        found = {entry.id for entry in self.pack.manifest.accept}
        found |= {tag for item in self.pack.items for tag in item.tags}
        for item in self.pack.items:
            texts = [text for _, text in texts_of(item)]
            texts += [item.body] if isinstance(item, Section) else []
            for text in texts:
                found |= {m.value for m in mentions(text) if m.kind in {"ref", "term", "anchor"}}
                found |= set(re.findall(r"\]\(#([^)\s]+)\)", text))
        found |= set(_words(self.pack.manifest.documents))
        found |= {word for edition in self.pack.manifest.editions.values() for word in edition.tags}
        return found - {""}

    # Order

    def _sort(self) -> None:
        for path, what in _SORTED.items():
            if path in self.files:
                key: Callable[[Any, Any], Any] = _by_date if what == "timeline" else _by_term
                words = "their dates" if what == "timeline" else "the alphabet"
                self._sort_file(path, key, words, what)
        for path in ("sources.yaml", "sources.yml"):
            if path in self.files:
                self._sort_file(path, _by_key, "their keys", "sources")

    def _sort_file(self, path: str, key: Callable[[Any, Any], Any], words: str, what: str) -> None:
        try:
            edited = edits.sorted_entries(self.files[path].text, key, words)
        except _Unsortable:
            return
        if edited[1]:
            self.sorted.add(what)
        self._put(path, edited)

    # The check of all this

    def _check(self, changed: Mapping[str, bytes]) -> None:
        """Raise GuideError when the fixed pack says something else, or has more errors."""
        pack, problems = load_pack(self.folder, given=changed)
        wrong = ""
        if pack is None:
            wrong = "pack.yaml"
        elif not self.mended and _new_errors(self.problems, problems):
            wrong = "it has other errors"
        else:
            wrong = self._difference(pack)
        if wrong:
            message = f"the fixes would change more than they should ({wrong}); nothing was written"
            hint = "Please report this with the pack; guide check without --fix changes nothing."
            raise GuideError(error("fix-refused", message, Place(str(self.folder)), hint))

    def _difference(self, after: Pack) -> str:
        """Return what differs in the pack besides what was fixed, '' for nothing."""
        before = self.pack
        if before.manifest != after.manifest:
            return "pack.yaml"
        if dict(before.sources) != dict(after.sources):
            return "sources"
        for name in _COLLECTIONS:
            old = [self._plain(item) for item in getattr(before, name)]
            new = [self._plain(item) for item in getattr(after, name)]
            if name in self.sorted:
                old, new = sorted(old, key=repr), sorted(new, key=repr)
            if not _within(old, new) or len(new) - len(old) > self.mended:
                return name
        return ""

    def _plain(self, item: Item) -> Any:
        """Return what an item says, but for an id that was changed."""
        fields = item.model_dump(mode="json", exclude={"body", "body_line"})
        if item.id in self.renamed:
            del fields["id"]
        if isinstance(item, Section):
            fields["body"] = prose.printed_body(item.body, self.language)
        return fields


class _Unsortable(Exception):
    """An entry has nothing to be sorted by."""


def _by_date(_: Any, entry: Any) -> Any:
    try:
        date = Date.parse(str(getattr(entry["date"], "text", entry["date"])))
    except (ValueError, KeyError, TypeError) as exc:
        raise _Unsortable from exc
    return date.first, date.last


def _by_term(_: Any, entry: Any) -> Any:
    try:
        text = str(getattr(entry["term"], "text", entry["term"]))
    except (KeyError, TypeError) as exc:
        raise _Unsortable from exc
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)), text


def _by_key(key: Any, entry: Any) -> Any:
    name = key if key is not None else entry.get("id") if isinstance(entry, dict) else None
    if name is None:
        raise _Unsortable
    return str(name).casefold(), str(name)


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 2
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _title(item: Item) -> str:
    """Return what the id of an item is made from: see guide.content.load."""
    date = f"{item.date}-" if isinstance(item, Event) else ""
    names = ("title", "term", "name", "label", "front", "cloze", "prompt")
    return date + next((str(text) for n in names if (text := getattr(item, n, ""))), "")


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _words(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _words(inner)
    elif value is not None:
        yield str(value)


def _within(old: list[Any], new: list[Any]) -> bool:
    """Tell whether all of a list stands in another, in the same order."""
    rest = iter(new)
    return all(any(each == other for other in rest) for each in old)


def _new_errors(before: tuple[Diagnostic, ...], after: tuple[Diagnostic, ...]) -> bool:
    def codes(found: tuple[Diagnostic, ...]) -> list[str]:
        return [d.code for d in found if d.severity == Severity.ERROR]

    rest = codes(before)
    for code in codes(after):
        if code not in rest:
            return True
        rest.remove(code)
    return False
