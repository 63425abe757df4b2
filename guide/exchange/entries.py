"""Entries of a pack as YAML, as a person would write them: one key a line, long texts as blocks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

# A text that needs no quotes: it begins with a letter, and has nothing that YAML reads.
_PLAIN = re.compile(r"[^\W\d_](?:[^:#\n\\\"'`{}\[\],&*!|>%@]|:(?=\S)|(?<=\S)#|['\"\\,&*!|>%@])*")
_FLOW = re.compile(r"[^\W\d_][^:#\n\\\"'`{}\[\],&*!|>%@]*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_BLOCK = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\xa0\u2028\u2029\ufeff]*")
_ORDER = (
    "id", "front", "back", "cloze", "hint", "image", "image_side", "reverse", "layout", "front_lang", "back_lang",
    "prompt", "type", "options", "answer", "pairs", "items", "lines", "explanation", "points", "level", "shuffle",
    "term", "abbreviation", "aliases", "definition", "title", "summary", "tags", "sources",
)  # fmt: skip


def scalar(text: str, indent: int, flow: bool = False) -> str:
    """Return a text as a YAML value; one of several lines is a block whose lines have `indent` blanks."""
    plain = (_FLOW if flow else _PLAIN).fullmatch(text)
    if (
        plain
        and text.lower() not in _WORDS
        and text == text.strip()
        and text.isprintable()
        and text[-1] != ":"
    ):
        return text
    lines = text.split("\n")
    whole = len(lines) > 1 and not flow and _BLOCK.fullmatch(text) and not text.endswith("\n")
    if (
        whole
        and lines[0]
        and not lines[0].startswith(" ")
        and not any(line.endswith(" ") for line in lines)
    ):
        return "|-\n" + "\n".join(f"{' ' * indent}{line}" if line else "" for line in lines)
    made = json.dumps(text, ensure_ascii=False)
    return re.sub("[\x7f-\xa0\u2028\u2029\ufeff]", lambda m: f"\\u{ord(m[0]):04x}", made)


def value(data: Any, indent: int) -> str:
    """Return a value of a key whose lines, if it has several, have `indent` blanks."""
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, int):
        return str(data)
    if isinstance(data, str):
        return scalar(data, indent)
    blanks = " " * indent
    if isinstance(data, Mapping):
        return "\n" + "\n".join(
            f"{blanks}{_key(each)}: {scalar(str(text), indent + 2)}" for each, text in data.items()
        )
    short = all("\n" not in each and len(each) < 30 for each in data)
    if short and sum(map(len, data)) < 80:
        return f"[{', '.join(scalar(each, indent, flow=True) for each in data)}]"
    return "\n" + "\n".join(f"{blanks}- {scalar(each, indent + 2)}" for each in data)


def _key(text: str) -> str:
    return (
        scalar(text, 0, flow=True)
        if len(text) < 900 and "\n" not in text
        else json.dumps(text, ensure_ascii=False)
    )


def keys_in_order(data: Mapping[str, Any]) -> Sequence[str]:
    """Return the keys of an entry as a person would order them."""
    return sorted(data, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


def entry(data: Mapping[str, Any]) -> str:
    """Return one entry of a list, with its line end."""
    return "- " + "\n  ".join(pair(name, data[name], 4) for name in keys_in_order(data)) + "\n"


def pair(name: str, data: Any, indent: int) -> str:
    """Return a key with its value."""
    made = value(data, indent)
    return f"{name}:{made}" if made.startswith("\n") else f"{name}: {made}"


def front_matter(data: Mapping[str, Any], body: str) -> str:
    """Return a section: its keys between two lines of hyphens, and its text."""
    lines = [pair(name, data[name], 2) for name in keys_in_order(data)]
    return "---\n" + "\n".join(lines) + "\n---\n" + body.strip("\n") + "\n"
