"""Reading of a pack by a process for it alone: a pack may be a stranger's work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from guide.diagnostics.diagnostic import GuideError
from guide.pipeline import fence, render_limit, silent
from guide.pipeline.inputs import size_of_inputs


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
