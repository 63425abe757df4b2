"""Packs to start from: examples, and the same documents with text to replace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from guide.content.schema import schemas
from guide.diagnostics.diagnostic import ContentError, Place, error
from guide.resources import TEMPLATES

EXAMPLE, BLANK = "example", "blank"  # folders of templates/starters
_PRINTED = "paper:"  # from this line on, pack.yaml says what is printed, not what it is about


def new_pack(
    folder: Path, title: str = "", template: str = EXAMPLE, blank: bool = False
) -> dict[str, bytes]:
    """Return the files of a starter pack, by path relative to `folder`.

    Without a title it is the example `template`, under the example's title. With one, or when
    `blank`, it has the documents and kinds of content of that example, and text to replace, so that
    no text is under a title that it does not belong to. The folder's name serves as the title of a
    blank pack. The schemas are written to `.guide/schema`, so that editors complete and check
    without a network. Raises ContentError when `folder` is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        hint = "Choose a folder that does not exist yet."
        raise ContentError(
            error("folder-not-empty", "there is something there already", Place(str(folder)), hint)
        )
    files = dict(_files(template))
    if title or blank:
        files = _neutral(files, title or folder.resolve().name)
    for name, schema in schemas().items():
        text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        files[f".guide/schema/{name}.json"] = text.encode()
    return files


def _files(template: str) -> Iterator[tuple[str, bytes]]:
    source = TEMPLATES / "starters" / template
    for path in sorted(source.rglob("*")):
        if path.is_file():
            yield path.relative_to(source).as_posix(), path.read_bytes()


def _neutral(example: dict[str, bytes], title: str) -> dict[str, bytes]:
    """Return text to replace, in the files and with the documents that an example has."""
    parts = {path.partition("/")[0] for path in example}
    files = {path: data for path, data in _files(BLANK) if path.partition("/")[0] in parts}
    about = _split(files["pack.yaml"])[0].replace(
        "My Subject", json.dumps(title, ensure_ascii=False)
    )
    files["pack.yaml"] = (about + _split(example["pack.yaml"])[1]).encode()
    return files


def _split(pack: bytes) -> tuple[str, str]:
    """Return pack.yaml's lines on the subject, and those on what is printed."""
    about, line, printed = pack.decode("utf-8").partition(f"\n{_PRINTED}")
    return about + "\n", line[1:] + printed
