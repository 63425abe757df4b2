"""YAML 1.2 core with the place of every key and value.

`no`, `on`, `22:30`, `1e3km` and dates stay text. Numbers remember how they were written. Tags are
refused, aliases and nesting are bounded. Source of the resolution rules: YAML 1.2.2, chapter 10.3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from guide.content.files import control_in
from guide.content.yaml_slips import CURLY_HINT, CURLY_VALUE, anchored, curly, cut, split
from guide.diagnostics.diagnostic import Diagnostic, Place, error, warning

try:
    from yaml import CSafeLoader as _Base
except ImportError:  # a PyYAML built without libyaml
    from yaml import SafeLoader as _Base  # type: ignore[assignment]

MAX_NODES = 200_000
MAX_DEPTH = 60
MAX_KEY = 1000  # characters
MAX_LINES = 2000  # of one text whose places are known

_NO_BREAKS = {0x2028: " ", 0x2029: " "}  # line and paragraph separator

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]{1,300}")
_BASED = re.compile(r"0o[0-7]{1,60}|0x[0-9a-fA-F]{1,60}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


class WrittenInt(int):
    """An integer that remembers its spelling in `text`."""

    text: str


class WrittenFloat(float):
    """A float that remembers its spelling in `text`."""

    text: str


class _Loader(_Base):
    """Scalars come as text; resolution happens in `_scalar`."""


_Loader.yaml_implicit_resolvers = {}


@dataclass
class Document:
    """What a YAML file holds: plain data, and the place of each value and key by dotted path."""

    data: Any = None
    places: dict[str, Place] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    _grouped: dict[int, dict[str, dict[str, Place]]] = field(default_factory=dict, repr=False)

    def nearest(self, path: str, file: str) -> Place:
        """Return the place of a value, else of its nearest parent, else the beginning of the file."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, Place(file, 1, 1))

    def inside(self, prefix: str) -> dict[str, Place]:
        """Return the places below `prefix`, by their path from there; all for ''."""
        if not prefix:
            return self.places
        depth = prefix.count(".") + 1
        if depth not in self._grouped:
            groups: dict[str, dict[str, Place]] = {}
            self._grouped[depth] = groups
            for name, place in self.places.items():
                parts = name.split(".", depth)
                if len(parts) > depth:
                    groups.setdefault(".".join(parts[:depth]), {})[parts[depth]] = place
        return self._grouped[depth].get(prefix, {})


def read_yaml(
    text: str, path: str, first_line: int = 1, first_column: int = 1
) -> tuple[Document | None, list[Diagnostic]]:
    """Read one YAML document; None with diagnostics when it cannot be used as it is."""
    return _Reading(path, first_line, first_column).read(text)


_NEST = re.compile(r"[\[{]|[\]}]")
_LIST_IN_LIST = re.compile(r"(?:[-?:][ \t]+){30}")


def _suspicious(text: str) -> bool:
    """Return whether a text may be nested so deeply that it must be looked at first."""
    depth = 0
    for match in _NEST.finditer(text):
        depth += 1 if match[0] in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return _LIST_IN_LIST.search(text) is not None


class _Stop(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic


class _Reading:
    def __init__(self, path: str, first_line: int, first_column: int) -> None:
        self.path, self.first_line, self.first_column = path, first_line, first_column
        self.document = Document()
        self.problems: list[Diagnostic] = []
        self.nodes = 0
        self.lines: list[str] = []

    def read(self, text: str) -> tuple[Document | None, list[Diagnostic]]:
        # YAML 1.2 counts no line at these signs of a word processor, as YAML 1.1 and the parser do.
        text = text.translate(_NO_BREAKS)
        self.lines = text.split("\n")
        try:
            if _suspicious(text):
                self._check_depth(text)
            loader = _Loader(text)
            try:
                node = loader.get_single_node()
            finally:
                loader.dispose()
            if node is not None:
                self.document.data = self._value(node, "", 0)
        except yaml.MarkedYAMLError as exc:
            return None, [*self.problems, self._syntax(exc, text)]
        except yaml.YAMLError as exc:
            message = str(exc).split("\n")[0]
            return None, [error("yaml-syntax", message, self._place(0, 0))]
        except RecursionError:
            message = "the YAML is nested too deeply"
            return None, [error("yaml-too-large", message, self._place(0, 0))]
        except _Stop as stop:
            return None, [*self.problems, stop.diagnostic]
        return self.document, self.problems

    def _check_depth(self, text: str) -> None:
        """Follow the parser's events: what builds the tree from them is recursive, in C."""
        loader = _Loader(text)
        depth = 0
        try:
            while loader.check_event():
                event: Any = loader.get_event()
                depth += isinstance(event, yaml.CollectionStartEvent)
                depth -= isinstance(event, yaml.CollectionEndEvent)
                if depth > MAX_DEPTH + 1:  # the whole document is at depth 0
                    mark: Any = event.start_mark
                    at = self._place(mark.line, mark.column)
                    message = f"the YAML is nested more than {MAX_DEPTH} deep"
                    raise _Stop(error("yaml-too-large", message, at, "Use fewer levels."))
        finally:
            loader.dispose()

    def _place(self, line: int, column: int) -> Place:
        if line >= len(self.lines):  # a value that is absent at the end has the line after the last
            line, column = len(self.lines) - 1, len(self.lines[-1])
        shift = self.first_column - 1 if line == 0 else 0
        return Place(self.path, line + self.first_line, column + 1 + shift)

    def _mark(self, node: yaml.Node) -> Place:
        return self._place(node.start_mark.line, node.start_mark.column)

    def _value(self, node: yaml.Node, path: str, depth: int) -> Any:
        at = self._mark(node)
        if isinstance(node, yaml.ScalarNode) and node.start_mark.line != node.end_mark.line:
            at = replace(at, starts=self._starts(node))
        self.document.places[path] = at
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            message = "the YAML is nested too deeply, or its aliases multiply without end"
            raise _Stop(error("yaml-too-large", message, at, "Write the values out."))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, at)
        self._no_tag(node, at)
        if isinstance(node, yaml.SequenceNode):
            if node.flow_style and len(node.value) > 1:
                self.problems += split([(_unquoted(n), self._mark(n)) for n in node.value])
            return [
                self._value(child, f"{path}.{n}" if path else str(n), depth + 1)
                for n, child in enumerate(node.value)
            ]
        return self._mapping(node, path, depth)

    def _starts(self, node: yaml.ScalarNode) -> tuple[tuple[int, int, int], ...]:
        """Return the places of the lines of a text that was written over several: see `Place`."""
        first, last = node.start_mark, node.end_mark
        lines = self.lines[first.line : last.line + 1]
        if node.style == '"' and any("\\" in line for line in lines):
            return ()  # escapes: the text has other characters than the file
        number = first.line
        if node.style in {"|", ">"}:
            lines, number = lines[1:], number + 1
        else:
            lines[-1] = lines[-1][: last.column]
            begin = first.column + bool(node.style)
            lines[0] = " " * begin + lines[0][begin:]
        found, count = [], 0
        for line in lines:
            text = line.replace("''", "'") if node.style == "'" else line
            if text.strip():
                place = self._place(number, len(text) - len(text.lstrip()))
                found.append((count, place.line, place.column))
            count += sum(map(len, text.split()))
            number += 1
        return tuple(found[:MAX_LINES])

    def _mapping(self, node: yaml.Node, path: str, depth: int) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            at = self._mark(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                hint = "Write `key: value`; put a text that starts with [ or { in quotes."
                raise _Stop(error("yaml-syntax", "a key must be plain text", at, hint))
            key = key_node.value
            if len(key) > MAX_KEY:
                message = f"a key has {len(key)} characters; {MAX_KEY} are the most"
                raise _Stop(error("yaml-too-large", message, at, "Is it a text without a key?"))
            inner = f"{path}.{key}" if path else key
            if key in result:
                first = self.document.keys[inner].line
                message = f"`{key}` appears twice; the first is on line {first}"
                hint = "Delete or rename one of the two."
                self.problems.append(error("duplicate-key", message, at, hint))
                continue
            self.document.keys[inner] = at
            result[key] = self._value(value_node, inner, depth + 1)
        return result

    def _no_tag(self, node: yaml.Node, at: Place) -> None:
        tag = node.tag or "tag:yaml.org,2002:"
        if not tag.startswith("tag:yaml.org,2002:") or ":python" in tag:
            message = f"the tag `{tag}` is not allowed"
            raise _Stop(error("yaml-tag", message, at, "Delete it, or put the text in quotes."))

    def _scalar(self, node: yaml.ScalarNode, at: Place) -> Any:
        text: str = node.value
        self._no_tag(node, at)
        if node.style in {"'", '"', "|", ">"}:
            if node.style == '"' and not text.isprintable() and (wrong := control_in(text)):
                message = f"an escape in the text gives the control character U+{ord(wrong):04X}"
                raise _Stop(error("control-character", message, at, "Delete it."))
            return text
        if node.end_mark.line > node.start_mark.line:
            self._joined(node)
        self._slips(node, text)
        if _NULL.fullmatch(text):
            return None
        if text in _BOOL:
            return _BOOL[text]
        if _INT.fullmatch(text) or _BASED.fullmatch(text):
            whole = WrittenInt(int(text, 0) if _BASED.fullmatch(text) else int(text))
            whole.text = text
            return whole
        if _FLOAT.fullmatch(text):
            real = WrittenFloat(text)
            real.text = text
            return real
        return text

    def _slips(self, node: yaml.ScalarNode, text: str) -> None:
        """Warn of what YAML reads otherwise than it looks."""
        first = self.lines[node.start_mark.line] if node.start_mark.line < len(self.lines) else ""
        if first.startswith("&", node.start_mark.column):
            self.problems += anchored(text, first, self.lines, self._mark(node))
        line, column = node.end_mark.line, node.end_mark.column
        if line < len(self.lines) and "#" in self.lines[line]:
            place = self._place(line, column)
            self.problems += cut(text, self.lines[line], column, place)
        if not text.isascii():
            self.problems += curly(text, self._mark(node))

    def _joined(self, node: yaml.ScalarNode) -> None:
        """Warn of a list item that an indentation too deep has joined to the text above."""
        first, last = node.start_mark.line, node.end_mark.line
        for number, line in enumerate(self.lines[first + 1 : last + 1], first + 1):
            if re.match(r" *- ", line) and number <= last:
                above = number - 1 + self.first_line
                message = f"the item belongs to the text of line {above}, and prints in its line"
                hint = f"Indent it like line {above}, or put a text with a dash in quotes."
                at = self._place(number, len(line) - len(line.lstrip()))
                self.problems.append(warning("joined-lines", message, at, hint))

    def _syntax(self, exc: yaml.MarkedYAMLError, text: str) -> Diagnostic:
        from guide.content.yaml_errors import explain  # only a mistake needs it

        found = explain(exc, text, _Loader, self.first_line)
        written = CURLY_VALUE.search(self.lines[min(found.line, len(self.lines) - 1)])
        if written:
            place = self._place(found.line, written.start(1))
            return error(found.code, found.message, place, CURLY_HINT % f"`{written[1]}`")
        return error(found.code, found.message, self._place(found.line, found.column), found.hint)


def _unquoted(node: yaml.Node) -> str:
    """Return a text that is written without quotes, '' for anything else."""
    plain = isinstance(node, yaml.ScalarNode) and not node.style
    return " ".join(str(node.value).split()) if plain else ""
