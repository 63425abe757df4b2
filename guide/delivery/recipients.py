"""Who gets a copy: the rows of a list, checked, with the place of every problem.

Messages never repeat what a cell holds: they name a person.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from guide.copies.encrypt import password_fault
from guide.delivery.channels import registry
from guide.delivery.lists import Entry, read
from guide.diagnostics.diagnostic import Diagnostic, Place, error, in_order, warning
from guide.diagnostics.suggest import did_you_mean
from guide.model.copies import Recipient
from guide.model.letters import fold

if TYPE_CHECKING:
    from guide.delivery.request import Task

MAX_TEXT = 500  # characters in a cell: a name of 300 is unusual, one of 5,000 is a mistake
MAX_COPIES = 1000

# Marks that turn the direction of what follows: a name with one could pose as another (UTS #55).
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Row:
    """A recipient, and the line of the list that names it."""

    recipient: Recipient
    line: int


@dataclass(frozen=True)
class Rules:
    """What a list may ask for in this run.

    `channels` maps each name and alias to the channel that is meant; `mailing` are the channels
    that need an address. `editions` is None for a document that has none.
    """

    channels: Mapping[str, str]
    default: str
    mailing: Collection[str] = ()
    editions: Collection[str] | None = None
    languages: Collection[str] = ()
    encrypt: bool = False


def recipients_of(task: Task) -> tuple[Task, list[Diagnostic]]:
    """Return a task with the recipients of its list, and what is wrong with the list; raises GuideError."""
    request, path = task.request, task.list
    entries, problems = read(request.recipients, request.encoding)
    if not entries and problems:
        return task, problems
    languages: tuple[str, ...] = ()
    if any(entry.cells.get("language") for entry in entries):
        from guide.markup.labels import CATALOGUES

        languages = ("sr", *(name.replace("_", "-") for name in CATALOGUES))
    names = registry.names()
    rules = Rules(names, names[request.channel], registry.mailing(), task.about.editions,
                  languages, request.encrypt)  # fmt: skip
    rows, faults = check(entries, rules, path)
    problems += faults
    partial = any(d.severity == "error" for d in problems)
    return replace(task, rows=rows, partial=partial), problems


def check(
    entries: Iterable[Entry], rules: Rules, path: str
) -> tuple[tuple[Row, ...], tuple[Diagnostic, ...]]:
    """Return the recipients of a list, and everything that is wrong with them."""
    checking = _Checking(rules)
    rows = [row for entry in entries if (row := checking.row(entry)) is not None]
    if not rows and not checking.problems:
        hint = "Write a row for each recipient under the header: A. Reader,reader@example.org"
        message = "the list has a header, but no recipients"
        checking.problems.append(error("no-recipients", message, Place(path, 1, 1), hint))
    return tuple(rows), in_order(checking.problems)


class _Checking:
    """Reads rows one by one and remembers those before, for what appears twice."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.problems: list[Diagnostic] = []
        self.refs: dict[str, int] = {}
        self.addresses: dict[str, int] = {}
        self.named: dict[tuple[str, str], list[tuple[int, str]]] = {}
        self.people: dict[tuple[str, str], int] = {}
        self.passwords_unused = False

    def row(self, entry: Entry) -> Row | None:
        before = len(self.problems)
        cells = {name: self._text(entry, name, cell) for name, cell in entry.cells.items()}
        values: dict[str, Any] = {name: cell for name, cell in cells.items() if cell}
        if not values.get("name"):
            hint = "Only `name` is required; write somebody's name, or the name of an office."
            self._refuse("missing-key", "the recipient has no `name`", entry, "name", hint)
        values["copies"] = self._copies(entry, cells.get("copies", ""))
        values["channel"] = self._channel(entry, cells.get("channel", ""))
        values["email"] = self._email(entry, cells.get("email", ""), values["channel"])
        self._edition(entry, cells.get("edition", ""))
        self._language(entry, cells.get("language", ""))
        self._password(entry, cells.get("password", ""))
        if any(found.severity == "error" for found in self.problems[before:]):
            return None
        recipient = Recipient(**values)
        self._twice(entry, recipient)
        return Row(recipient, entry.line)

    def _refuse(self, code: str, message: str, entry: Entry, name: str, hint: str = "") -> None:
        self.problems.append(error(code, message, entry.at(name), hint))

    def _text(self, entry: Entry, name: str, cell: str) -> str:
        """Return a cell in one line and composed form (NFC), after noting what cannot be printed."""
        text = cell.strip()
        if not text.isprintable() and (wrong := _unprintable(text)):
            code = ord(wrong)
            what = "a line break" if wrong in "\n\r\u2028\u2029\x0b\x0c\x85" else f"U+{code:04X}"
            self._refuse("control-character", f"`{name}` holds {what}", entry, name,
                      "Delete it: a name, an address or a password is one line of text.")  # fmt: skip
            text = "".join(c for c in text if c != wrong)
        if name == "password":
            return text
        if len(text) > MAX_TEXT:
            message = f"`{name}` has {len(text)} characters; {MAX_TEXT} is the most"
            hint = "Shorten it, or look for a missing quote."
            self._refuse("bad-value", message, entry, name, hint)
            return text[:MAX_TEXT]
        formula = text[:1] in {"=", "@"} or (text[:1] in {"+", "-"} and text[1:2].isalpha())
        if name in {"name", "organisation", "ref"} and formula and len(text) > 1:
            message = f"`{name}` begins like a formula of a spreadsheet"
            hint = "It is printed unchanged. If nobody has this name, correct the list."
            self.problems.append(warning("formula-in-list", message, entry.at(name), hint))
        if text.isascii():
            return text
        text = unicodedata.normalize("NFC", text)
        if name in {"name", "organisation"}:
            self._printable(entry, name, text)
        return text

    def _printable(self, entry: Entry, name: str, text: str) -> None:
        """Note letters that a copy cannot show: one of them, since all of them are a name."""
        if all(c < "\u0250" or "\u0400" <= c < "\u0460" for c in text):  # as Europe writes
            return
        from guide.fonts.glyphs import uncovered

        if missing := sorted(uncovered(text)):
            said = unicodedata.name(missing[0], "?").lower()
            message = (
                f"`{name}` has letters that no bundled font has: U+{ord(missing[0]):04X} {said}"
            )
            if len(missing) > 1:
                message += f" and {len(missing) - 1} more"
            hint = "Write it in letters: emoji and rare signs cannot be printed."
            self.problems.append(warning("missing-glyph", message, entry.at(name), hint))

    def _copies(self, entry: Entry, cell: str) -> int:
        if not cell:
            return 1
        digits = cell.isascii() and cell.isdigit() and len(cell) < 8
        if not digits or not 1 <= int(cell) <= MAX_COPIES:
            message = f"`copies` must be a whole number from 1 to {MAX_COPIES}"
            self._refuse("bad-value", message, entry, "copies", "Leave it empty for one copy.")
            return 1
        return int(cell)

    def _channel(self, entry: Entry, cell: str) -> str:
        name, known = cell.lower(), self.rules.channels
        if name and name not in known:
            hint = did_you_mean(name, known)
            self._refuse("unknown-channel", "there is no such channel", entry, "channel", hint)
        return known.get(name, "") if name else self.rules.default

    def _email(self, entry: Entry, cell: str, channel: str) -> str:
        if not cell:
            if channel in self.rules.mailing:
                message = f"the channel `{channel}` needs an address in `email`"
                self._refuse("missing-address", message, entry, "email",
                          "Write the address, or choose the channel folder or zip.")  # fmt: skip
            return ""
        from email_validator import EmailNotValidError, validate_email

        try:
            if cell.lower().endswith("@localhost"):  # a server on this machine
                validate_email(f"{cell}.test", check_deliverability=False, test_environment=True)
                return cell
            found = validate_email(
                cell, check_deliverability=False, test_environment=True, strict=True
            )
        except EmailNotValidError as exc:
            reason = "the address has no @" if "@" not in cell else str(exc).rstrip(".")
            self._refuse("bad-address", f"`email` is not one address: {reason}", entry, "email",
                      "Write one address, such as reader@example.org.")  # fmt: skip
            return ""
        return str(found.normalized)

    def _edition(self, entry: Entry, cell: str) -> None:
        if not cell:
            return
        if self.rules.editions is None:
            self._refuse("unknown-edition", "a PDF has no editions", entry, "edition",
                      "Leave the cell empty, or distribute the pack.")  # fmt: skip
        elif cell not in self.rules.editions:
            hint = did_you_mean(cell, self.rules.editions) or "pack.yaml names no editions."
            self._refuse("unknown-edition", "there is no such edition", entry, "edition", hint)

    def _language(self, entry: Entry, cell: str) -> None:
        known = {name.lower() for name in self.rules.languages}
        parts = cell.lower().replace("_", "-").split("-")
        if cell and known and not known & {"-".join(parts[:n]) for n in range(1, len(parts) + 1)}:
            self._refuse("unknown-language", "there are no words for this language", entry, "language",
                      did_you_mean(cell, sorted(self.rules.languages)))  # fmt: skip

    def _password(self, entry: Entry, cell: str) -> None:
        if self.rules.encrypt and not cell:
            self._refuse("missing-password", "--encrypt needs a password in every row", entry,
                      "password", "Write one, or leave --encrypt out.")  # fmt: skip
        elif cell and (message := password_fault(cell)):
            hint = "Choose another one: three or four words are easy to type and hard to guess."
            self._refuse("bad-value", message, entry, "password", hint)
        elif cell and not self.rules.encrypt and not self.passwords_unused:
            self.passwords_unused = True
            self.problems.append(
                warning("unused-password", "the list has passwords, but nothing is encrypted",
                        entry.at("password"), "Encrypt the copies with --encrypt.")
            )  # fmt: skip

    def _twice(self, entry: Entry, who: Recipient) -> None:
        """Note what is in the list already: a ref, a person, an address."""
        hint = "Delete one row; for several copies write `copies`."
        if who.ref:
            first = self.refs.setdefault(who.ref, entry.line)
            if first != entry.line:
                message = f"the same `ref` is on line {first}"
                self._refuse("duplicate-recipient", message, entry, "ref", hint)
        name, address = fold(who.name), fold(who.email)
        if address:
            same = self.named.setdefault((name, address), [])
            twice = next((line for line, ref in same if not (who.ref and ref)), 0)
            same.append((entry.line, who.ref))
            line = self.addresses.setdefault(address, entry.line)
            if twice:
                message = f"the same name and address are on line {twice}"
                self._refuse("duplicate-recipient", message, entry, "email", hint)
            elif line != entry.line:
                message = f"the same address is on line {line}"
                hint = "It gets both copies. If that is one person, delete one row."
                self.problems.append(warning("duplicate-address", message, entry.at("email"), hint))
        elif not who.ref:
            first = self.people.setdefault((name, fold(who.organisation)), entry.line)
            if first != entry.line:
                message = f"the same name and organisation are on line {first}"
                hint += " Distinguish two people by `email` or `ref`."
                self._refuse("duplicate-recipient", message, entry, "name", hint)


def _unprintable(text: str) -> str:
    """Return the first character that breaks a line, is a control, or turns the direction."""
    bad = (c for c in text if c in _TURNING or unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"})
    return next(bad, "")
