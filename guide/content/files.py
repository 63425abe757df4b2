"""Read files of a pack: only regular files inside it, of bounded size, in UTF-8."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from guide.errors import Diagnostic, Place, error

MAX_TEXT = 5_000_000  # bytes; a text this long is not written by a person
MAX_IMAGE = 40_000_000  # bytes
# C0, C1 (what a text from Windows has in the wrong encoding), and what XML 1.0 forbids as well.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def control_in(text: str) -> str:
    """Return the first character that no text may hold (a control, U+FFFE), or ''."""
    found = _CONTROL.search(text)
    return found[0] if found else ""


def _instead_of(control: str) -> str:
    """Return what to do about a control; U+0080 to U+009F come from Windows texts read wrongly."""
    if "\x80" <= control <= "\x9f":
        meant = bytes([ord(control)]).decode("cp1252", "ignore")
        if meant:
            return f"Type `{meant}` instead: the text was converted wrongly from Windows."
    return "Delete it."


@dataclass
class Reader:
    """Reads files below `root` and collects what is wrong with them; `texts` are those it has read.

    `read`, if given, is filled with what was read, by its path below `root`; `given` are the bytes
    of files, by path, that are to be read instead of what is on the disk.
    """

    root: Path
    problems: list[Diagnostic] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    read: dict[str, bytes] | None = None
    given: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = self.root.resolve()

    def exists(self, path: str) -> bool:
        """Tell whether `path`, relative to the pack, is there at all."""
        try:
            return os.path.lexists(self.root / path)
        except ValueError:
            return False

    def listing(self, folder: str, *suffixes: str) -> list[str]:
        """Return the relative paths of files in `folder` (not below) in name order."""
        if not self._inside(folder):
            return []
        try:
            names = sorted(os.listdir(self.root / folder))
        except (OSError, ValueError):
            return []
        return [
            f"{folder}/{name}"
            for name in names
            if name.lower().endswith(suffixes) and not name.startswith(".")
        ]

    def tree(self, folder: str, *suffixes: str) -> list[str]:
        """Return the relative paths of files in and below `folder` in name order."""
        found: list[str] = []
        if not self._inside(folder):
            return found
        for base, folders, names in os.walk(self.root / folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            inside = Path(base).relative_to(self.root).as_posix()
            found += [f"{inside}/{n}" for n in sorted(names) if n.lower().endswith(suffixes)]
        return found

    def _inside(self, folder: str) -> bool:
        """Tell whether a folder is the pack's own; note when a link leads out of it."""
        real = os.path.realpath(self.root / folder)
        if real.startswith(os.path.join(self.root, "")) or real == str(self.root):
            return True
        self._refuse("outside-pack", f"`{folder}` leads out of the pack", Place(folder))
        return False

    def data(self, path: str, place: Place | None = None, limit: int = MAX_IMAGE) -> bytes | None:
        """Return the bytes of a file, or None after noting why not (at `place`, else the file)."""
        at = place or Place(path)
        if path in self.given:
            return self.given[path]
        try:
            inside = os.path.normpath(path)
            if not path or os.path.isabs(path) or inside.startswith("..") or "\0" in path:
                self._refuse("outside-pack", f"`{path}` is outside the pack", at)
                return None
            try:
                real = (self.root / inside).resolve(strict=True)
            except RuntimeError:  # Python before 3.13 on a link that leads to itself
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
            if not real.is_relative_to(self.root):
                self._refuse("outside-pack", f"`{path}` leads out of the pack", at)
                return None
            handle = os.open(real, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
        except (OSError, ValueError) as exc:  # a name in no encoding is a ValueError
            reason = getattr(exc, "strerror", None) or str(exc)
            self._refuse("unreadable-file", f"`{path}` cannot be read: {reason}", at)
            return None
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            os.close(handle)
            self._refuse("unreadable-file", f"`{path}` is not a regular file", at)
            return None
        with os.fdopen(handle, "rb") as stream:
            if facts.st_size > limit:
                size, most = facts.st_size / 1e6, limit / 1e6
                message = f"`{path}` has {size:.1f} MB; {most:.0f} MB is the most"
                self._refuse("file-too-large", message, at)
                return None
            content = stream.read(limit + 1)
        if self.read is not None:
            self.read[inside] = content
        return content

    def text(self, path: str, place: Place | None = None) -> str | None:
        """Return the text of a UTF-8 file with unix line ends, or None after noting why not."""
        data = self.data(path, place, MAX_TEXT)
        if data is None:
            return None
        text = self._decode(data, path)
        if text is None:
            return None
        text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
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
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            at = Place(path, 1, 1)
            hint = "Save the file with the encoding UTF-8 (your editor says UTF-16 now)."
            self.problems.append(error("not-utf8", "the file is in UTF-16, not UTF-8", at, hint))
            return None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as exc:
            self.texts[path] = data.decode("utf-8", "replace")
            before = data[: exc.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
            at = Place(path, before.count(b"\n") + 1, column)
            wrong = data[exc.start]
            guess = data[exc.start : exc.start + 1].decode("latin-1")
            message = f"byte 0x{wrong:02X} is not UTF-8 (in Latin-1 it would be {guess!r})"
            hint = "Save the file with the encoding UTF-8."
            self.problems.append(error("not-utf8", message, at, hint))
            return None

    def _refuse(self, code: str, message: str, place: Place) -> None:
        hints = {
            "outside-pack": "Copy the file into the pack and name it relative to pack.yaml.",
            "file-too-large": "Make the file smaller or split it.",
            "unreadable-file": "Check the name, upper and lower case too, and the permissions.",
        }
        self.problems.append(error(code, message, place, hints[code]))
