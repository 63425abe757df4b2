"""Read files of a pack: only regular files inside it, of bounded size, in UTF-8."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from guide.content.unread import candidates
from guide.diagnostics.diagnostic import Diagnostic, Place, error, place_of
from guide.system.folders import DEEPEST, too_deep, walk

_SHOWN = 60  # letters of a path in a message
MAX_TEXT = 5_000_000  # bytes; a text this long is not written by a person
MAX_IMAGE = 40_000_000  # bytes
# C0, C1 (what a text from Windows has in the wrong encoding), and what XML 1.0 forbids as well.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


Question = tuple[str, str, str]
"""What a reader asks of the disk: `data`, `exists`, `listing`, `tree`, `beside` or `strays`; a path; more."""

Seen = dict[Question, str]
"""Each question that was asked, with a digest of the answer."""

UNSTEADY = "changed while it was read"  # no later answer is this one


def control_in(text: str) -> str:
    """Return the first character that no text may hold (a control, U+FFFE), or ''."""
    found = _CONTROL.search(text)
    return found[0] if found else ""


_BETWEEN = "|"  # separates the endings of names in a question


_NOT_TEXT = {
    b"{\\rtf": "an RTF document",
    b"PK\x03\x04": "a Word, Excel or ZIP file",
    b"\xd0\xcf\x11\xe0": "an old Word or Excel file",
    b"%PDF-": "a PDF",
    b"bplist00": "a binary property list",
}
"""Formats that are taken for text, by their first bytes."""


class _RefusedError(Exception):
    """A file is not read: carries the code and the message of the diagnostic."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _instead_of(control: str) -> str:
    """Return what to do about a control; U+0080 to U+009F come from Windows texts read wrongly."""
    if "\x80" <= control <= "\x9f":
        meant = bytes([ord(control)]).decode("cp1252", "ignore")
        if meant:
            return f"Type `{meant}` instead: the text was converted wrongly from Windows."
    return "Delete it."


def _opened(root: Path, path: str) -> int:
    """Return a descriptor of a file of the pack at `root`; raises _RefusedError."""
    try:
        inside = os.path.normpath(path)
        if not path or os.path.isabs(path) or inside.startswith("..") or "\0" in path:
            raise _RefusedError("outside-pack", f"`{path}` is outside the pack")
        try:
            real = (root / inside).resolve(strict=True)
        except RuntimeError:  # Python before 3.13 on a link that leads to itself
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
        if not real.is_relative_to(root):
            raise _RefusedError("outside-pack", f"`{path}` leads out of the pack")
        return os.open(real, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
    except (OSError, ValueError) as exc:  # a name in no encoding is a ValueError
        reason = getattr(exc, "strerror", None) or str(exc)
        raise _RefusedError("unreadable-file", f"`{path}` cannot be read: {reason}") from exc


@dataclass
class Reader:
    """Reads files below `root` and collects what is wrong with them; `texts` are those it has read.

    `read`, if given, is filled with what was read, by its path below `root`; `given` are the bytes
    of files, by path, that are to be read instead of what is on the disk, which may lack them. `seen` has everything that
    was asked of the disk, with the answers: two readings that see the same read the same pack.
    """

    root: Path
    problems: list[Diagnostic] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    read: dict[str, bytes] | None = None
    given: Mapping[str, bytes] = field(default_factory=dict)
    seen: Seen = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = self.root.resolve()

    def answer(self, question: Question) -> str:
        """Return the digest of the answer to a question, as `seen` has it, asked once at most."""
        if question not in self.seen:
            kind, path, more = question
            if kind == "data":
                self.data(path, limit=int(more))
            elif kind == "exists":
                self.exists(path)
            elif kind == "beside":
                self.beside(path, more)
            elif kind == "strays":
                self.strays()
            elif kind in {"listing", "tree"}:
                (self.listing if kind == "listing" else self.tree)(path, *more.split(_BETWEEN))
        return self.seen.get(question, "")

    def _note(self, kind: str, path: str, more: str, answer: Iterable[str]) -> None:
        """Record an answer; one that differs from an earlier answer matches no later one."""
        text = "\0".join(answer).encode("utf-8", "surrogatepass")
        found = hashlib.sha256(text).hexdigest()
        before = self.seen.setdefault((kind, path, more), found)
        if before != found:
            self.seen[kind, path, more] = UNSTEADY

    def exists(self, path: str) -> bool:
        """Return True if there is anything at `path`, relative to the pack."""
        try:
            found = path in self.given or os.path.lexists(self.root / path)
        except ValueError:
            found = False
        self._note("exists", path, "", [str(found)])
        return found

    def listing(self, folder: str, *suffixes: str) -> list[str]:
        """Return the relative paths of files in `folder` (not below) in name order."""
        inside, names = self._names(folder)
        found = [f"{folder}/{name}" for name in names if name.lower().endswith(suffixes)]
        self._note("listing", folder, _BETWEEN.join(suffixes), [str(inside), *found])
        return found

    def tree(self, folder: str, *suffixes: str) -> list[str]:
        """Return the relative paths of files in and below `folder` in name order."""
        found: list[str] = []
        inside = self._inside(folder)
        if inside and (deep := too_deep(self.root / folder)):
            shown = os.path.relpath(deep, self.root)[:_SHOWN]
            message = f"folders are nested more than {DEEPEST} deep: `{shown}...`"
            hint = "Move the files up, and delete folders that nobody uses."
            self.problems.append(error("unreadable-file", message, Place(folder), hint))
        for base, folders, names in walk(self.root / folder) if inside else ():
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            within = Path(base).relative_to(self.root).as_posix()
            own = (name for name in sorted(names) if not name.startswith("."))
            found += [f"{within}/{n}" for n in own if n.lower().endswith(suffixes)]
        self._note("tree", folder, _BETWEEN.join(suffixes), [str(inside), *found])
        return found

    def strays(self) -> list[str]:
        """Return the files of the pack that look like content and that no reader asks for by name."""
        found = candidates(self.root)
        self._note("strays", "", "", found)
        return found

    def beside(self, folder: str, name: str) -> str:
        """Return the name in `folder` that is `name` in another Unicode form, '' if there is none.

        macOS stores a letter with an accent as two signs.
        """
        same = unicodedata.normalize("NFC", name)
        inside, names = self._names(folder)
        found = next((n for n in names if unicodedata.normalize("NFC", n) == same), "")
        self._note("beside", folder, name, [str(inside), found])
        return found

    def _names(self, folder: str) -> tuple[bool, list[str]]:
        """Return True if a folder is the pack's own, and the names in it that are not hidden."""
        inside = self._inside(folder)
        try:
            names = sorted(os.listdir(self.root / folder)) if inside else []
        except (OSError, ValueError):
            names = []
        if more := {
            os.path.basename(path) for path in self.given if os.path.dirname(path) == folder
        }:
            names = sorted({*names, *more})
        return inside, [name for name in names if not name.startswith(".")]

    def _inside(self, folder: str) -> bool:
        """Return True if a folder is the pack's own; note an error if a link leads out of it."""
        real = os.path.realpath(self.root / folder)
        if real.startswith(os.path.join(self.root, "")) or real == str(self.root):
            return True
        self._refuse("outside-pack", f"`{folder}` leads out of the pack", Place(folder))
        return False

    def data(self, path: str, place: Place | None = None, limit: int = MAX_IMAGE) -> bytes | None:
        """Return the bytes of a file, or None after noting why not (at `place`, else the file)."""
        if path in self.given:
            return self.given[path]
        try:
            content = self._content(path, limit)
        except _RefusedError as exc:
            self._note("data", path, str(limit), (exc.code, exc.message))
            self._refuse(exc.code, exc.message, place or Place(path))
            return None
        self._note("data", path, str(limit), ("", hashlib.sha256(content).hexdigest()))
        if self.read is not None:
            self.read[os.path.normpath(path)] = content
        return content

    def _content(self, path: str, limit: int) -> bytes:
        """Return the bytes of a file; raises _RefusedError."""
        handle = _opened(self.root, path)
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            os.close(handle)
            raise _RefusedError("unreadable-file", f"`{path}` is not a regular file")
        with os.fdopen(handle, "rb") as stream:
            if facts.st_size > limit:
                size, most = facts.st_size / 1e6, limit / 1e6
                message = f"`{path}` has {size:.1f} MB; {most:.0f} MB is the most"
                raise _RefusedError("file-too-large", message)
            return stream.read(limit + 1)

    def text(self, path: str, place: Place | None = None) -> str | None:
        """Return the text of a UTF-8 file with unix line ends, or None after noting why not."""
        data = self.data(path, place, MAX_TEXT)
        if data is None:
            return None
        text = self._decode(data, path)
        if text is None:
            return None
        text = _unix(text.removeprefix("\ufeff"))
        self.texts[path] = text
        for number, line in enumerate(text.split("\n"), 1):
            if not line.isprintable() and (found := control_in(line)):
                at = Place(path, number, line.index(found) + 1)
                message = f"control character U+{ord(found):04X} in the text"
                hint = _instead_of(found)
                self.problems.append(error("control-character", message, at, hint))
                return None
        return text

    def _decode(self, data: bytes, path: str) -> str | None:
        for sign, form in _NOT_TEXT.items():
            if data.startswith(sign):
                hint = "Save it as plain text, encoding UTF-8: in Word `Save As`, `Plain Text`; in TextEdit `Format`, `Make Plain Text`; in Excel `CSV UTF-8`."
                message = f"the file is {form}, not plain text"
                self.problems.append(error("not-plain-text", message, Place(path, 1, 1), hint))
                return None
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            at = Place(path, 1, 1)
            hint = "Save the file with the encoding UTF-8 (your editor says UTF-16 now)."
            self.problems.append(error("not-utf8", "the file is in UTF-16, not UTF-8", at, hint))
            return None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as exc:
            self.texts[path] = data.decode("utf-8", "replace")
            before = _unix(data[: exc.start].decode("utf-8", "replace"))
            at, wrong = place_of(len(before), before, Place(path, 1)), data[exc.start]
            guess = chr(wrong)
            message = f"byte 0x{wrong:02X} is not UTF-8 (in Latin-1 it would be {guess!r})"
            hint = "Save the file with the encoding UTF-8."
            if path.endswith((".csv", ".tsv")):
                hint = "In Excel, save it again with the file type `CSV UTF-8`; in another program, choose the encoding UTF-8."
            self.problems.append(error("not-utf8", message, at, hint))
            return None

    def _refuse(self, code: str, message: str, place: Place) -> None:
        hints = {
            "outside-pack": "Copy the file into the pack and name it relative to pack.yaml.",
            "file-too-large": "Make the file smaller or split it.",
            "unreadable-file": "Check the name, upper and lower case too, and the permissions.",
        }
        hint = hints[code]
        if code == "file-too-large" and re.search(r"\.(?:png|jpe?g)`", message, re.IGNORECASE):
            hint = "Save the picture smaller: 3,000 pixels on the longer side are enough for a whole page."
        self.problems.append(error(code, message, place, hint))
