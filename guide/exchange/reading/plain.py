"""Plain text as Markdown that prints it as it is written: signs that mean something to guide are escaped."""

from __future__ import annotations

import re

from guide.exchange.reading.found import cleaned

# A sign that may begin markup anywhere in a line. `[` alone is escaped: `\[` ... `\]` is a formula.
_SIGNS = re.compile(r"[\\`*~^$\[{}]")
_EDGE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # an underscore between letters is text
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY = re.compile(r"&(?=#\d+;|#[xX][0-9a-fA-F]+;|[A-Za-z][A-Za-z0-9]*;)")
_REFERENCE = re.compile(r"@(?=(?:fig|sec|tbl)-)")
_DASHES = re.compile(r"-(?=-)")
_BLOCK = re.compile(r"(?:[-+>#:=|~]|(?=[-:|][-:| ]*$))")
_NUMBER = re.compile(r"(\d{1,9})(?=[.)](?:\s|$))")
_BREAK = "\\\n"


def escaped(text: str) -> str:
    """Return text of one line, of which no sign is read as markup; blocks are `paragraphs`' business."""
    text = _SIGNS.sub(r"\\\g<0>", text)
    if "_" in text:
        text = _EDGE.sub(r"\\_", text)
    if "<" in text:
        text = _TAG.sub("&lt;", text)
    if "&" in text:
        text = _ENTITY.sub(lambda m: "&" if text.startswith("&lt;", m.start()) else r"\&", text)
    if "@" in text:
        text = _REFERENCE.sub(r"\\@", text)
    if "--" in text:
        text = _DASHES.sub(r"\\-", text)
    return text


def line_start(line: str) -> str:
    """Return an escaped line of a text of several lines, so that it begins no list, heading or table."""
    line = (
        _NUMBER.sub(r"\1\\", line, count=1) if line[:1].isdigit() and _NUMBER.match(line) else line
    )
    return f"\\{line}" if _BLOCK.match(line) else line


def as_markdown(text: str) -> str:
    """Return a plain text as Markdown: each line stays a line, blank lines separate paragraphs."""
    lines = [line.strip() for line in cleaned(text).split("\n")]
    if len(lines) == 1:
        return escaped(lines[0])
    return "\n\n".join(joined([escaped(line) for line in block]) for block in _blocks(lines))


def joined(lines: list[str]) -> str:
    """Return escaped lines of a paragraph that are printed as lines."""
    return _BREAK.join(line_start(line) for line in lines)


def _blocks(lines: list[str]) -> list[list[str]]:
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]
