"""What is wrong with a Vega-Lite spec, at its line: what the converter would draw wrongly, or refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from guide.content.yaml import Document
from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning
from guide.diagnostics.suggest import did_you_mean

# Names of Vega-Lite 5: its JSON schema, definitions TopLevelSpec, AnyMark, Encoding, Data, Type.
_SPEC = """$schema align autosize background bounds center columns concat config data datasets description
encoding facet height hconcat layer mark name padding params projection repeat resolve spacing spec title
transform usermeta vconcat view width""".split()
_MARKS = """arc area bar boxplot circle errorband errorbar geoshape image line point rect rule square text tick
trail""".split()
_CHANNELS = """angle color column description detail facet fill fillOpacity href key latitude latitude2
longitude longitude2 opacity order radius radius2 row shape size stroke strokeDash strokeOpacity strokeWidth
text theta theta2 tooltip url x x2 xError xError2 xOffset y y2 yError yError2 yOffset time""".split()
_DEFINITION = """aggregate align axis band bandPosition bin bounds center columns condition datum expr field
format formatType header impute legend scale sort spacing stack test timeUnit title type value""".split()
_DATA = "datasets format graticule name sequence sphere url values".split()
_TYPES = "geojson nominal ordinal quantitative temporal".split()
_NESTED = ("layer", "concat", "hconcat", "vconcat")


def check_spec(document: Document, path: str, end: int) -> list[Diagnostic]:
    """Return what is wrong with a spec: unknown names (warnings), and what cannot be drawn.

    `end` is the number of the file's last line.
    """
    found = list(_Checking(document, path).spec(document.data, ""))
    if not {"mark", "facet", "repeat", "spec", *_NESTED} & set(document.data):
        message = "the chart ends without a `mark`"
        hint = "Add `mark: bar`, or parts below `layer`, `hconcat` or `vconcat`."
        found.append(error("chart-error", message, Place(path, end, 1), hint))
    return found


class _Checking:
    def __init__(self, document: Document, path: str) -> None:
        self.document, self.path = document, path

    def _unknown(
        self, data: Mapping[str, Any], where: str, known: list[str]
    ) -> Iterator[Diagnostic]:
        for key in data:
            if str(key) not in known:
                full = f"{where}.{key}" if where else str(key)
                at = self.document.keys.get(full) or self.document.nearest(full, self.path)
                hint = did_you_mean(str(key), known)
                message = f"Vega-Lite does not know `{key}` here, and ignores it"
                yield warning("unknown-key", message, at, hint)

    def _wrong(self, message: str, where: str, hint: str) -> Diagnostic:
        return error("chart-error", message, self.document.nearest(where, self.path), hint)

    def _mapping(
        self, value: Any, where: str, what: str, known: list[str], hint: str
    ) -> Iterator[Diagnostic]:
        """Yield what is wrong with keys and values: that they are none, or which are not known."""
        if isinstance(value, dict):
            yield from self._unknown(value, where, known)
        else:
            yield self._wrong(f"{what} must be keys and values", where, hint)

    def spec(self, data: Any, where: str) -> Iterator[Diagnostic]:
        """Yield what is wrong with a spec or a part of one."""
        what = "a part of a chart"
        yield from self._mapping(data, where, what, _SPEC, "Write `key: value` lines.")
        for name, value in data.items() if isinstance(data, dict) else ():
            full = f"{where}.{name}" if where else name
            if name in _NESTED and isinstance(value, list):
                for number, part in enumerate(value):
                    yield from self.spec(part, f"{full}.{number}")
            elif name in _NESTED:
                message = f"`{name}` must be a list of charts"
                yield self._wrong(message, full, "Write each after `- `.")
            elif name == "spec":
                yield from self.spec(value, full)
            elif name == "mark":
                yield from self._mark(value, full)
            elif name == "encoding":
                yield from self._encoding(value, full)
            elif name == "data" and value is not None:
                yield from self._data(value, full)
            elif name == "transform" and not _mappings(value):
                message = "`transform` must be a list of keys and values"
                yield self._wrong(message, full, "Such as `- filter: ...`.")

    def _mark(self, value: Any, where: str) -> Iterator[Diagnostic]:
        kind = value.get("type") if isinstance(value, dict) else value
        if kind not in _MARKS:
            spot = f"{where}.type" if isinstance(value, dict) else where
            message = "the mark has no `type`" if kind is None else f"there is no mark `{kind}`"
            hint = did_you_mean(str(kind), _MARKS) or "Such as bar, line or point."
            yield self._wrong(message, spot, hint)

    def _encoding(self, value: Any, where: str) -> Iterator[Diagnostic]:
        yield from self._mapping(
            value, where, "`encoding`", _CHANNELS, "Such as `x: {field: year}`."
        )
        for name, channel in value.items() if isinstance(value, dict) else ():
            many = isinstance(channel, list)
            for number, one in enumerate(channel if many else [channel]):
                if one is None:  # takes away what an outer part has
                    continue
                spot = f"{where}.{name}.{number}" if many else f"{where}.{name}"
                hint = "Such as `{field: year}`."
                yield from self._mapping(one, spot, f"`{name}`", _DEFINITION, hint)
                kind = one.get("type") if isinstance(one, dict) else None
                if kind is not None and kind not in _TYPES:
                    hint = did_you_mean(str(kind), _TYPES)
                    yield self._wrong(f"there is no type `{kind}`", f"{spot}.type", hint)

    def _data(self, value: Any, where: str) -> Iterator[Diagnostic]:
        yield from self._mapping(
            value, where, "`data`", _DATA, "Such as `data: {url: troops.csv}`."
        )
        if not isinstance(value, dict):
            return
        if "url" in value and not isinstance(value["url"], str):
            message = "`url` must be the name of a file"
            yield self._wrong(message, f"{where}.url", "Such as `url: troops.csv`.")
        if "values" in value and not isinstance(value["values"], list | str | dict):
            yield self._wrong("`values` must be a list", f"{where}.values", "Such as `[{a: 1}]`.")
        if not {"url", "values", "name", "sequence", "sphere", "graticule"} & set(value):
            yield self._wrong("`data` names no data", where, "Give a `url` or `values`.")


def _mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)
