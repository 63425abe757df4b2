"""`guide lsp`, asked by a real client in a process of its own: pygls's, over stdin and stdout."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from guide.content.starter import new_pack
from guide.editor import answers

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0  # seconds, on a machine with much to do


_BLIND = """
import ctypes
load = ctypes.CDLL
def without(name=None, *rest, **more):
    if name and "pango" in str(name):
        raise OSError(name)
    return load(name, *rest, **more)
ctypes.CDLL = without
"""


class Editor:
    """A client with one pack open; it keeps the last problems of each file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.client = folder, LanguageClient("tests", "1")
        self.problems: dict[str, list[lsp.Diagnostic]] = {}
        self.news = asyncio.Event()

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]
        def published(params: lsp.PublishDiagnosticsParams) -> None:
            self.problems[params.uri.rpartition(f"{folder.name}/")[2]] = list(params.diagnostics)
            self.news.set()

    def uri(self, path: str) -> str:
        return (self.folder / path).as_uri()

    async def begin(self) -> None:
        blind = self.folder.parent / "blind"  # an editor needs no Pango
        blind.mkdir()
        (blind / "sitecustomize.py").write_text(_BLIND)
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (blind, ROOT)))}
        await self.client.start_io(sys.executable, "-m", "guide", "lsp", env=env)
        await self.client.initialize_async(
            lsp.InitializeParams(capabilities=lsp.ClientCapabilities(), root_uri=self.folder.as_uri(), process_id=os.getpid())
        )
        self.client.initialized(lsp.InitializedParams())

    def open(self, path: str, text: str | None = None) -> None:
        content = (self.folder / path).read_text("utf-8") if text is None else text
        item = lsp.TextDocumentItem(self.uri(path), "yaml", 1, content)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    async def save(self, path: str, text: str) -> None:
        """Save a file, and wait until the server has said something about the pack."""
        self.news.clear()
        (self.folder / path).write_text(text, "utf-8")
        self.client.text_document_did_save(lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(self.uri(path))))

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await self.news.wait()
                self.news.clear()

    async def end(self) -> None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()  # type: ignore[no-untyped-call]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    for name, data in new_pack(tmp_path / "pack").items():
        (tmp_path / "pack" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pack" / name).write_bytes(data)
    return tmp_path / "pack"


def run(folder: Path, script: Callable[[Editor], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        editor = Editor(folder)
        await editor.begin()
        try:
            await script(editor)
        finally:
            await asyncio.wait_for(editor.end(), PATIENCE)

    asyncio.run(all_of_it())


def test_an_editor_gets_problems_completions_definitions_and_corrections(pack: Path) -> None:
    """A mistake is shown on save at its word and goes when it is corrected; names are offered and found."""

    async def script(editor: Editor) -> None:
        text = (pack / "questions.yaml").read_text("utf-8")
        editor.open("questions.yaml")
        await editor.save("questions.yaml", text.replace("answer: In the oceans", "answer: In the air, 🌍 too", 1))
        await editor.until(lambda: bool(editor.problems.get("questions.yaml")))
        (problem,) = editor.problems["questions.yaml"]
        assert (problem.code, problem.severity) == ("answer-not-an-option", lsp.DiagnosticSeverity.Error)
        assert problem.range.start == lsp.Position(4, 10) and problem.source == "guide"
        await editor.save("questions.yaml", text)
        await editor.until(lambda: editor.problems.get("questions.yaml") == [])

        section = "sections/10-the-cycle.md"
        body = (pack / section).read_text("utf-8").split("\n")
        row = next(n for n, line in enumerate(body) if "[@usgs-cycle]" in line)
        editor.open(section)
        at = lsp.TextDocumentPositionParams(lsp.TextDocumentIdentifier(editor.uri(section)), lsp.Position(row, body[row].index("@usgs") + 2))
        found = await editor.client.text_document_definition_async(lsp.DefinitionParams(at.text_document, at.position))
        assert isinstance(found, lsp.Location) and found.uri == editor.uri("sources.yaml")
        line = (pack / "sources.yaml").read_text("utf-8").split("\n")[found.range.start.line]
        assert "usgs-cycle" in line
        offered = await editor.client.text_document_completion_async(lsp.CompletionParams(at.text_document, at.position))
        assert isinstance(offered, list)
        assert {item.label for item in offered} >= {"usgs-cycle", "usgs-where"}
        shown = await editor.client.text_document_hover_async(lsp.HoverParams(at.text_document, at.position))
        assert shown is not None and "Fundamentals of the Water Cycle" in str(shown.contents)

        cards = (pack / "cards.yaml").read_text("utf-8").replace("heat of the Sun**.", "heat of the Sun**.   ")
        await editor.save("cards.yaml", cards)
        everywhere = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
        actions = await editor.client.text_document_code_action_async(
            lsp.CodeActionParams(lsp.TextDocumentIdentifier(editor.uri("cards.yaml")), everywhere, lsp.CodeActionContext([]))
        )
        assert actions and isinstance(actions[0], lsp.CodeAction) and actions[0].edit and actions[0].edit.changes
        (edit,) = actions[0].edit.changes[editor.uri("cards.yaml")]
        assert edit.new_text == cards.replace("Sun**.   ", "Sun**.")

    run(pack, script)


def test_a_broken_pack_keeps_the_names_that_it_had(pack: Path) -> None:
    """While pack.yaml cannot be read, its problem is shown, and completion still works; 20 saves are few readings."""

    async def script(editor: Editor) -> None:
        editor.open("pack.yaml")
        editor.open("sections/10-the-cycle.md", "Text [@")
        text = (pack / "pack.yaml").read_text("utf-8")
        await editor.until(lambda: editor.problems.get("pack.yaml") == [])
        for number in range(20):
            await editor.save("pack.yaml", text.replace("title: The", f"title: {number} The"))
        await editor.save("pack.yaml", "title: [")
        await editor.until(lambda: bool(editor.problems.get("pack.yaml")))
        offered = await editor.client.text_document_completion_async(
            lsp.CompletionParams(lsp.TextDocumentIdentifier(editor.uri("sections/10-the-cycle.md")), lsp.Position(0, 7))
        )
        assert isinstance(offered, list) and "usgs-cycle" in {item.label for item in offered}
        shutil.rmtree(pack / "sections")
        (pack / "pack.yaml").unlink()
        await editor.save("cards.yaml", "- {front: A, back: B}")  # a file of no pack: no answer, and no crash
        answer = await editor.client.text_document_hover_async(
            lsp.HoverParams(lsp.TextDocumentIdentifier(editor.uri("cards.yaml")), lsp.Position(0, 3))
        )
        assert answer is None

    run(pack, script)


@pytest.mark.parametrize(
    ("before", "kinds"),
    [
        ("see [@", {"source", "target"}), ("[@a; @b", {"source", "target"}), ("mail me@", set()), ("a [[", {"term"}),
        ("a [[shown|", {"term"}), ("  sources: [a, ", {"source"}), ("- {front: A, sources: [", {"source"}),
        ("tags: [", {"tag"}), ("front: tags", set()), ("sources: [a], tags: [", {"tag"}), ("plain", set()),
    ],
)  # fmt: skip
def test_what_is_offered_depends_on_what_stands_before(before: str, kinds: set[str]) -> None:
    """Sources and targets after @, terms after [[, keys in lists of sources and tags; nothing elsewhere."""
    from guide.diagnostics.diagnostic import Place
    from guide.editor.index import Name

    names = [Name(kind, kind, "", Place("x", 1, 1)) for kind in ("source", "term", "target", "tag")]
    head = before[: before.rindex("b")] if before.endswith("@b") else before
    assert {item.label for item in answers.completions(head, names)} == kinds


def test_columns_are_those_of_the_protocol() -> None:
    """A sign beyond the first plane is two units of UTF-16."""
    line = "a 🌍 [@x"
    assert answers.units(line) == len(line) + 1
    assert [answers.characters(line, n) for n in (0, 2, 4, 5)] == [0, 2, 3, 4]
