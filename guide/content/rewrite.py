"""New values for keys of entries, as edits of a file's text: all else stays as it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from guide.content.edits import nodes_of

Pair = Callable[[str, Any, int], str]
"""What writes a key with its value; further lines have so many blanks."""


def with_values(
    text: str, changes: Mapping[tuple[int, int], Mapping[str, Any]], pair: Pair
) -> str | None:
    """Return a file in which entries have other values, None where it cannot be edited.

    An entry is named by line and column (from 1) at which it begins; it is in a list, or is the one mapping of the
    text. A value of None empties its key.
    """
    root = nodes_of(text)
    entries = root.value if isinstance(root, yaml.SequenceNode) else [root]
    known = {
        (node.start_mark.line + 1, node.start_mark.column + 1): node
        for node in entries
        if isinstance(node, yaml.MappingNode)
    }
    lines = text.split("\n")
    for place in sorted(changes, reverse=True):
        node = known.get(place)
        if node is None:
            return None
        if not (_in_flow if node.flow_style else _in_block)(lines, node, changes[place], pair):
            return None
    return "\n".join(lines)


def _in_block(
    lines: list[str], node: yaml.MappingNode, values: Mapping[str, Any], pair: Pair
) -> bool:
    keys = [key for key, _ in node.value]
    if len({key.start_mark.line for key in keys}) != len(keys):
        return False
    ends = [key.start_mark.line for key in keys[1:]] + [_last_line(lines, node)]
    indent = node.start_mark.column
    waiting = dict(values)
    new = [name for name in waiting if name not in {key.value for key in keys}]
    made = [pair(name, waiting.pop(name), indent + 2) for name in new if waiting[name] is not None]
    made_lines = [
        " " * indent + line if line and not line.startswith(" ") else line
        for each in made
        for line in each.split("\n")
    ]
    for key, end in sorted(zip(keys, ends, strict=True), key=lambda found: -found[1]):
        if key is keys[-1] and made_lines:
            lines[end:end] = made_lines
        if key.value in waiting:
            start, column = key.start_mark.line, key.start_mark.column
            data = waiting[key.value]
            written = pair(key.value, "" if data is None else data, indent + 2).split("\n")
            stop = end
            while stop > start + 1 and (
                not lines[stop - 1].strip() or lines[stop - 1].lstrip().startswith("#")
            ):
                stop -= 1
            lines[start:stop] = [lines[start][:column] + written[0], *written[1:]]
    return True


def _last_line(lines: list[str], node: yaml.MappingNode) -> int:
    """Return the line after the last one of a block."""
    end = int(node.end_mark.line)
    if end < len(lines) and lines[end][: node.end_mark.column].strip():
        end += 1
    end = min(end, len(lines))
    while end > node.start_mark.line + 1 and not lines[end - 1].strip():
        end -= 1
    return end


def _in_flow(
    lines: list[str], node: yaml.MappingNode, values: Mapping[str, Any], pair: Pair
) -> bool:
    del pair
    found = {key.value: value for key, value in node.value}
    for name in sorted(values, key=lambda each: _position(found.get(each)), reverse=True):
        made = json.dumps("" if values[name] is None else values[name], ensure_ascii=False)
        value = found.get(name)
        if value is None:
            row, column = node.end_mark.line, node.end_mark.column - 1
            lines[row] = f"{lines[row][:column]}, {name}: {made}{lines[row][column:]}"
            continue
        start, end = value.start_mark, value.end_mark
        lines[start.line : end.line + 1] = [
            lines[start.line][: start.column] + made + lines[end.line][end.column :]
        ]
    return True


def _position(value: yaml.Node | None) -> tuple[int, int]:
    return (value.start_mark.line, value.start_mark.column) if value is not None else (1 << 30, 0)
