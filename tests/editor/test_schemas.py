"""What an editor shows of the JSON Schemas: asked of yaml-language-server, by pygls's client."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from guide.content.starter import new_pack

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0  # seconds, on a machine with much to do

# A key in the files of `guide new`: its description, and the beginning of its example.
HOVERED = {
    ("pack.yaml", "title:"): ("The title on the cover and at the head of pages.", "The Water Cycle"),
    ("pack.yaml", "documents:"): ("The documents to make, each with its options.", "briefing: {}\nquiz:\n  versions: 2"),
    ("cards.yaml", "front:"): ("The question.", "What drives evaporation?"),
    ("glossary.yaml", "definition:"): ("What it means.", "Land surrounded by other land."),
}


@pytest.fixture(scope="module")
def server() -> str:
    """Return the path of yaml-language-server, or skip the test."""
    beside = ROOT / ".venv/node/node_modules/.bin/yaml-language-server"
    found = shutil.which("yaml-language-server") or (str(beside) if beside.exists() else None)
    if found is None or shutil.which("node") is None:
        pytest.skip(".ci/editor installs yaml-language-server for this test")
    return str(found)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("editor") / "pack"
    for name, data in new_pack(folder).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


async def hovers(server: str, folder: Path) -> dict[tuple[str, str], str]:
    """Open the files of a pack as an editor does, and return what it shows over each word."""
    client, shown = LanguageClient("tests", "1"), {}

    client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda _: None)

    @client.feature(lsp.WORKSPACE_CONFIGURATION)  # type: ignore[untyped-decorator]
    def configuration(params: lsp.ConfigurationParams) -> list[dict[str, object]]:
        return [{"hover": True, "schemaStore": {"enable": False}} for _ in params.items]

    await client.start_io(server, "--stdio")
    await client.initialize_async(
        lsp.InitializeParams(capabilities=lsp.ClientCapabilities(), root_uri=folder.as_uri(), process_id=os.getpid())
    )
    client.initialized(lsp.InitializedParams())
    for name, word in HOVERED:
        text, uri = (folder / name).read_text("utf-8"), (folder / name).as_uri()
        client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, "yaml", 1, text)))
        before = text[: text.index(f"\n{word}") + 2] if f"\n{word}" in text else text[: text.index(word) + 1]
        at = lsp.Position(before.count("\n"), len(before) - before.rfind("\n") - 1)
        found = await client.text_document_hover_async(lsp.HoverParams(lsp.TextDocumentIdentifier(uri), at))
        shown[name, word] = found.contents.value if found and isinstance(found.contents, lsp.MarkupContent) else ""
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()  # type: ignore[no-untyped-call]
    return shown


def test_an_editor_says_what_a_key_means(server: str, pack: Path) -> None:
    """With its description and an example, in files that `guide new` ties to their schemas."""

    async def within() -> dict[tuple[str, str], str]:
        async with asyncio.timeout(PATIENCE):
            return await hovers(server, pack)

    shown = asyncio.run(within())
    for key, (meaning, example) in HOVERED.items():
        assert meaning in shown[key]
        assert f"Example:\n\n```yaml\n{example}\n" in shown[key]
