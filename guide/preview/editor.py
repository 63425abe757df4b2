"""Opens a place of a pack in an editor, or says how a browser can."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

VARIABLE = "GUIDE_EDITOR"


def opened(folder: Path, path: str, line: int, column: int) -> Mapping[str, str] | None:
    """Open a place in the editor that GUIDE_EDITOR names, else return an address or a text to copy.

    GUIDE_EDITOR is a command with `{file}`, `{line}` and `{column}`; without them they are appended
    as `file:line:column`. None if the path does not lead to a file of the pack.
    """
    root = folder.resolve()
    file = (root / path).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        return None
    place = f"{file}:{line}:{column}"
    command = os.environ.get(VARIABLE, "")
    if command:
        try:
            subprocess.Popen(  # noqa: S603  what the user named, without a shell
                _filled(command, file, line, column), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as exc:
            return {"copy": place, "failed": f"{VARIABLE} cannot be started: {exc}"}
        return {"opened": f"{path}:{line}"}
    if shutil.which("code"):
        return {"link": f"vscode://file{quote(str(file))}:{line}:{column}"}
    return {"copy": f"{file}:{line}"}


def _filled(command: str, file: Path, line: int, column: int) -> list[str]:
    """Return a command with a place filled in; raises ValueError for an open quotation mark."""
    values = {"{file}": str(file), "{line}": str(line), "{column}": str(column)}
    parts = shlex.split(command)
    if not any(name in part for part in parts for name in values):
        return [*parts, f"{file}:{line}:{column}"]
    for name, value in values.items():
        parts = [part.replace(name, value) for part in parts]
    return parts
