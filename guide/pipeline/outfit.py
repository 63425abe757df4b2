"""The versions of all that pages depend on: where they are equal, two machines make the same bytes."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import metadata

from guide import __version__
from guide.pipeline.inputs import digest_of_program
from guide.system.digest import digest

KIT = "guide.pipeline.outfit:outfit"
_PROJECT = "guide-press"
_NAME = re.compile(r"[\w.-]+")
_HEAD = 4096  # bytes; the table directory of a font is there, with a checksum of each table


@lru_cache
def outfit() -> dict[str, str]:
    """Return the versions of guide, Python and their libraries, and digests of the fonts.

    Neither paths nor times count: two machines with the same packages are equal.
    """
    from guide.engine.machine import machine

    found = machine()
    pango, harfbuzz, fontconfig = found.versions
    libraries = [path for path in found.files if ".so" in os.path.basename(path)]
    others = sorted({*found.files} - {*libraries})
    return {
        "guide": f"{__version__} ({digest_of_program()[:12]})",
        "Python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "Pango": pango, "HarfBuzz": harfbuzz, "fontconfig": fontconfig,
        "libraries in C": _digest(libraries), "installed fonts": _digest(others),
        **_packages(),
    }  # fmt: skip


def _digest(paths: Iterable[str]) -> str:
    """Return a digest of files by their names, sizes and beginnings."""
    return digest(sorted(_head(path) for path in paths))[:12]


def _head(path: str) -> tuple[str, int, str]:
    try:
        with open(path, "rb") as stream:
            start = hashlib.sha256(stream.read(_HEAD)).hexdigest()
            return os.path.basename(path), os.fstat(stream.fileno()).st_size, start
    except OSError as exc:
        return os.path.basename(path), 0, f"cannot be read: {exc.errno}"


def _packages() -> dict[str, str]:
    """Return the versions of the libraries that guide needs, and of those that these need."""
    found: dict[str, str] = {}
    waiting = [_PROJECT]
    while waiting:
        name = waiting.pop()
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        for each in package.requires or ():
            needed = _NAME.match(each)
            if needed and "extra ==" not in each:
                key = re.sub(r"[-_.]+", "-", needed[0]).lower()
                if key not in found:
                    found[key] = ""
                    waiting.append(key)
        if name != _PROJECT:
            found[name] = package.version
    return {name: version for name, version in sorted(found.items()) if version}
