"""A preview of a small pack that all tests share."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from previews import Preview, ended, started, write


@pytest.fixture(scope="session")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preview]:
    """A preview of a small pack that all tests share; each leaves the pack as it was."""
    folder = write(tmp_path_factory.mktemp("packs") / "water")
    editor = tmp_path_factory.mktemp("editor") / "opened"
    command = f"{sys.executable} -c \"import sys; open('{editor}','w').write(sys.argv[1])\" {{file}}:{{line}}"
    running = started(folder, "--port", "0", GUIDE_EDITOR=command)
    yield running
    assert ended(running) == 130


@pytest.fixture(scope="session")
def opened(preview: Preview) -> Path:
    """The file in which the editor of the tests notes what it opened."""
    line = Path(f"/proc/{preview.process.pid}/environ").read_bytes()
    return Path(re.search(rb"open\('([^']+)'", line)[1].decode())
