"""A small complete pack to start from, copied from templates/starter."""

from __future__ import annotations

import json
from pathlib import Path

from guide.content.schema import schemas
from guide.diagnostics.diagnostic import ContentError, Place, error
from guide.resources import TEMPLATES


def new_pack(folder: Path, title: str = "") -> dict[str, bytes]:
    """Return the files of a starter pack, by path relative to `folder`.

    Raises ContentError when something is in `folder` already. Schemas lie beside the content in
    `.guide/schema`, so that editors complete and check without a network.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        hint = "Choose a folder that does not exist yet."
        raise ContentError(
            error("folder-not-empty", "there is something there already", Place(str(folder)), hint)
        )
    source = TEMPLATES / "starter"
    found = {
        path.relative_to(source).as_posix(): path.read_bytes()
        for path in sorted(source.rglob("*"))
        if path.is_file()
    }
    if title:
        pack = found["pack.yaml"].decode("utf-8")
        quoted = json.dumps(title, ensure_ascii=False)
        found["pack.yaml"] = pack.replace("title: The Water Cycle", f"title: {quoted}").encode()
    for name, schema in schemas().items():
        text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        found[f".guide/schema/{name}.json"] = text.encode()
    return found
