"""Finding Pango and HarfBuzz without asking `ldconfig` twenty times.

WeasyPrint tries several names for each library, and Python asks the system anew for each: a fifth of
a second whenever a process starts. The list of libraries is read once here. Names that are not in it
are looked for by Python as before when there is no list, as on macOS and Alpine.
"""

from __future__ import annotations

import ctypes.util
import re
import subprocess
from functools import lru_cache

_find_library = ctypes.util.find_library
_ENTRY = re.compile(r"^\s*lib([^\s]+?)\.so[^\s]*\s.*=>\s*(\S+)$", re.M)


@lru_cache
def _listed() -> dict[str, str]:
    """Return the file names of all libraries of the system, by name; {} when it does not say."""
    try:
        command = ["/sbin/ldconfig", "-p"]
        told = subprocess.run(  # noqa: S603  a fixed command
            command, capture_output=True, check=True, text=True, env={"LC_ALL": "C"}
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return {}
    found: dict[str, str] = {}
    for name, path in _ENTRY.findall(told.stdout):
        found.setdefault(name, path.rpartition("/")[2])
    return found


def _find(name: str) -> str | None:
    known = _listed()
    if not known:
        return _find_library(name)
    # `libpango-1.0-0` is a name of Windows; here it would be liblibpango.
    return known.get(name)
