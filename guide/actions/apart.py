"""Reading of a pack by a process for it alone: a pack may be a stranger's work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from guide.content.load import load_pack
from guide.diagnostics.diagnostic import GuideError, Severity
from guide.model.pack import Pack
from guide.pipeline import fence, render_limit, silent
from guide.pipeline.inputs import size_of_inputs


def loaded(folder: Path) -> Pack:
    """Return a pack that has no errors; raises GuideError with those that it has."""
    pack, found = load_pack(folder)
    wrong = [each.within(str(folder)) for each in found if each.severity == Severity.ERROR]
    if pack is None or wrong:
        raise GuideError(*wrong)
    return pack


def apart(work: Callable[..., Any], folder: Path, *more: Any) -> Any:
    """Return what `work(folder, *more, say)` gives in a confined process that reads the pack.

    Raises GuideError if it takes more than it may, and what the work raises.
    """
    from guide.system.sandbox import Exceeded, confined, limits

    bounds = limits(1)
    seconds = bounds.allowed(size_of_inputs(folder))
    try:
        return confined(
            work, folder, *more, heard=silent, bounds=bounds, seconds=seconds, fence=fence(folder)
        )
    except Exceeded as exc:
        raise GuideError(render_limit(f"reading the content {exc.limit}")) from exc
