"""The system's libraries that WeasyPrint loads, and the command that installs them here."""

from __future__ import annotations

import ctypes
import ctypes.util
import shutil
import sys
from collections.abc import Iterator

from guide.diagnostics.diagnostic import GuideError, Place, error

NEEDED = {
    "Pango": ("pango-1.0", "0"),
    "PangoFT2": ("pangoft2-1.0", "0"),
    "HarfBuzz": ("harfbuzz", "0"),
    "HarfBuzz's subset library": ("harfbuzz-subset", "0"),
    "fontconfig": ("fontconfig", "1"),
}
"""Each library by the name that people know, with its file's name and version."""

_INSTALL = {
    "apt-get": "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    "dnf": "sudo dnf install pango harfbuzz",
    "pacman": "sudo pacman -S pango harfbuzz",
    "apk": "sudo apk add pango harfbuzz harfbuzz-subset",
    "zypper": "sudo zypper install libpango-1_0-0 libharfbuzz-subset0",
    "brew": "brew install pango harfbuzz",
}


def missing() -> list[str]:
    """Return the names of the libraries of `NEEDED` that this process cannot load."""
    return [name for name, (file, version) in NEEDED.items() if _load(file, version) is None]


def pango_version() -> str:
    """Return Pango's version, such as `1.50.12`; empty when it cannot be loaded."""
    library = _load(*NEEDED["Pango"])
    if library is None:
        return ""
    library.pango_version_string.restype = ctypes.c_char_p
    text: bytes = library.pango_version_string()
    return text.decode()


def require() -> None:
    """Raise GuideError, with the command that installs them, when a library is missing."""
    if names := missing():
        message = f"this machine lacks {_list(names)}, which set the pages"
        raise GuideError(error("cannot-start", message, Place(""), f"{how_to_install()}."))


def how_to_install() -> str:
    """Return a sentence with the command that installs the libraries on this system."""
    for manager, line in _INSTALL.items():
        if shutil.which(manager):
            return f"Install them: `{line}`"
    return "Install Pango 1.44 or later and HarfBuzz with its subset library"


def _load(file: str, version: str) -> ctypes.CDLL | None:
    for name in _names(file, version):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def _names(file: str, version: str) -> Iterator[str]:
    """Give the names by which a library may be loaded, the system's own search last: it is slow."""
    if sys.platform == "darwin":
        yield from (f"lib{file}.{version}.dylib", f"lib{file}.dylib")
    elif sys.platform == "win32":
        yield from (f"lib{file}-{version}.dll", f"{file}-{version}.dll")
    else:
        yield f"lib{file}.so.{version}"
    if found := ctypes.util.find_library(file):
        yield found


def _list(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
