"""A starter pack in a new folder."""

from __future__ import annotations

from pathlib import Path

from guide.content.identity import lock_of
from guide.content.load import load_pack
from guide.content.starter import EXAMPLE, new_pack
from guide.model.lockfile import LOCK, written
from guide.system import output


def start(folder: Path, title: str = "", template: str = EXAMPLE, blank: bool = False) -> int:
    """Write a starter pack into a new folder; return the number of files.

    Its items have their identity in guide.lock. `template` and `blank` are those of `guide.content.starter.new_pack`. Raises GuideError when the
    folder is not empty, or cannot be written.
    """
    files = new_pack(folder, title, template, blank)
    for name, data in files.items():
        output.write(folder / name, data)
    pack, _ = load_pack(folder)
    if pack is not None:
        output.write(folder / LOCK, written(lock_of(pack)).encode())
    return len(files) + 1
