"""Figures: images with their sizes, SVG with its title, Vega-Lite specs with their data put in."""

from __future__ import annotations

import json
import posixpath
import re
import struct
from typing import Any

from guide.content.charts import check_spec
from guide.content.files import Reader
from guide.content.tables import check_rows, json_syntax
from guide.content.yaml12 import read_yaml
from guide.errors import Diagnostic, Place, error, warning
from guide.model.content import Figure

MAX_PIXELS = 40_000_000
_TABLES = {".csv": "csv", ".tsv": "tsv", ".json": "json", ".geojson": "json", ".topojson": "json"}


def load_figure(reader: Reader, path: str, place: Place) -> Figure | None:
    """Load the picture that content names at `place`; None after noting why not."""
    lower = path.lower()
    if re.match(r"[a-z][a-z0-9+.-]*:|//", lower):
        hint = "Put the picture into the pack's folder figures/ and name it from there."
        reader.problems.append(error("remote-data", f"`{path}` is not in the pack", place, hint))
        return None
    if posixpath.isabs(path) or posixpath.normpath(path).startswith("..") or "\0" in path:
        reader.data(path, place)  # notes why not
        return None
    if not reader.exists(path):
        names = [p for folder in ("figures", "images") for p in reader.tree(folder, "")]
        from guide.content.validate import did_you_mean

        hint = did_you_mean(path, names)
        reader.problems.append(error("missing-image", f"there is no file `{path}`", place, hint))
        return None
    if lower.endswith((".vl.yaml", ".vl.yml", ".vl.json")):
        return _chart(reader, path, place)
    data = reader.data(path, place)
    if data is None:
        return None
    if lower.endswith(".svg"):
        return _svg(reader, path, data)
    return _image(reader, path, data, place)


def _svg(reader: Reader, path: str, data: bytes) -> Figure | None:
    if reader.text(path) is None:
        return None
    text = data.decode("utf-8-sig")
    parts = [_inner(text, name) for name in ("title", "desc")]
    width, height = _svg_size(text)
    alt = ". ".join(part.rstrip(".") for part in parts if part)
    return Figure(
        path, "svg", data=data, alt=alt, width=width, height=height, place=Place(path, 1, 1)
    )


def _inner(text: str, name: str) -> str:
    match = re.search(rf"<{name}\b[^>]*>([^<]*)</{name}>", text[:20_000])
    return " ".join(match[1].split()) if match else ""


_NUMBER = r"[-+]?(?:[0-9]{1,7}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})"
_VIEW_BOX = re.compile(
    rf"viewBox\s*=\s*[\"']\s*{_NUMBER}[\s,]+{_NUMBER}[\s,]+({_NUMBER})[\s,]+({_NUMBER})\s*[\"']"
)


def _svg_size(text: str) -> tuple[int, int]:
    match = _VIEW_BOX.search(text)
    return (round(float(match[1])), round(float(match[2]))) if match else (0, 0)


def _image(reader: Reader, path: str, data: bytes, place: Place) -> Figure | None:
    kind, size = _measure(data)
    if kind is None or not all(size):
        hint = "Use PNG, JPEG, SVG or a Vega-Lite spec; export the picture again."
        message = f"`{path}` is not a PNG, JPEG, SVG or Vega-Lite file"
        reader.problems.append(error("image-broken", message, place, hint))
        return None
    if size[0] * size[1] > MAX_PIXELS:
        millions = size[0] * size[1] / 1e6
        message = f"`{path}` has {millions:.0f} million pixels; {MAX_PIXELS // 10**6} are the most"
        hint = "Scale it down: 300 dpi at the printed size is enough."
        reader.problems.append(error("image-too-large", message, place, hint))
        return None
    if not _is_whole(kind, data):
        message = f"`{path}` breaks off before its end"
        hint = "Download or export the picture again."
        reader.problems.append(error("image-broken", message, place, hint))
        return None
    return Figure(path, kind, data=data, width=size[0], height=size[1], place=Place(path))


def _is_whole(kind: str, data: bytes) -> bool:
    """Tell whether a picture has its end: PNG's last chunk is IEND, JPEG's last marker EOI."""
    end = b"IEND" if kind == "png" else b"\xff\xd9"
    return end in data[-65536:]


def _measure(data: bytes) -> tuple[Any, tuple[int, int]]:
    """Read format and size from the header alone, so that a bomb costs nothing."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) > 24:
        return "png", struct.unpack(">II", data[16:24])
    if data.startswith(b"\xff\xd8"):
        return "jpeg", _jpeg_size(data)
    return None, (0, 0)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return 0, 0
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 if marker == 0xFF or 0xD0 <= marker <= 0xD9 else 2 + length
    return 0, 0


def _chart(reader: Reader, path: str, place: Place) -> Figure | None:
    text = reader.text(path, place)
    if text is None:
        return None
    document, problems = read_yaml(text.replace("\t", " ") if path.endswith("json") else text, path)
    reader.problems.extend(problems)
    if document is None:
        return None
    if not isinstance(document.data, dict):
        at = Place(path, 1, 1)
        hint = "Write `key: value` lines, such as `mark: bar`."
        message = "a Vega-Lite spec must be keys and values"
        reader.problems.append(error("wrong-type", message, at, hint))
        return None
    before = len(reader.problems)
    reader.problems.extend(check_spec(document, path, text.rstrip().count("\n") + 1))
    spec = _Inliner(reader, path, document.places).value(document.data, "")
    if any(problem.severity == "error" for problem in reader.problems[before:]):
        return None
    alt = " ".join(str(spec.get("description") or "").split())
    place = Place(path, 1, 1)
    return Figure(path, "chart", spec=spec, alt=alt, place=place, places=document.places)


class _Inliner:
    """Replaces `url` in data by the values of a file of the pack; nothing else is ever loaded."""

    def __init__(self, reader: Reader, path: str, places: dict[str, Place]) -> None:
        self.reader, self.path, self.places = reader, path, places
        self.folder = posixpath.dirname(path)

    def value(self, value: Any, where: str) -> Any:
        if isinstance(value, dict):
            name = where.rpartition(".")[2]
            if isinstance(value.get("url"), str) and (name == "data" or "mark" not in value):
                return self._data(value, where)
            return {
                str(k): self.value(v, f"{where}.{k}" if where else str(k)) for k, v in value.items()
            }
        if isinstance(value, list):
            return [self.value(v, f"{where}.{n}") for n, v in enumerate(value)]
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            return int(value)
        return float(value) if isinstance(value, float) else value

    def _data(self, value: dict[str, Any], where: str) -> Any:
        url = value["url"]
        at = self.places.get(f"{where}.url", Place(self.path, 1, 1))
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", url):
            hint = "Put the data into a file of the pack: nothing is loaded from a network."
            self.reader.problems.append(
                error("remote-data", f"`{url}` is not in the pack", at, hint)
            )
            return {}
        beside = posixpath.normpath(posixpath.join(self.folder, url))
        path = beside if self.reader.exists(beside) else url
        text = self.reader.text(path, at)
        if text is None:
            return {}
        given = value.get("format") or {}
        if not isinstance(given, dict) or not isinstance(given.get("type", ""), str):
            hint = "Write it as `format: {type: csv}`."
            spot = self.places.get(f"{where}.format", at)
            self.reader.problems.append(
                error("wrong-type", "`format` must be keys and values", spot, hint)
            )
            return {}
        kind = given.get("type") or _TABLES.get(posixpath.splitext(path)[1].lower())
        rest = {k: self.value(v, f"{where}.{k}") for k, v in value.items() if k != "url"}
        if not text.strip():
            hint = "Write the data into it, with a row of names above."
            empty = error("empty-file", "the file is empty", Place(path, 1, 1), hint)
            self.reader.problems.append(empty)
            return {}
        if kind in {"csv", "tsv"}:
            self.reader.problems.extend(check_rows(text, path, "," if kind == "csv" else "\t"))
            return {**rest, "values": text, "format": {"type": kind, **given}}
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as exc:
            spot = Place(path, getattr(exc, "lineno", 1), getattr(exc, "colno", 1))
            self.reader.problems.append(json_syntax(exc, spot))
            return {}
        return {**rest, "values": values, **({"format": given} if given else {})}


def missing_alt(path: str, place: Place) -> Diagnostic:
    """Say that a picture has no text for those who cannot see it."""
    hint = (
        'Add {alt="what the picture says"} after it (in a Vega-Lite spec: `description`), '
        "or {decorative=true}."
    )
    return warning(
        "missing-alt", f"`{path}` has no alternative text; its caption is read instead", place, hint
    )
