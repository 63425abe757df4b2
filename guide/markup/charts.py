"""Vega-Lite specs and SVG files to SVG that is safe to draw and set in the document's fonts."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree as ET

import vl_convert
from defusedxml import ElementTree, EntitiesForbidden

from guide.markup.drawings import Keep, settle
from guide.markup.svg_words import local
from guide.resources import font_folders

TokenValue = Callable[[str], str]
"""The value of a token of the theme, by its name: where all colours are."""
MARKS = ("--accent", "--warm", "--chart-3", "--chart-4", "--ink", "--chart-6")
_FONT = "Source Sans 3"
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_FORBIDDEN = {"script", "foreignobject", "iframe", "object", "embed", "audio", "video", "handler",
              "set", "discard", "mpath", "feimage"}  # fmt: skip
_PICTURE = re.compile(
    r"[0-9a-f]{20}\.(?:png|jpeg|svg)"
)  # a file of the document, beside the drawing
_LOADS = re.compile(r"url\(\s*['\"]?\s*[^#'\"\s)]", re.I)
MAX_SVG = 8_000_000  # bytes
MAX_INSIDE = 3  # drawings in drawings
MAX_DEPTH = 100
MAX_DRAWN = 500_000  # elements


class ChartError(Exception):
    """The figure cannot be drawn; the message says why.

    `line` and `column` count from 1 in the figure's file, 0 when they are not known.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.line, self.column = line, column


_ABREAST = {"hconcat", "concat", "facet", "repeat"}
_LABEL, _TITLE = 11, 13  # px


def _config(token: TokenValue, abreast: bool = False) -> dict[str, Any]:
    """Return the look of charts: sparse lines, the document's font, colours that survive grey.

    Charts that are set `abreast` keep the usual type: larger titles would overlap.
    """
    ink, rule, accent = token("--ink"), token("--hair"), token("--accent")
    label, title = _LABEL, _TITLE
    if not abreast:
        label, title = (
            _pixels(token("--chart-label"), label),
            _pixels(token("--chart-title"), title),
        )
    text = {"labelColor": ink, "titleColor": ink, "labelFontSize": label, "titleFontSize": label}
    # Vega's widths, at which labels are cut, and its step from bar to bar, are for its usual type.
    axis_limit, legend_limit, step = (usual * label // _LABEL for usual in (180, 160, 20))
    return {
        "font": _FONT,
        "background": None,
        "view": {"stroke": None, "step": step},
        "axis": {**text, "labelLimit": axis_limit, "titleFontWeight": 600, "gridColor": rule,
                 "domainColor": ink, "tickColor": ink, "tickSize": 4, "labelPadding": 4, "titlePadding": 8},
        "legend": {**text, "labelLimit": legend_limit, "titleFontWeight": 600,
                   "symbolType": "square"},
        "header": text,
        "title": {"fontSize": title, "fontWeight": 600, "color": ink, "anchor": "start"},
        "text": {"fontSize": label, "color": ink},
        "mark": {"color": accent},
        "range": {"category": [*map(token, MARKS)], "ramp": [token("--chart-pale"), accent]},
    }  # fmt: skip


def _pixels(length: str, otherwise: int) -> int:
    """Return a length in whole CSS pixels."""
    number = length.removesuffix("px")
    return int(number) if number.isdecimal() else otherwise


@lru_cache
def _register_fonts() -> None:
    """Prepare the converter once: the document's fonts, and UTC.

    Vega reads `1999-06-12` as UTC and draws it in local time: a chart of dates would differ from
    one time zone to the next.
    """
    os.environ["TZ"] = "UTC"
    vl_convert.register_font_directory(str(font_folders()[_FONT]))
    vl_convert.register_font_directory(str(font_folders()["Noto Sans"]))


def draw_chart(spec: Mapping[str, Any], token: TokenValue) -> bytes:
    """Return a Vega-Lite spec as SVG; raises ChartError.

    The spec's own config wins over the house's. No URL is ever loaded: the content stage has put
    the data in, and the converter may not reach anything.
    """
    config = spec.get("config")
    merged = _merge(
        _config(token, not _ABREAST.isdisjoint(spec)), config if isinstance(config, dict) else {}
    )
    whole = {k: v for k, v in spec.items() if k != "usermeta"} | {"config": merged}
    whole.setdefault("$schema", "https://vega.github.io/schema/vega-lite/v5.json")
    return _draw(json.dumps(whole, sort_keys=True))


@lru_cache(maxsize=64)
def _draw(spec: str) -> bytes:
    _register_fonts()
    try:
        svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    except ValueError as exc:
        raise ChartError(_short(str(exc))) from exc
    if "NaN" in svg:
        svg = re.sub(r'="[^"<>]*\bNaN\b[^"<>]*"', '=""', svg)  # in attributes; words stay
    return clean_svg(svg.encode())


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        inner = merged.get(key)
        both = isinstance(inner, dict) and isinstance(value, dict)
        merged[key] = _merge(dict(inner or {}), value) if both else value
    return merged


def _short(message: str) -> str:
    lines = [line.strip() for line in message.split("\n") if line.strip()]
    useful = [line for line in lines if not line.startswith(("at ", "Caused by", "stack"))]
    text = next((line for line in useful if "rror" in line or "nvalid" in line), "") or (
        useful[0] if useful else "the spec cannot be drawn"
    )
    text = re.sub(r"(Invalid specification) \{.*", r"\1", text)
    return re.sub(
        r"^(Vega-Lite to (Vega|SVG) conversion failed:?|Uncaught \(?.*?\)?)\s*", "", text
    )[:300]


def culprit(spec: Mapping[str, Any], message: str) -> str:
    """Return the dotted path of the value that a converter's message quotes, or ''.

    The longest text of the spec that is in the message is taken, else a text that holds a word
    which the message puts in quotes.
    """
    leaves = list(_leaves(spec, ""))
    quoted = [v for path, v in leaves if len(v) > 2 and v in message]
    for word in (
        max(quoted, key=len, default=""),
        *re.findall(r"[\"'`]([^\"'`]{2,})[\"'`]", message),
    ):
        found = [path for path, value in leaves if word and word in value]
        if found:
            return found[0]
    return ""


def _leaves(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of the values of a spec, but for rows of data; lists as JSON as well."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "values":
                yield from _leaves(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        if all(isinstance(each, str | int | float) for each in value):
            yield where, json.dumps(value, separators=(",", ":"))
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{where}.{number}")
    elif isinstance(value, str):
        yield where, " ".join(value.split())


def clean_svg(
    data: bytes, language: str = "en", keep: Keep | None = None, inside: int = 0
) -> bytes:
    """Return the SVG without anything that runs, loads or moves; raises ChartError.

    Entities and document types are refused: they are how an SVG reads files and multiplies.
    `language` decides between the languages of one file; pictures inside it are given to `keep`,
    and without that are omitted. `inside` is in how many drawings this one is.
    """
    if inside > MAX_INSIDE:
        raise ChartError(f"the SVG holds more than {MAX_INSIDE} drawings one inside the other")
    if len(data) > MAX_SVG:
        raise ChartError(
            f"the SVG has {len(data) / 1e6:.0f} MB; {MAX_SVG / 1e6:.0f} MB is the most"
        )
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    try:
        root = ElementTree.fromstring(data)
    except EntitiesForbidden as exc:
        raise ChartError("the SVG declares entities, which is not allowed") from exc
    except (ET.ParseError, LookupError, ValueError) as exc:
        reason = re.sub(r": line \d+, column \d+$", "", str(exc))
        line, column = getattr(exc, "position", (0, -1))
        raise ChartError(f"the SVG is not well-formed: {reason}", line, column + 1) from exc
    if root.tag.rpartition("}")[2] != "svg":
        raise ChartError("the file holds no svg element")
    _check_size(root)
    settle(root, language, keep, lambda inner: clean_svg(inner, language, keep, inside + 1))
    _strip(root)
    return bytes(ET.tostring(root, encoding="utf-8"))


def _check_size(root: ET.Element) -> None:
    """Refuse an SVG that is nested too deeply, or that `use` multiplies; raises ChartError."""
    drawn: dict[str, int] = {}  # elements that an id stands for, once its own uses are drawn
    ids = {name: each for each in root.iter() if (name := each.get("id", ""))}
    open_ones: set[str] = set()

    def count(element: ET.Element, depth: int) -> int:
        if depth > MAX_DEPTH:
            raise ChartError(f"the SVG is nested more than {MAX_DEPTH} deep")
        total = 1
        for child in element:
            total += count(child, depth + 1)
        if isinstance(element.tag, str) and element.tag.rpartition("}")[2] == "use":
            name = (element.get("href") or element.get(_XLINK) or "").strip().removeprefix("#")
            if name in open_ones:
                raise ChartError(f"the part `{name[:60]}` of the SVG uses itself")
            if name in ids and name not in drawn:
                open_ones.add(name)
                drawn[name] = count(ids[name], depth + 1)
                open_ones.discard(name)
            total += drawn.get(name, 0)
        if total > MAX_DRAWN:
            raise ChartError(f"the SVG draws more than {MAX_DRAWN} elements by `use`")
        return total

    count(root, 0)


def _strip(root: ET.Element) -> None:
    """Take out what runs, loads or moves, however it is capitalised: CSS and HTML do not mind."""
    for parent in list(root.iter()):
        for child in list(parent):
            empty = local(child) == "image" and not _PICTURE.fullmatch(child.get("href", ""))
            if not isinstance(child.tag, str) or _is_forbidden(local(child)) or empty:
                parent.remove(child)
        for name, value in list(parent.attrib.items()):
            key = name.rpartition("}")[2].lower()
            inside = value.strip().startswith("#") or local(parent) == "image"
            outside = key == "href" and not inside
            escaped = key == "style" and "\\" in value
            if key.startswith("on") or outside or _LOADS.search(value) or escaped:
                del parent.attrib[name]


def _is_forbidden(name: str) -> bool:
    return name in _FORBIDDEN or name.startswith("animate")
