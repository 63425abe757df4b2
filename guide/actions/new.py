"""A starter pack in a new folder."""

from __future__ import annotations

from pathlib import Path

from guide.content.starter import new_pack
from guide.system import output


def start(folder: Path, title: str = "") -> int:
    """Write a starter pack into a new folder; return the number of files.

    Raises GuideError when there is something in the folder, or it cannot be written.
    """
    files = new_pack(folder, title)
    for name, data in files.items():
        output.write(folder / name, data)
    return len(files)
