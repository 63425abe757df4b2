"""Imports are read in a confined process: a stranger's file is large, damaged or made to harm."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Callable
from typing import Any

from guide.diagnostics.calling import install
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.exchange.importing import Plan, Wanted, plan_import
from guide.resources import TEMPLATES
from guide.system.fence import Fence
from guide.system.sandbox import (
    MB,
    VARIABLE,
    Exceeded,
    Limits,
    NotStarted,
    Refused,
    confined,
    limits,
)

SMALL = Limits(seconds=60, wall=300, memory=1500, output=1000)
_AGAIN = "Export the file again, in parts if it is large."


def planned(wanted: Wanted) -> Plan:
    """Return what an import comes to, found out in a confined process. Raises GuideError."""
    name = wanted.files[0].name
    bounds = limits(1, SMALL)
    size = sum(path.stat().st_size for path in wanted.files if path.is_file())
    seconds = bounds.seconds + size // (2 * MB)
    try:
        plan: Plan = confined(
            _call,
            wanted,
            heard=lambda *_: None,
            bounds=bounds,
            seconds=seconds,
            fence=_fence(wanted),
        )
    except Refused as exc:
        message = "reading the file would start another program or connect to another machine"
        raise GuideError(
            error("import-limit", message, Place(name), "Do not use this file.")
        ) from exc
    except NotStarted as exc:
        raise exc.on(name) from exc
    except Exceeded as exc:
        hint = f"{_AGAIN} If you trust it, allow more: {VARIABLE}=seconds=300,memory=3000."
        raise GuideError(
            error("import-limit", f"importing {exc.limit}", Place(exc.doing[0] or name), hint)
        ) from exc
    return plan


def _fence(wanted: Wanted) -> Fence:
    """Let the process read the files, the pictures beside Markdown, and the pack."""
    read = [str(TEMPLATES), os.path.realpath(wanted.folder)]
    for path in wanted.files:
        beside = path.suffix.lower() in {".md", ".markdown", ".mdown"}
        read.append(os.path.realpath(path.parent if beside else path))
    return Fence(tuple(read))


def _call(wanted: Wanted, say: Callable[[str, str], None]) -> Any:
    gc.set_threshold(200_000, 50, 100)  # a deck is many small values that live to the end
    with warnings.catch_warnings():  # of libraries, about the file
        warnings.simplefilter("ignore")
        try:
            return plan_import(wanted, say)
        except ModuleNotFoundError as exc:
            message = f"a library that reads this file is not installed: {exc.name}"
            hint = f"Install it: `{install('exchange')}`."
            raise GuideError(
                error("missing-extra", message, Place(wanted.files[0].name), hint)
            ) from exc
