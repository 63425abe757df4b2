"""What typesetting uses of the machine: Pango, HarfBuzz, fontconfig, and the fonts that they see."""

from __future__ import annotations

import ctypes.util
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from weasyprint.text.ffi import ffi, fontconfig, harfbuzz, pango

from guide.system.watch import Machine

_LIBRARIES = ("pango-1.0", "pangoft2-1.0", "harfbuzz", "harfbuzz-subset", "fontconfig", "freetype")
# What shapes text and draws letters; other libraries are loaded by some processes and not by others.
_LOADED = ("libpango", "libharfbuzz", "libfontconfig", "libfreetype", "libfribidi", "libgraphite2",
           "libthai", "libdatrie", "libglib", "libgobject")  # fmt: skip
_LISTED = "/etc/ld.so.cache"  # which file of a name is loaded


def machine() -> Machine:
    """Return the versions of the libraries in C, their files, and all that chooses a font."""
    _declare()
    config = ffi.gc(fontconfig.FcInitLoadConfigAndFonts(), fontconfig.FcConfigDestroy)
    settings = _strings(fontconfig.FcConfigGetConfigFiles(config))
    folders = _strings(fontconfig.FcConfigGetFontDirs(config))
    named = os.environ.get("FONTCONFIG_FILE", "")  # beside it, no other file is configuration
    folders += [os.path.dirname(path) for path in settings if path != named]
    folders += [*_personal(), _LISTED]
    files = {*settings, *_fonts(config), *_libraries()}
    versions = (
        ffi.string(pango.pango_version_string()).decode(),
        ffi.string(harfbuzz.hb_version_string()).decode(),
        str(fontconfig.FcGetVersion()),
    )
    return Machine(versions, tuple(sorted(files)), tuple(sorted({*filter(None, folders)})))


@cache
def _declare() -> None:  # once in a process, as cffi wants it
    ffi.cdef(
        "const char * pango_version_string (void);"
        "const char * hb_version_string (void);"
        "int FcGetVersion (void);"
        "FcStrList * FcConfigGetFontDirs (FcConfig *config);"
        "void FcStrListDone (FcStrList *list);"
    )


def _strings(found: Any) -> list[str]:
    texts = []
    while (text := fontconfig.FcStrListNext(found)) != ffi.NULL:
        texts.append(os.fsdecode(ffi.string(text)))
    fontconfig.FcStrListDone(found)
    return texts


def _personal() -> Iterator[str]:
    """Yield where the user may configure fonts: nothing need be there yet."""
    home = os.path.expanduser("~")
    own = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    yield from (os.path.join(home, ".fonts.conf"), os.path.join(home, ".fonts.conf.d"))
    for name in ("", "fonts.conf", "conf.d"):
        yield os.path.join(own, "fontconfig", name)


def _fonts(config: Any) -> Iterator[str]:
    """Yield the files of the fonts that are installed."""
    fonts = fontconfig.FcConfigGetFonts(config, fontconfig.FcSetSystem)
    text = ffi.new("FcChar8 **")
    for number in range(fonts.nfont if fonts != ffi.NULL else 0):
        if fontconfig.FcPatternGetString(fonts.fonts[number], b"file", 0, text) == 0:
            yield os.fsdecode(ffi.string(text[0]))


def _libraries() -> Iterator[str]:
    """Yield the files of the libraries in C that set text, as this process has loaded them."""
    if sys.platform.startswith("linux"):
        lines = Path("/proc/self/maps").read_text("utf-8", "surrogateescape").splitlines()
        for path in {line.partition("/")[2] for line in lines}:
            # Other packages bring some of these for themselves, such as Pillow.
            if path.rpartition("/")[2].startswith(_LOADED) and "-packages/" not in path:
                yield f"/{path}"
        return
    for name in _LIBRARIES:
        found = ctypes.util.find_library(name)
        if found and os.path.isabs(found):
            yield found
