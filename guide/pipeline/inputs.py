"""The digests of everything that a build depends on, read without parsing anything.

A build depends on what its pack is read from, on this program, on the run's settings, and on the
machine's fonts and libraries. What reading a pack asks of the disk depends on the pack: so it is
recorded (`guide.content.files.Reader.seen`), and the next build asks the same again.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any

from guide.content.files import MAX_IMAGE, Reader, Seen
from guide.resources import LOCALE, TEMPLATES, font_folders
from guide.system import watch
from guide.system.cache import Store
from guide.system.digest import digest
from guide.system.folders import walk
from guide.system.watch import Machine

_IGNORED = {"build", "__pycache__", "node_modules"}
_CODE = (".py", ".po")
_PICTURES = (".png", ".jpg", ".jpeg")
_MOST = 16  # states of a pack that are remembered: editions, branches, what is undone
# What chooses other fonts or libraries, or makes them work in another way.
_VARIABLES = (
    "HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "FONTCONFIG_FILE", "FONTCONFIG_PATH",
    "FONTCONFIG_SYSROOT", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "WEASYPRINT_DLL_DIRECTORIES",
)  # fmt: skip
_WAYS = ("HB_OPTIONS", "HB_SHAPER_LIST", "FREETYPE_PROPERTIES")


def digest_of_inputs(folder: Path, seen: Mapping[Any, str], settings: Any) -> str:
    """Return the digest of what was read of a pack, of this program and of the run's settings.

    `seen` is what its reader recorded. The machine does not count: see `machine_known`.
    """
    return digest(folder.resolve().name, sorted(seen.items()), digest_of_code(), settings)


def recall(store: Store, folder: Path, settings: Any) -> Seen | None:
    """Return what the last builds saw of a pack, if a reader would see the same now; else None."""
    reader = Reader(folder)
    for seen in _remembered(store, _base(folder, settings)):
        if all(reader.answer(question) == before for question, before in seen.items()):
            return seen
    return None


def remember(store: Store, folder: Path, settings: Any, seen: Seen) -> None:
    """Keep what a build saw of its pack for `recall`."""
    base = _base(folder, settings)
    known = [seen, *(each for each in _remembered(store, base) if each != seen)][:_MOST]
    plain = [[[*question, answer] for question, answer in each.items()] for each in known]
    store.put(f"seen:{base}", json.dumps(plain).encode())


def differing(folder: Path, seen: Seen) -> list[str]:
    """Return the paths below a pack of which reading would see something else now."""
    reader = Reader(folder)
    return sorted({q[1] for q, before in seen.items() if reader.answer(q) != before})


def _base(folder: Path, settings: Any) -> str:
    return digest(folder.resolve().name, digest_of_code(), settings)


def _remembered(store: Store, base: str) -> Iterator[Seen]:
    entry = store.get(f"seen:{base}")
    try:
        for each in json.loads(entry) if entry else ():
            yield {(kind, path, more): answer for kind, path, more, answer in each}
    except (ValueError, TypeError):
        store.drop(f"seen:{base}")


def machine_known(store: Store) -> str:
    """Return the digest of the machine's fonts and libraries, '' if it has to be made."""
    return _kept(store, "machine")


def machine_met(store: Store, machine: Machine) -> str:
    """Return the digest of the machine's fonts and libraries, and keep it while they are the same.

    The bundled fonts count by their bytes; see `watch.head` for the others.
    """
    folders = [str(folder) for folder in font_folders().values()]
    bundled = [
        entry.path for each in folders for entry in sorted(os.scandir(each), key=attrgetter("name"))
    ]
    # The facts first: what is written later is seen.
    watched = watch.noted((*machine.files, *machine.places, *folders, *bundled))
    heads = [(path, watch.head(path)) for path in machine.files]
    ways = [os.environ.get(name, "") for name in _WAYS]
    found = digest(machine.versions, heads, watch.whole(bundled), ways)
    _keep(store, "machine", found, watched)
    return found


def _kept(store: Store, what: str) -> str:
    """Return a digest that was kept, '' if something of what it was made from was written since."""
    key = f"{what}:{_where()}"
    entry = store.get(key)
    if entry is None:
        return ""
    try:
        known = json.loads(entry)
        return str(known["digest"]) if watch.unchanged(known["watched"]) else ""
    except (ValueError, TypeError, KeyError, AttributeError):
        store.drop(key)
        return ""


def _keep(store: Store, what: str, found: str, watched: Mapping[str, watch.Facts] | None) -> None:
    if watched is not None:
        text = json.dumps({"digest": found, "watched": watched})
        store.put(f"{what}:{_where()}", text.encode())


def _where() -> str:
    """Return the digest of what names this installation, and of the variables that count."""
    values = [os.environ.get(name, "") for name in (*_VARIABLES, *_WAYS)]
    return digest(sys.version, sys.prefix, _packages(), str(LOCALE), values)


def size_of_inputs(folder: Path) -> int:
    """Return how many bytes of text a pack has: reading and rendering take time accordingly."""
    total = 0
    for base, folders, names in walk(folder):
        folders[:] = [n for n in folders if not n.startswith(".") and n not in _IGNORED]
        for name in names:
            if not name.lower().endswith(_PICTURES):
                try:
                    total += min(os.lstat(os.path.join(base, name)).st_size, MAX_IMAGE)
                except OSError:
                    continue
    return total


_code: list[str] = []


def digest_of_code() -> str:
    """Return the digest of the templates, of guide itself and of the installed libraries."""
    if not _code:
        _code.append(_code_now())
    return _code[0]


def code_known(store: Store) -> None:
    """Take over the digest of this program from the store, if no file of it was written since."""
    if not _code and (found := _kept(store, "code")):
        _code.append(found)


def code_kept(store: Store) -> bool:
    """Return True if this program is what it was at first, and keep its digest for the next run."""
    folders = [base for root in (TEMPLATES, LOCALE.parent) for base, _, _ in os.walk(root)]
    files = [path for root, endings in _PROGRAM for path in _below(root, endings)]
    own = [path for path in folders if not path.endswith("__pycache__")]
    watched = watch.noted((*own, *files, *_packages()))
    found = _code_now()
    if found == digest_of_code():
        _keep(store, "code", found, watched)
        return True
    return False


_PROGRAM = ((TEMPLATES, ()), (LOCALE.parent, _CODE))


def _code_now() -> str:
    return digest(_program(), sys.version, _installed())


def _program() -> list[list[tuple[str, str]]]:
    return [
        [(os.path.relpath(path, root), _digest_of_file(path)) for path in _below(root, endings)]
        for root, endings in _PROGRAM
    ]


def digest_of_program() -> str:
    """Return the digest of guide's own files and of the templates: the same on all machines."""
    return digest(_program())


def _below(root: Path, endings: tuple[str, ...]) -> list[str]:
    """Return the paths of the files of a folder of this program, in the order of their names."""
    found = []
    for base, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        found += [
            os.path.join(base, n) for n in sorted(names) if not endings or n.endswith(endings)
        ]
    return found


def _digest_of_file(path: str) -> str:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return "not a file"
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as exc:
        return f"unreadable: {exc.errno}"


def _packages() -> list[str]:
    """Return the folders of installed packages."""
    return [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]


def _installed() -> list[str]:
    """Return name and version of every installed package, from the names of their folders."""
    found: set[str] = set()
    for entry in _packages():
        try:
            found |= {name for name in os.listdir(entry) if name.endswith(".dist-info")}
        except OSError:
            continue
    return sorted(found)
