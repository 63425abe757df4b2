"""`guide lsp`: a language server for the files of a pack, over stdin and stdout."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from guide import __version__
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.editor import answers
from guide.editor.index import Index, Name, serve
from guide.pipeline.child import work_on
from guide.pipeline.settings import Settings
from guide.preview.resident import Resident
from guide.system.cache import Store
from guide.system.sandbox import Exceeded

_FIX = "Correct what is safe in this pack (guide check --fix)"


@dataclass
class _Open:
    """A pack whose files are open: the process that reads it, what it found, and which files have problems."""

    resident: Resident
    index: Index = Index((), (), False)
    shown: set[str] = field(default_factory=set)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0


def run() -> None:
    """Serve one editor until it ends the server."""
    server = LanguageServer("guide", __version__)
    packs: dict[Path, _Open] = {}

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        await _check(server, packs, params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        await _check(server, packs, params.text_document.uri)

    @server.feature(
        lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=["@", "[", ",", " "])
    )
    def complete(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        line, column = _line(server, params.text_document.uri, params.position)
        return answers.completions(line[:column], _index(packs, params.text_document.uri).names)

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def define(params: lsp.DefinitionParams) -> lsp.Location | None:
        name, folder = _named(server, packs, params), pack_of(params.text_document.uri)
        return answers.location(folder, name.place) if name and name.place.path and folder else None

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        name = _named(server, packs, params)
        text = f"**{name.key}** {name.about}" if name and name.about else ""
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text)) if text else None

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION)
    async def actions(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        folder = pack_of(params.text_document.uri)
        edit = await asyncio.to_thread(_corrections, folder) if folder else None
        kind = lsp.CodeActionKind.QuickFix
        return [lsp.CodeAction(_FIX, kind, params.context.diagnostics, edit=edit)] if edit else []

    try:
        server.start_io()
    finally:
        for pack in packs.values():
            pack.resident.close()


def pack_of(uri: str) -> Path | None:
    """Return the pack that a file belongs to: the nearest folder above it with pack.yaml."""
    if urlsplit(uri).scheme != "file":
        return None
    return next((each for each in _path(uri).parents if (each / "pack.yaml").is_file()), None)


def _path(uri: str) -> Path:
    return Path(url2pathname(urlsplit(uri).path))


def _index(packs: dict[Path, _Open], uri: str) -> Index:
    folder = pack_of(uri)
    return packs[folder].index if folder in packs else Index((), (), False)


def _named(
    server: LanguageServer, packs: dict[Path, _Open], params: lsp.DefinitionParams | lsp.HoverParams
) -> Name | None:
    """Return the name at a place of a text in the editor."""
    line, column = _line(server, params.text_document.uri, params.position)
    return answers.named(line, column, _index(packs, params.text_document.uri).names)


def _line(server: LanguageServer, uri: str, position: lsp.Position) -> tuple[str, int]:
    """Return the line of a position as it is in the editor, and the column in characters, from 0."""
    lines = server.workspace.get_text_document(uri).lines
    line = lines[position.line].rstrip("\r\n") if position.line < len(lines) else ""
    return line, answers.characters(line, position.character)


async def _check(server: LanguageServer, packs: dict[Path, _Open], uri: str) -> None:
    """Read the pack of a file anew and show what is wrong; several saves at once are one reading."""
    folder = pack_of(uri)
    if folder is None:
        return
    if folder not in packs:
        work = work_on(folder, Settings(layout=False, jobs=1), Store(folder, enabled=False))
        packs[folder] = _Open(
            Resident(serve, (work.bounds,), work.bounds, work.seconds, work.fence)
        )
    pack = packs[folder]
    pack.wanted += 1
    mine = pack.wanted
    async with pack.turn:
        if mine != pack.wanted:
            return  # a later save reads it
        problems: tuple[Diagnostic, ...]
        try:
            index = await asyncio.to_thread(pack.resident.ask, folder)
            # While a pack cannot be read, the names that it had are still offered.
            pack.index = index if index.read else Index(index.problems, pack.index.names, False)
            problems = index.problems
        except GuideError as exc:
            problems = exc.diagnostics
        except (Exceeded, RuntimeError) as exc:
            message = f"the pack cannot be read: {exc}"
            hint = (
                "Look for a huge picture, table or chart, or raise GUIDE_LIMITS (docs/security.md)."
            )
            problems = (error("render-limit", message, Place("pack.yaml", 1, 1), hint),)
        _show(server, pack, folder, problems, _path(uri).relative_to(folder).as_posix())


def _show(
    server: LanguageServer, pack: _Open, folder: Path, problems: tuple[Diagnostic, ...], asked: str
) -> None:
    """Publish the problems of each file that has or had some, and of the file `asked` for."""
    lines = {path: _text(folder / path) for path in {d.place.path for d in problems}}
    by_file: dict[str, list[lsp.Diagnostic]] = {path: [] for path in (asked, *pack.shown)}
    for path, problem in answers.problems(problems, lines):
        by_file.setdefault(path or "pack.yaml", []).append(problem)
    for path, found in by_file.items():
        uri = (folder / path).as_uri()
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found))
    pack.shown = {path for path, found in by_file.items() if found}


def _text(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").split("\n")
    except OSError:
        return []


def _corrections(folder: Path) -> lsp.WorkspaceEdit | None:
    """Return what `guide check --fix` would change of the files as they are saved, or None."""
    from guide.actions.fix import fix_pack
    from guide.model.lockfile import LOCK

    try:
        fixed = fix_pack(folder)
    except GuideError:
        return None
    edits = {}
    for path, data in fixed.after.items():
        if path == LOCK:  # written by commands alone: it follows what is saved
            continue
        rows = fixed.before[path].decode("utf-8").count("\n") + 1
        whole = lsp.Range(lsp.Position(0, 0), lsp.Position(rows, 0))
        edits[(folder / path).as_uri()] = [lsp.TextEdit(whole, data.decode("utf-8"))]
    return lsp.WorkspaceEdit(changes=edits) if edits else None
