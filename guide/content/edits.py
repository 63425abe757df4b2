"""Edits of a pack's YAML as text: comments, quotes and order elsewhere stay as they are.

Each function takes a text with unix line ends that `read_yaml` can read, and returns the new text
with what it changed: (line, words). It returns the text as it was rather than change what it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from guide.content.yaml import _Loader, read_yaml

Changes = list[tuple[int, str]]
Edited = tuple[str, Changes]


@dataclass(frozen=True)
class Span:
    """Where a value or a mapping is: lines and columns from 0, the end not included."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str = ""
    flow: bool = False


def nodes_of(text: str) -> yaml.Node | None:
    """Return the tree of a text in YAML, None if it has none."""
    loader = _Loader(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
    except yaml.YAMLError:
        return None
    finally:
        loader.dispose()
    return node


def _span(node: yaml.Node) -> Span:
    start, end = node.start_mark, node.end_mark
    text = node.value if isinstance(node, yaml.ScalarNode) else ""
    flow = bool(getattr(node, "flow_style", False))
    return Span(start.line, start.column, end.line, end.column, text, flow)


def _scalars(root: yaml.Node | None) -> list[Span]:
    """Return where the scalars of a tree are, each once: an alias is its anchor's node."""
    found, seen, waiting = list[Span](), set[int](), [root]
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            found.append(_span(node))
        elif isinstance(node, yaml.MappingNode):
            waiting += (each for pair in node.value for each in pair)
        else:
            waiting += node.value
    return found


def plain_data(value: Any) -> Any:
    """Return YAML's data so that it can be compared: numbers as they were written."""
    if isinstance(value, dict):
        return {str(key): plain_data(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain_data(inner) for inner in value]
    return (type(value).__name__, getattr(value, "text", value))


def tidy_yaml(text: str) -> Edited:
    """Take out blanks at the ends of lines, put spaces for tabs between tokens, end the last line."""
    spans = _scalars(nodes_of(text))
    inside = {n for each in spans for n in range(each.line, each.end_line)}
    by_line: dict[int, list[Span]] = {}
    for each in spans:
        by_line.setdefault(each.line, []).append(each)
    lines = text.split("\n")
    changes: Changes = []
    for number, line in enumerate(lines):
        if number in inside:
            continue
        made = _without_tabs(line, by_line.get(number, []), number)
        if made != line:
            changes.append((number + 1, "a space for a tab"))
        stripped = made.rstrip(" \t")
        if stripped != made:
            changes.append((number + 1, "no blanks at the end of the line"))
        lines[number] = stripped
    after = "\n".join(lines)
    if after and not after.endswith("\n"):
        after += "\n"
        changes.append((len(lines), "a line end after the last line"))
    (old, problems), (new, more) = read_yaml(text, ""), read_yaml(after, "")
    same = (
        old and new and len(problems) == len(more) and plain_data(old.data) == plain_data(new.data)
    )
    return (after, changes) if same else (text, [])


def _without_tabs(line: str, spans: Sequence[Span], number: int) -> str:
    """Put spaces for the tabs between values; those in a value or a comment stay."""
    if "\t" not in line:
        return line
    last = max((s.end_column for s in spans if s.end_line == number), default=0)
    comment = re.search(r"(?:^|\s)#", line[last:])
    end = last + comment.start() + 1 if comment else len(line)
    signs = list(line)
    for column in range(min(end, len(line))):
        within = any(s.column <= column < s.end_column for s in spans)
        if signs[column] == "\t" and not within and line[:column].strip():
            signs[column] = " "
    return "".join(signs)


# Order of entries


def _starts(text: str) -> list[int] | None:
    """Return the lines at which the entries of a file's list or mapping begin."""
    root = nodes_of(text)
    if root is None or getattr(root, "flow_style", False):
        return None
    lines = text.split("\n")
    if isinstance(root, yaml.SequenceNode):
        dashes = [n for n, line in enumerate(lines) if re.match(r"-(\s|$)", line)]
        starts = []
        for child in root.value:
            found = [n for n in dashes if n <= child.start_mark.line]
            starts.append(found[-1] if found else -1)
    elif isinstance(root, yaml.MappingNode):
        starts = [key.start_mark.line for key, _ in root.value]
        if any(key.start_mark.column for key, _ in root.value):
            return None
    else:
        return None
    distinct = len({*starts}) == len(starts) and -1 not in starts
    return starts if distinct and starts == sorted(starts) else None


def sorted_entries(text: str, key: Callable[[Any, Any], Any], what: str) -> Edited:
    """Bring the entries of a file into the order of `key`, called with (key or None, data).

    A comment above an entry moves with it; one that a blank line parts from the first entry, and
    the editor's own line (`# yaml-language-server:`), are the file's and stay. Blank lines between
    entries stay where they are.
    """
    starts = _starts(text)
    document, problems = read_yaml(text, "")
    if starts is None or document is None or problems or not text.endswith("\n"):
        return text, []
    data = document.data
    pairs = list(data.items()) if isinstance(data, dict) else [(None, each) for each in data]
    if len(pairs) != len(starts):
        return text, []
    order = sorted(range(len(pairs)), key=lambda n: key(*pairs[n]))
    if order == list(range(len(pairs))):
        return text, []
    lines = text.split("\n")[:-1]
    head, blocks, gaps, foot = _blocks(lines, starts)
    made = list(head)
    for place, number in enumerate(order):
        made += blocks[number] + (gaps[place] if place < len(gaps) else [])
    after = "\n".join([*made, *foot]) + "\n"
    again, problems = read_yaml(after, "")
    wanted = data if isinstance(data, dict) else [data[n] for n in order]
    if again is None or problems or plain_data(wanted) != plain_data(again.data):
        return text, []
    moved = [n for n in range(len(order)) if order[n] != n]
    return after, [(starts[moved[0]] + 1, f"{len(moved)} entries in the order of {what}")]


def _blocks(
    lines: list[str], starts: Sequence[int]
) -> tuple[list[str], list[list[str]], list[list[str]], list[str]]:
    """Cut a file into its head, its entries with their comments, the gaps between, and its foot."""
    begins = [_with_comments(lines, start, number == 0) for number, start in enumerate(starts)]
    blocks, gaps, foot = [], [], list[str]()
    for number, begin in enumerate(begins):
        last = number + 1 == len(begins)
        end = len(lines) if last else begins[number + 1]
        stop = end
        while stop > starts[number] + 1:
            line = lines[stop - 1]
            if line.strip() and not (last and line.startswith("#")):  # it is the entry's
                break
            stop -= 1
        blocks.append(lines[begin:stop])
        if last:
            foot = lines[stop:end]
        else:
            gaps.append(lines[stop:end])
    return lines[: begins[0]], blocks, gaps, foot


def _with_comments(lines: list[str], start: int, first: bool) -> int:
    """Return the line at which an entry begins with the comments right above it."""
    begin = start
    while begin and lines[begin - 1].startswith("#"):
        if first and "yaml-language-server" in lines[begin - 1]:
            break
        begin -= 1
    return begin


# Ids


@dataclass(frozen=True)
class Entry:
    """An entry of a file, or its front matter: its place, and its id, None without one."""

    at: Span
    id: Span | None


def entries(text: str) -> list[Entry]:
    """Return the entries of a list, or the one mapping of front matter, that have keys."""
    root = nodes_of(text)
    nodes = root.value if isinstance(root, yaml.SequenceNode) else [root]
    found = []
    for node in nodes:
        if isinstance(node, yaml.MappingNode):
            ids = [value for key, value in node.value if key.value == "id"]
            scalar = ids[0] if ids and isinstance(ids[0], yaml.ScalarNode) else None
            found.append(Entry(_span(node), _span(scalar) if scalar else None))
    return found


def with_ids(text: str, wanted: Sequence[tuple[Entry, str]]) -> Edited:
    """Give entries new ids."""
    lines = text.split("\n")
    changes: Changes = []
    for entry, name in sorted(wanted, key=lambda pair: (-pair[0].at.line, -pair[0].at.column)):
        if entry.id is not None:
            at = entry.id
            if at.line != at.end_line:
                continue
            line = lines[at.line]
            lines[at.line] = line[: at.column] + name + line[at.end_column :]
            changes.append((at.line + 1, f"the id `{name}` for `{at.text}`"))
            continue
        at = entry.at
        line = lines[at.line]
        if at.flow:
            lines[at.line] = f"{line[: at.column + 1]}id: {name}, {line[at.column + 1 :]}"
        else:
            lines[at.line] = f"{line[: at.column]}id: {name}\n{' ' * at.column}{line[at.column :]}"
        changes.append((at.line + 1, f"the id `{name}`"))
    after = "\n".join(lines)
    return (after, changes[::-1]) if read_yaml(after, "")[0] is not None else (text, [])
