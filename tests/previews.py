"""A small pack, previews that are started as a user starts them, and a browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

PACK = {
    "pack.yaml": (
        "format: 1\ntitle: The Water Cycle\nlang: en\ndate: 2026-11-01\nauthors: [A. Writer]\n"
        "documents: {briefing: {}, flashcards: {}}\n"
        "editions:\n  short: {tags: [core]}\n"
    ),
    "sections/10-rain.md": (
        "---\ntitle: Rain\nid: rain\nobjectives: [Know it.]\nkey_points: [It is so.]\ntags: [core]\n---\n"
        "Rain falls from clouds when the drops are heavy enough.\n"
    ),
    "sections/20-rivers.md": (
        "---\ntitle: Rivers\nid: rivers\nobjectives: [Know it.]\nkey_points: [It is so.]\n---\n"
        "Rivers carry the water back to the sea, slowly.\n"
    ),
    "cards.yaml": (
        "- {id: one, front: Where does rain come from?, back: From clouds., tags: [core]}\n"
        "- {id: two, front: Where do rivers go?, back: To the sea.}\n"
        "- {id: three, front: What is dew?, back: Drops on grass.}\n"
    ),
}


def write(folder: Path, files: dict[str, str] = PACK) -> Path:
    """Write a pack."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Preview:
    """A preview that runs: the pack, the address with its token, and the process."""

    folder: Path
    address: str
    process: subprocess.Popen[str]
    said: str = ""

    @property
    def port(self) -> int:
        return int(self.address.split(":")[2].split("/")[0])


def started(folder: Path, *options: str, **variables: str) -> Preview:
    """Start the command, and wait until it has told its address."""
    words = [*options] if "--open" in options else ["--no-open", *options]
    process = subprocess.Popen(
        [sys.executable, "-m", "guide", "preview", str(folder), *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **variables},
        start_new_session=True,
    )  # fmt: skip
    said = []
    for line in process.stdout:
        said.append(line)
        found = re.search(r"http://127\.0\.0\.1:\d+/[\w-]+/", line)
        if found:
            # What it says later is read, or it would wait for a reader.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return Preview(folder, found[0], process, "".join(said))
    raise AssertionError("".join(said))


def ended(preview: Preview) -> int:
    """End a preview as Ctrl-C does, and return its exit code."""
    preview.process.send_signal(signal.SIGINT)
    return preview.process.wait(20)


def chromium() -> str:
    """Return the path of a Chromium, or skip the test; on CI, fail."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium: apt-get install chromium")
    return found
