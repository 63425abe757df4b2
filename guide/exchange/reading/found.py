"""What was read from a file of another program: entries, pictures, and what cannot be read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, note, warning

EXTRA = "a text that belongs on the backs of a cloze|texts that belong on the backs of clozes"
"""What guide's clozes have no place for: printed with the text, it could give the answer away."""
MOST_ENTRIES = 100_000
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\ufeff]")


@dataclass(frozen=True)
class Options:
    """What the user said of the files: '' and () where it is to be found out.

    `columns` names the columns of tables, `encoding` is that of text files, `separator` what is between the
    columns of a text, `between` what is between its rows, and `text` what its cells hold: plain, markdown or html.
    """

    columns: tuple[str, ...] = ()
    encoding: str = ""
    separator: str = ""
    between: str = ""
    text: str = ""


@dataclass(frozen=True)
class Entry:
    """An item of a pack as it was read: the part that it belongs to, its fields, and where it is in the file.

    `key` names the item in the program that it comes from, '' where that has no names. `group` is the deck or
    sheet that it is in. `data` has the keys of the pack format; `body` is the text of a section.
    """

    part: str
    data: Mapping[str, Any]
    at: Place
    key: str = ""
    group: str = ""


@dataclass
class Found:
    """Everything that was read from one file: `path` is its name, `format` what it is, in words.

    `folder` is where it is: Markdown names pictures that are beside it.
    """

    path: str
    format: str = ""
    title: str = ""
    entries: list[Entry] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    omitted: Counter[str] = field(default_factory=Counter)
    first: dict[str, Place] = field(default_factory=dict)
    folder: Path | None = None

    def at(self, line: int = 0, column: int = 1) -> Place:
        """Return a place in the file; line 0 is the whole file."""
        return Place(self.path, line, column if line else 0)

    def add(
        self, part: str, data: Mapping[str, Any], at: Place, key: str = "", group: str = ""
    ) -> None:
        """Add an entry; raises GuideError when there are more than anybody writes."""
        if len(self.entries) >= MOST_ENTRIES:
            message = f"the file has more than {MOST_ENTRIES:,} entries"
            self.refuse("import-too-large", message, "Split the file, and import its parts.", at)
        kept = {name: value for name, value in data.items() if value not in ("", [], (), None)}
        self.entries.append(Entry(part, kept, at, key, group))

    def unreadable(self, message: str, at: Place, hint: str) -> None:
        """Note an entry that cannot be imported."""
        self.problems.append(error("import-unreadable", message, at, hint))

    def omit(self, what: str, at: Place) -> None:
        """Count something that is omitted on purpose, such as a sound."""
        self.omitted[what] += 1
        self.first.setdefault(what, at)

    def remark(self, message: str, at: Place, hint: str = "") -> None:
        """Note something that was decided in reading, and how to decide otherwise."""
        self.problems.append(note("import-note", message, at, hint))

    def warn(self, message: str, at: Place, hint: str = "") -> None:
        """Note something that a reader of the pack would miss."""
        self.problems.append(warning("import-omitted", message, at, hint))

    def refuse(self, code: str, message: str, hint: str, at: Place | None = None) -> NoReturn:
        """Raise the GuideError that nothing can be imported from this file."""
        raise GuideError(error(code, message, at or self.at(), hint))

    def settle(self) -> None:
        """Turn what was counted by `omit` into one diagnostic a kind."""
        for what, count in sorted(self.omitted.items()):
            one, _, many = what.partition("|")
            message = f"{count} {many or one} omitted" if count > 1 else f"{one} omitted"
            hint = "Paper cannot carry this. The first one is here; import the rest unchanged, or add a sentence."
            self.warn(message, self.first[what], hint)
        self.omitted.clear()


def cleaned(text: str) -> str:
    """Return a text without control characters and with unix line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n")
    return _CONTROL.sub("", text)
