"""What an editor shows, from an index and the text of a line: completions, definitions, problems.

Columns of LSP count units of UTF-16; those of guide count characters from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from lsprotocol import types as lsp

from guide.diagnostics.diagnostic import Diagnostic, Place, Severity
from guide.diagnostics.formats import remedy_of
from guide.editor.index import Name

_SEVERITY = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.NOTE: lsp.DiagnosticSeverity.Information,
}
_SYMBOL = {
    "source": lsp.CompletionItemKind.Reference, "term": lsp.CompletionItemKind.Text,
    "target": lsp.CompletionItemKind.Reference, "tag": lsp.CompletionItemKind.Keyword,
}  # fmt: skip
# What is before the cursor, and the kinds of names that may follow.
_BEGUN = (
    (re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)$"), ("term",)),
    (re.compile(r"(?<![\w.@])@([\w:.-]*)$"), ("source", "target")),
    (re.compile(r"(?:^|[\s{,])sources:\s*\[?(?:[^\]{}]*,)?\s*([\w:.-]*)$"), ("source",)),
    (re.compile(r"(?:^|[\s{,])tags:\s*\[?(?:[^\]{}]*,)?\s*([\w:.-]*)$"), ("tag",)),
)
_NAMED = (
    (re.compile(r"\[\[([^\[\]|]+)(?:\|[^\[\]]*)?\]\]"), ("term",)),
    (re.compile(r"(?<![\w.@])@([\w:.-]*\w)"), ("source", "target")),
    (re.compile(r"(?<![\w@-])([\w:.-]*\w)(?![\w-])"), ("source", "tag")),
)
_LIST = re.compile(r"(?:^|[\s{,])(sources|tags):[^{}]*$")
_WORD = re.compile(r"[\w-]+|\S")


def completions(before: str, names: Sequence[Name]) -> list[lsp.CompletionItem]:
    """Return what may follow the text before the cursor."""
    for pattern, kinds in _BEGUN:
        if match := pattern.search(before):
            begun = match[1].casefold()
            return [
                lsp.CompletionItem(name.key, kind=_SYMBOL[name.kind], detail=name.about or None)
                for name in names
                if name.kind in kinds and begun in name.key.casefold()
            ]
    return []


def named(line: str, column: int, names: Iterable[Name]) -> Name | None:
    """Return the name that the character `column`, from 0, of a line belongs to."""
    known = [(name.kind, name.key, name) for name in names]
    for pattern, kinds in _NAMED:
        for match in pattern.finditer(line):
            if not match.start() <= column <= match.end():
                continue
            if pattern is _NAMED[-1][0] and not _LIST.search(line[: match.start()]):
                continue
            wanted = match[1].casefold()
            for kind, key, name in known:
                if kind in kinds and key.casefold() == wanted:
                    return name
    return None


def location(folder: Path, place: Place) -> lsp.Location:
    """Return a place of a pack for an editor."""
    at = lsp.Position(max(0, place.line - 1), max(0, place.column - 1))
    return lsp.Location((folder / place.path).as_uri(), lsp.Range(at, at))


def problems(
    found: Iterable[Diagnostic], lines: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, lsp.Diagnostic]]:
    """Yield the path of each problem and what an editor shows of it; `lines` are those of files."""
    for diagnostic in found:
        place = diagnostic.place
        text = lines.get(place.path, ())
        line = text[place.line - 1] if 0 < place.line <= len(text) else ""
        start = max(0, place.column - 1)
        word = _WORD.match(line, start)
        ends = units(line[:start]), units(line[: word.end()] if word else line[: start + 1])
        row = max(0, place.line - 1)
        remedy = remedy_of(diagnostic)
        yield (
            place.path,
            lsp.Diagnostic(
                range=lsp.Range(lsp.Position(row, ends[0]), lsp.Position(row, max(ends))),
                message=f"{diagnostic.message}\n{remedy}" if remedy else diagnostic.message,
                severity=_SEVERITY[diagnostic.severity],
                code=diagnostic.code,
                source="guide",
            ),
        )


def units(text: str) -> int:
    """Return the length of a text in units of UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def characters(line: str, count: int) -> int:
    """Return how many characters the first `count` units of UTF-16 of a line are."""
    return len(line.encode("utf-16-le", "surrogatepass")[: 2 * count].decode("utf-16-le", "ignore"))
