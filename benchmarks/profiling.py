"""Where the time of a cold build goes, by cProfile in one process."""

from __future__ import annotations

import pstats
from collections import defaultdict
from pathlib import Path

Function = tuple[str, int, str]
ROWS = 12
_SPLIT = ("weasyprint", "guide")  # packages whose folders are told apart


def tables(profile: Path) -> str:
    """Return own time by part, and time with all callees by guide's functions, as Markdown."""
    stats = pstats.Stats(str(profile))
    total = stats.total_tt  # type: ignore[attr-defined]
    calls = stats.stats  # type: ignore[attr-defined]
    own = _own_time(calls)
    rows = ["| part | own time | share |", "|---|---:|---:|"]
    listed = sorted(own.items(), key=lambda item: -item[1])
    rest = ("all else", sum(seconds for _, seconds in listed[ROWS:]))
    for part, seconds in [*listed[:ROWS], rest]:
        rows.append(f"| {part} | {seconds:.2f} s | {100 * seconds / total:.0f} % |")
    rows += ["", "| function of guide | calls | with callees | share |", "|---|---:|---:|---:|"]
    inside = [
        (entry[3], entry[1], function)
        for function, entry in calls.items()
        if _part(function[0]).startswith("guide")
        and not function[2].startswith("<")
        and entry[3] < 0.97 * total  # what contains everything tells nothing
    ]
    for seconds, count, function in sorted(inside, reverse=True)[:ROWS]:
        name = f"{_part(function[0])}/{Path(function[0]).stem}.{function[2]}"
        rows.append(f"| `{name}` | {count:,} | {seconds:.2f} s | {100 * seconds / total:.0f} % |")
    return "\n".join(rows)


def _own_time(calls: dict[Function, tuple]) -> dict[str, float]:
    """Add up own time by part; a function written in C counts for the part that called it."""
    own: dict[str, float] = defaultdict(float)
    for (file, _, _), (_, _, seconds, _, callers) in calls.items():
        if file != "~":
            own[_part(file)] += seconds
            continue
        for (calling_file, _, _), counts in callers.items():
            own["C code called by C" if calling_file == "~" else _part(calling_file)] += counts[2]
    return dict(own)


def _part(file: str) -> str:
    """Return the package of a source file, with its folder for the packages that matter."""
    parts = Path(file).parts
    if "site-packages" in parts:
        inside = parts[len(parts) - parts[::-1].index("site-packages") :]
    elif "guide" in parts:
        inside = parts[len(parts) - 1 - parts[::-1].index("guide") :]
    else:
        return "Python's own library"
    if inside[0] in _SPLIT and len(inside) > 2:
        return f"{inside[0]}/{inside[1]}"
    return inside[0].removesuffix(".py")
