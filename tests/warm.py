"""A first build in a process that others are forked from: what it reads and compiles, they have."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from guide import pipeline
from guide.pdf import typeset
from guide.system import sandbox

FILES = {
    "pack.yaml": "format: 1\ntitle: T\nlang: en\ndocuments: {briefing: {}}\n",
    "sections/a.md": "---\ntitle: A\n---\nText.\n",
}


def warm() -> None:
    """Build a small pack in this process, into a folder that is gone afterwards."""
    kept = os.environ.get("GUIDE_CACHE_DIR")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GUIDE_CACHE_DIR"] = f"{folder}/cache"
        for name, text in FILES.items():
            path = Path(folder, "pack", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        sandbox.here = True
        try:
            pipeline.build(Path(folder, "pack"), Path(folder, "out"), pipeline.Settings(jobs=1))
        finally:
            sandbox.here = False
            # Fonts that are not opened yet are in a folder that confined processes do not see.
            typeset._kept.cache_clear()
            typeset._bundled_fonts.cache_clear()
            os.environ.pop("GUIDE_CACHE_DIR")
            if kept is not None:
                os.environ["GUIDE_CACHE_DIR"] = kept
