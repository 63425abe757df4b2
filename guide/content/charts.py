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

    def _place(self, where: str) -> Place:
        places = self.document.places
        while where and where not in places:
            where = where.rpartition(".")[0]
        return places.get(where, Place(self.path, 1, 1))

    def _unknown(
        self, data: Mapping[str, Any], where: str, known: list[str]
    ) -> Iterator[Diagnostic]:
        for key in data:
            if str(key) not in known:
                full = f"{where}.{key}" if where else str(key)
                at = self.document.keys.get(full) or self._place(full)
                hint = did_you_mean(str(key), known)
                message = f"Vega-Lite does not know `{key}` here, and ignores it"
                yield warning("unknown-key", message, at, hint)

    def _wrong(self, message: str, where: str, hint: str) -> Diagnostic:
        return error("chart-error", message, self._place(where), hint)

    def spec(self, data: Any, where: str) -> Iterator[Diagnostic]:
        """Yield what is wrong with a spec or a part of one."""
        if not isinstance(data, dict):
            yield self._wrong(
                "a part of a chart must be keys and values", where, "Write `key: value` lines."
            )
            return
        yield from self._unknown(data, where, _SPEC)
        for name in data:
            full = f"{where}.{name}" if where else name
            value = data[name]
            if name in _NESTED:
                if not isinstance(value, list):
                    yield self._wrong(
                        f"`{name}` must be a list of charts", full, "Write each after `- `."
                    )
                    continue
                for number, part in enumerate(value):
                    yield from self.spec(part, f"{full}.{number}")
            elif name == "spec":
                yield from self.spec(value, full)
            elif name == "mark":
                yield from self._mark(value, full)
            elif name == "encoding":
                yield from self._encoding(value, full)
            elif name == "data":
                yield from self._data(value, full)
            elif name == "transform" and not _mappings(value):
                yield self._wrong(
                    "`transform` must be a list of keys and values",
                    full,
                    "Such as `- filter: ...`.",
                )

    def _mark(self, value: Any, where: str) -> Iterator[Diagnostic]:
        kind = value.get("type") if isinstance(value, dict) else value
        if kind not in _MARKS:
            spot = f"{where}.type" if isinstance(value, dict) else where
            message = "the mark has no `type`" if kind is None else f"there is no mark `{kind}`"
            yield self._wrong(
                message, spot, did_you_mean(str(kind), _MARKS) or "Such as bar, line or point."
            )

    def _encoding(self, value: Any, where: str) -> Iterator[Diagnostic]:
        if not isinstance(value, dict):
            yield self._wrong(
                "`encoding` must be keys and values", where, "Such as `x: {field: year}`."
            )
            return
        yield from self._unknown(value, where, _CHANNELS)
        for name, channel in value.items():
            full = f"{where}.{name}"
            many = isinstance(channel, list)
            for number, one in enumerate(channel if many else [channel]):
                spot = f"{full}.{number}" if many else full
                if one is None:  # takes away what an outer part has
                    continue
                if not isinstance(one, dict):
                    yield self._wrong(
                        f"`{name}` must be keys and values", spot, "Such as `{field: year}`."
                    )
                    continue
                yield from self._unknown(one, spot, _DEFINITION)
                if one.get("type") is not None and one["type"] not in _TYPES:
                    message = f"there is no type `{one['type']}`"
                    hint = did_you_mean(str(one["type"]), _TYPES)
                    yield self._wrong(message, f"{spot}.type", hint)

    def _data(self, value: Any, where: str) -> Iterator[Diagnostic]:
        if value is None:
            return
        if not isinstance(value, dict):
            yield self._wrong(
                "`data` must be keys and values", where, "Such as `data: {url: troops.csv}`."
            )
            return
        yield from self._unknown(value, where, _DATA)
        if "url" in value and not isinstance(value["url"], str):
            yield self._wrong(
                "`url` must be the name of a file", f"{where}.url", "Such as `url: troops.csv`."
            )
        if "values" in value and not isinstance(value["values"], list | str | dict):
            yield self._wrong("`values` must be a list", f"{where}.values", "Such as `[{a: 1}]`.")
        if not {"url", "values", "name", "sequence", "sphere", "graticule"} & set(value):
            yield self._wrong("`data` names no data", where, "Give a `url` or `values`.")


def _mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)
