"""Figures: images with their sizes, SVG with its title, Vega-Lite specs with their data put in."""

from __future__ import annotations

import hashlib
import io
import json
import posixpath
import re
import struct
import warnings
from collections import OrderedDict
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import unquote

from guide.content.charts import check_spec
from guide.content.drawings import check_drawing
from guide.content.files import Reader
from guide.content.tables import check_rows, json_syntax
from guide.content.yaml import Document, WrittenFloat, WrittenInt, read_yaml
from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning
from guide.diagnostics.suggest import did_you_mean
from guide.model.content import Figure
from guide.model.drawings import is_drawing, read_drawing
from guide.model.rasters import (
    LYING,
    RasterError,
    check_raster,
    format_of,
    frame_of,
    orientation_of,
)

MAX_PIXELS = 40_000_000
_MOST_SOUND = 2000
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
    written, path = path, _found(reader, path)
    if not path:
        path = written
        names = [p for folder in ("figures", "images") for p in reader.tree(folder, "")]
        hint = did_you_mean(path, names) or (
            "Put the picture into the folder figures/ of the pack, and write `figures/` and its name here."
        )
        reader.problems.append(error("missing-image", f"there is no file `{path}`", place, hint))
        return None
    if lower.endswith((".vl.yaml", ".vl.yml", ".vl.json")):
        return _chart(reader, path, place)
    data = reader.data(path, place)
    if data is None:
        return None
    kind = format_of(data)
    if is_drawing(data) or (lower.endswith(".svg") and not kind):
        return _svg(reader, path, data)
    return _image(reader, path, data, place)


def _found(reader: Reader, path: str) -> str:
    """Return the path of a file of the pack that content names, '' if it is not there.

    Markdown may write a blank as %20, and macOS stores a letter with an accent as two signs.
    """
    for name in dict.fromkeys((path, unquote(path))):
        if reader.exists(name):
            return name
        found = "."
        for part in posixpath.normpath(name).split("/"):
            match = reader.beside(found, part)
            if not match:
                break
            found = f"{found}/{match}"
        else:
            return found.removeprefix("./")
    return ""


def _svg(reader: Reader, path: str, data: bytes) -> Figure | None:
    if reader.text(path) is None:
        return None
    problems, alt, width, height = _drawing(path, data)
    reader.problems.extend(problems)
    return Figure(
        path, "svg", data=data, alt=alt, width=width, height=height, place=Place(path, 1, 1)
    )


@lru_cache(maxsize=128)
def _drawing(path: str, data: bytes) -> tuple[tuple[Diagnostic, ...], str, int, int]:
    """Return what is wrong with a drawing, its words, and its size in pixels."""
    problems = tuple(check_drawing(path, data))
    drawing = read_drawing(data)
    nodes = drawing.nodes if drawing else []
    texts = [next((n.texts for n in nodes if n.name == name), ()) for name in ("title", "desc")]
    parts = [" ".join("".join(text).split()) for text in texts]
    alt = ". ".join(part.rstrip(".") for part in parts if part)
    box = _VIEW_BOX.fullmatch(nodes[0].attributes.get("viewBox", "")) if nodes else None
    width, height = (round(float(box[1])), round(float(box[2]))) if box else (0, 0)
    return problems, alt, width, height


_NUMBER = r"[-+]?(?:[0-9]{1,7}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})"
_VIEW_BOX = re.compile(rf"\s*{_NUMBER}[\s,]+{_NUMBER}[\s,]+({_NUMBER})[\s,]+({_NUMBER})\s*")


def _image(reader: Reader, path: str, data: bytes, place: Place) -> Figure | None:
    def _refuse(code: str, message: str, hint: str) -> None:
        reader.problems.append(error(code, f"`{path}` {message}", place, hint))

    kind = format_of(data)
    if kind not in {"PNG", "JPEG"}:
        _refuse("image-broken", *_not_printed(kind))
        return None
    try:
        frame = frame_of(data)
        millions = frame.width * frame.height / 1e6
        if millions * 1e6 > MAX_PIXELS:
            message = f"has {millions:.0f} million pixels; {MAX_PIXELS // 10**6} are the most"
            hint = "Scale it down: 300 dpi at the printed size is enough."
            _refuse("image-too-large", message, hint)
            return None
        check_raster(data)
        _decode(data)
    except RasterError as exc:
        _refuse("image-broken", str(exc), exc.hint)
        return None
    width, height = frame.width, frame.height
    if orientation_of(data) in LYING:
        width, height = height, width
    name: Literal["png", "jpeg"] = "png" if kind == "PNG" else "jpeg"
    return Figure(path, name, data=data, width=width, height=height, place=Place(path))


_SOUND = OrderedDict[str, None]()  # digests of pictures that could be decoded


def _decode(data: bytes) -> None:
    """Raise RasterError unless the library that prints a picture can decode it."""
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 not in _SOUND:
        _decode_now(data)
        _SOUND[sha256] = None
        if len(_SOUND) > _MOST_SOUND:
            _SOUND.popitem(last=False)


def _decode_now(data: bytes) -> None:
    from PIL import Image, ImageFile

    # WeasyPrint sets it for the whole process, so that half a picture would pass as a whole one.
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data)) as image:
            warnings.simplefilter("ignore")
            image.load()
    except (OSError, ValueError, SyntaxError, TypeError, EOFError, struct.error) as exc:
        raise RasterError("is damaged: it cannot be decoded") from exc
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


_PHONE = (
    "Export the photo as JPEG, or let the iPhone take JPEG from now on: Settings > Camera > "
    "Formats > Most Compatible."
)
_USE = "Open it and save it as PNG (drawings, screenshots) or JPEG (photos)."


def _not_printed(kind: str) -> tuple[str, str]:
    """Return message and hint for a file that is no PNG or JPEG, whatever its name says."""
    if kind == "PDF":
        return "is a PDF, not a picture", "Export the page as SVG or PNG."
    if not kind:
        hint = "Use PNG, JPEG, SVG or a Vega-Lite spec; export the picture again."
        return "is not a PNG, JPEG, SVG or Vega-Lite file", hint
    drawing = ("drawing", "Export it as plain SVG.")
    known = {"HEIC": ("photo", _PHONE), **dict.fromkeys(("SVGZ", "EMF", "WMF"), drawing)}
    what, hint = known.get(kind, ("picture", _USE))
    return f"is a {kind} {what}, which cannot be printed", hint


def _chart(reader: Reader, path: str, place: Place) -> Figure | None:
    text = reader.text(path, place)
    if text is None:
        return None
    document, problems, faults = _spec(path, text)
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
    reader.problems.extend(faults)
    spec = _Inliner(reader, path, document.places).value(document.data, "")
    if any(problem.severity == "error" for problem in reader.problems[before:]):
        return None
    alt = " ".join(str(spec.get("description") or "").split())
    place = Place(path, 1, 1)
    return Figure(path, "chart", spec=spec, alt=alt, place=place, places=document.places)


@lru_cache(maxsize=128)
def _spec(
    path: str, text: str
) -> tuple[Document | None, tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """Return the spec of a chart, which nobody changes, what is wrong with its YAML, and with itself."""
    document, problems = read_yaml(text.replace("\t", " ") if path.endswith("json") else text, path)
    faults: tuple[Diagnostic, ...] = ()
    if document is not None and isinstance(document.data, dict):
        faults = tuple(check_spec(document, path, text.rstrip().count("\n") + 1))
    return document, tuple(problems), faults


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
        if isinstance(value, WrittenInt | WrittenFloat):
            return int(value) if isinstance(value, int) else float(value)
        return value

    def _wrong(self, code: str, message: str, place: Place, hint: str) -> None:
        self.reader.problems.append(error(code, message, place, hint))

    def _data(self, value: dict[str, Any], where: str) -> Any:
        url = value["url"]
        at = self.places.get(f"{where}.url", Place(self.path, 1, 1))
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", url):
            hint = "Put the data into a file of the pack: nothing is loaded from a network."
            self._wrong("remote-data", f"`{url}` is not in the pack", at, hint)
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
            self._wrong("wrong-type", "`format` must be keys and values", spot, hint)
            return {}
        kind = given.get("type") or _TABLES.get(posixpath.splitext(path)[1].lower())
        rest = {k: self.value(v, f"{where}.{k}") for k, v in value.items() if k != "url"}
        if not text.strip():
            hint = "Write the data into it, with a row of names above."
            self._wrong("empty-file", "the file is empty", Place(path, 1, 1), hint)
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
