"""A Markdown text as sections: cut at its highest headings, each with the footnotes that it calls."""

from __future__ import annotations

import re

from guide.exchange.reading.found import Found

_HEADING = re.compile(r"(#{1,6}) +(.*?)[ #]*$")


def sections(markdown: str, found: Found) -> list[tuple[str, str, int]]:
    """Cut a text at its highest headings; return title, body and line of each. A single first heading is the title."""
    text, notes = _notes_of(markdown)
    blocks: list[tuple[int, str, int]] = []
    fenced = False
    for number, line in enumerate(text.split("\n")):
        fenced ^= line.startswith("```")
        match = _HEADING.match(line)
        if match and not fenced:
            blocks.append((len(match[1]), match[2].strip(), number))
    lines = text.split("\n")
    highest = min((level for level, _, _ in blocks), default=1)
    tops = [block for block in blocks if block[0] == highest]
    if (
        len(tops) == 1
        and tops[0] == blocks[0]
        and not "".join(lines[: tops[0][2]]).strip()
        and len(blocks) > 1
    ):
        found.title = _bare(tops[0][1])
        lines[tops[0][2]] = ""
        blocks = blocks[1:]
        highest = min(level for level, _, _ in blocks)
        tops = [block for block in blocks if block[0] == highest]
    parts = [(found.title, 0, 0)] + [(title, number, 1) for _, title, number in tops]
    made = []
    for at, (title, start, skip) in enumerate(parts):
        end = parts[at + 1][1] if at + 1 < len(parts) else len(lines)
        body = _lowered(lines[start + skip : end], 1 - highest)
        if body or (skip and at):
            made.append(
                (_bare(title) or found.title, _with_its_notes(body or "", notes), start + 1)
            )
    return [each for each in made if each[1].strip()] if made else []


def _bare(title: str) -> str:
    return re.sub(r"^(?:\*\*|<b>)(.*?)(?:\*\*|</b>)$", r"\1", title).strip()


def _lowered(lines: list[str], by: int) -> str:
    """Return lines whose highest headings are of level 2, below the section's title."""
    fenced = False
    made = []
    for line in lines:
        fenced ^= line.startswith("```")
        match = None if fenced else _HEADING.match(line)
        made.append(f"{'#' * max(2, min(6, len(match[1]) + by))} {match[2]}" if match else line)
    return "\n".join(made).strip("\n")


_NOTE = re.compile(r"^\[\^([\w-]+)\]: (.*(?:\n(?:    .*|$))*)", re.M)


def _notes_of(markdown: str) -> tuple[str, dict[str, str]]:
    notes = {match[1]: match[2].rstrip() for match in _NOTE.finditer(markdown)}
    return _NOTE.sub("", markdown), notes


def _with_its_notes(body: str, notes: dict[str, str]) -> str:
    called = list(dict.fromkeys(re.findall(r"\[\^([\w-]+)\]", body)))
    texts = [f"[^{name}]: {notes[name]}" for name in called if name in notes]
    return "\n\n".join([body, *texts]) if texts else body
