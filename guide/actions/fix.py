"""`guide check --fix`: what can be put right in a pack's files without asking, as edits of text.

Nothing is written unless the pack that comes of it says the same as before, but for what was fixed.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from guide.actions.apart import apart
from guide.actions.new_ids import front_matter, new_ids
from guide.content import edits
from guide.content.files import Reader
from guide.content.identity import lock_of
from guide.content.load import load_pack
from guide.content.yaml import read_yaml
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, Severity, error
from guide.markup import prose
from guide.markup.headings import space_headings
from guide.model.base import KEBAB, Item
from guide.model.content import Section
from guide.model.dates import Date
from guide.model.identity import Lock, differences
from guide.model.letters import unaccented
from guide.model.lockfile import LOCK, OF_THE_LOCK, written
from guide.model.pack import Pack
from guide.model.parts import FILES, NAMED
from guide.system import output


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
        made: list[str] = []
        for path in sorted(self.after):
            old = self.before.get(path, b"").decode("utf-8").splitlines(keepends=True)
            new = self.after[path].decode("utf-8").splitlines(keepends=True)
            name = (self.folder / path).as_posix()
            made += difflib.unified_diff(old, new, name, name)
        last = "\n\\ No newline at end of file\n"
        return "".join(line if line.endswith("\n") else line + last for line in made)

    def write(self) -> None:
        """Write the files, each whole or not at all; raises GuideError.

        Nothing is written when one of them is read-only.
        """
        for path in self.before:
            output.check_writable(self.folder / path)
        for path, data in sorted(self.after.items()):
            (output.replace if path in self.before else output.write)(self.folder / path, data)


def fix_pack(folder: Path) -> Fixed:
    """Return what can be put right in a pack; nothing is written.

    Raises GuideError when what would be written says something else than what is there.
    """
    found: Fixed = apart(_fixed, folder)
    return found


@dataclass(frozen=True)
class _File:
    """A file's text with unix line ends, how it was stored, and its bytes."""

    text: str
    bom: bool
    crlf: bool
    data: bytes

    def stored(self, text: str) -> bytes:
        text = text.replace("\n", "\r\n") if self.crlf else text
        return (b"\xef\xbb\xbf" if self.bom else b"") + text.encode("utf-8")


def _fixed(folder: Path, _say: Callable[[str, str], None]) -> Fixed:
    pack, problems = load_pack(folder)
    if pack is None:  # what is wrong with it, `check` says
        return Fixed(folder)
    reader = Reader(folder)
    files = {path: file for path in _paths(reader) if (file := _read(reader, path)) is not None}
    texts = {path: file.text for path, file in files.items()}
    language = pack.manifest.lang.partition("-")[0]
    fixes: list[Fix] = []

    def edit(path: str, edited: edits.Edited) -> None:
        texts[path], changes = edited
        fixes.extend(Fix(path, line, what) for line, what in changes)

    for path in files:
        edit(path, _tidied(path, texts[path], language))
    wanted = new_ids(pack, texts)
    for path, names in wanted.items():
        edit(path, _in_front(path, texts[path], partial(edits.with_ids, wanted=names)))
    ordered: set[str] = set()
    for path, (key, words, part) in _SORTED.items():
        if path in texts and (edited := _sorted(texts[path], key, words))[1]:
            ordered.add(part)
            edit(path, edited)
    after = {path: file.stored(texts[path]) for path, file in files.items()}
    changed = {path: data for path, data in after.items() if data != files[path].data}
    if changed:
        renamed = [(entry.id.text, new) for names in wanted.values() for entry, new in names
                   if entry.id and entry.id.text]  # fmt: skip
        _check(folder, pack, problems, changed, renamed, ordered)
    fixes = sorted(fix for fix in fixes if fix.path in changed)
    fixed = Fixed(folder, fixes, {path: files[path].data for path in changed}, changed)
    if changed:
        pack, problems = load_pack(folder, given=changed)
    _lock(fixed, pack, problems, reader)
    return fixed


def _lock(
    fixed: Fixed, pack: Pack | None, problems: tuple[Diagnostic, ...], reader: Reader
) -> None:
    """Bring guide.lock up to date, unless an error keeps items out of the pack."""
    errors = {d.code for d in problems if d.severity == Severity.ERROR}
    if pack is None or errors - OF_THE_LOCK:
        return
    now = pack.lock or lock_of(pack)
    data = written(now).encode()
    old = reader.data(LOCK) if reader.exists(LOCK) else None
    if data == old:
        return
    if old is not None:
        fixed.before[LOCK] = old
    fixed.after[LOCK] = data
    fixed.fixes.append(Fix(LOCK, 1, differences(pack.locked or Lock(), now)))


def _paths(reader: Reader) -> Iterator[str]:
    yield "pack.yaml"
    yield from reader.listing("sections", ".md", ".markdown")
    yield from (*FILES, "sources.yaml", "sources.yml")
    yield from reader.listing("cards", ".yaml", ".yml")


def _read(reader: Reader, path: str) -> _File | None:
    """Return a file of the pack that can be read to its end; None for others, and for links."""
    folder = reader.root
    whole, real = folder / path, (folder.resolve() / path).parent
    if not whole.is_file() or whole.is_symlink() or whole.parent.resolve() != real:
        return None
    data, text = reader.data(path), reader.text(path)
    if data is None or text is None:
        return None
    raw = data.decode("utf-8")
    crlf = "\r\n" in raw
    bare = raw.replace("\r\n", "")
    if "\r" in bare or (crlf and "\n" in bare):  # line ends of two kinds
        return None
    if path.endswith((".md", ".markdown")):
        match = front_matter(path, text)
        sound = match is not None and read_yaml(match[1], path)[0] is not None
    else:
        document, problems = read_yaml(text, path)
        sound = document is not None and not problems
    return _File(text, raw.startswith("\ufeff"), crlf, data) if sound else None


def _in_front(path: str, text: str, edit: Callable[[str], edits.Edited]) -> edits.Edited:
    """Edit the YAML of a file: all of it, or its front matter."""
    match = front_matter(path, text)
    if match is None:
        return edit(text)
    edited, changes = edit(match[1] + "\n")
    start, stop = match.span(1)
    return text[:start] + edited[:-1] + text[stop:], [(line + 1, what) for line, what in changes]


def _tidied(path: str, text: str, language: str) -> edits.Edited:
    text, changes = _in_front(path, text, edits.tidy_yaml)
    match = front_matter(path, text)
    if match is None:
        return text, changes
    top, body = text[: match.end()], text[match.end() :]
    above = top.count("\n")
    # Once more: a blank after a quote mark is only known as one when the mark is typographic.
    for tidy in (space_headings, prose.tidy_prose, prose.curly_quotes, prose.tidy_prose):
        body, more = tidy(body, language)
        changes = changes + [(line + above, what) for line, what in more]
    return top + body, changes


def _check(
    folder: Path, before: Pack, problems: tuple[Diagnostic, ...], changed: Mapping[str, bytes],
    renamed: list[tuple[str, str]], ordered: set[str],
) -> None:  # fmt: skip
    """Raise GuideError when the fixed pack says something else, or has more errors.

    `renamed` are the old and new ids, `ordered` the parts whose entries were sorted.
    """
    after, more = load_pack(folder, given=changed)
    # An item that was omitted because of its id comes back.
    corrected = sum(not KEBAB.fullmatch(name) for name, _ in renamed)
    if after is None:
        wrong = "pack.yaml"
    elif not corrected and _new_errors(problems, more):
        wrong = "it has other errors"
    else:
        ids = {name for pair in renamed for name in pair}
        wrong = _difference(before, after, ids, ordered, corrected)
    if wrong:
        message = f"the fixes would change more than they should ({wrong}); nothing was written"
        hint = "Please report this with the pack; guide check without --fix changes nothing."
        raise GuideError(error("fix-refused", message, Place(str(folder)), hint))


def _difference(before: Pack, after: Pack, ids: set[str], ordered: set[str], corrected: int) -> str:
    """Return what differs in the pack besides what was fixed, '' for nothing."""
    if before.manifest != after.manifest:
        return "pack.yaml"
    if dict(before.sources) != dict(after.sources):
        return "sources"
    language = before.manifest.lang.partition("-")[0]
    for name in NAMED:
        old = [_plain(item, ids, language) for item in getattr(before, name)]
        new = [_plain(item, ids, language) for item in getattr(after, name)]
        if name in ordered:
            old, new = sorted(old, key=repr), sorted(new, key=repr)
        rest = iter(new)  # which has all that was there, in the same order
        within = all(any(each == other for other in rest) for each in old)
        if not within or len(new) - len(old) > corrected:
            return name
    return ""


def _plain(item: Item, ids: set[str], language: str) -> Any:
    """Return what an item says, but for an id that was changed."""
    fields = item.model_dump(mode="json", exclude={"body", "body_line"})
    if item.id in ids:
        del fields["id"]
    if isinstance(item, Section):
        body = space_headings(item.body, language)[0]
        fields["body"] = prose.printed_body(body, language)
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
    return unaccented(text.casefold()), text


def _by_key(key: Any, entry: Any) -> Any:
    name = key if key is not None else entry.get("id") if isinstance(entry, dict) else None
    if name is None:
        raise _Unsortable
    return str(name).casefold(), str(name)


_SORTED: dict[str, tuple[Callable[[Any, Any], Any], str, str]] = {  # key, its words, part
    "timeline.yaml": (_by_date, "their dates", "timeline"),
    "glossary.yaml": (_by_term, "the alphabet", "glossary"),
    "sources.yaml": (_by_key, "their keys", "sources"),
    "sources.yml": (_by_key, "their keys", "sources"),
}


def _sorted(text: str, key: Callable[[Any, Any], Any], words: str) -> edits.Edited:
    try:
        return edits.sorted_entries(text, key, words)
    except _Unsortable:
        return text, []


def _new_errors(before: tuple[Diagnostic, ...], after: tuple[Diagnostic, ...]) -> bool:
    old, new = (
        Counter(d.code for d in found if d.severity == Severity.ERROR) for found in (before, after)
    )
    return not new <= old
