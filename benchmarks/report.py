"""Results as Markdown: a table of runs, a table of claims, and the machine they hold for."""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import Case


@dataclass(frozen=True)
class Claim:
    """A number that is promised, and the most that it may be; `value` is None when a run failed."""

    text: str
    value: float | None
    unit: str
    most: float | None = None

    def row(self) -> str:
        """Return a line of the table."""
        target = f"at most {self.most:g}{self.unit}" if self.most is not None else "none"
        if self.value is None:
            return f"| {self.text} | failed | {target} | **no** |"
        met = "" if self.most is None else ("yes" if self.value <= self.most else "**no**")
        return f"| {self.text} | {self.value:.2f}{self.unit} | {target} | {met} |"


def claims(cases: Mapping[str, Case], counts: tuple[int, int]) -> list[Claim]:
    """Return the claims about what was run; `counts` are cards, small and large.

    What was run and failed is a claim that is not met; what was not run is none.
    """
    small, large = (f"{count:,} cards" for count in counts)

    def ratio(text: str, above: str, below: str, most: float | None) -> Iterator[Claim]:
        if above in cases and below in cases:
            first, second = cases[above], cases[below]
            value = first.best / second.best if first.ok and second.ok else None
            yield Claim(text, value, "", most)

    def number(
        text: str, name: str, read: Callable[[Case], float], unit: str, most: float
    ) -> Iterator[Claim]:
        if case := cases.get(name):
            yield Claim(text, read(case) if case.ok else None, unit, most)

    return [
        *ratio(f"guide / WeasyPrint script, {small} cold", "cold", "weasyprint", 0.6),
        *ratio(f"guide / Chromium, {small} cold", "cold", "chromium", 2.0),
        *ratio(f"guide / Typst, {small} cold", "cold", "typst", None),
        *number(f"{small}, nothing changed", "unchanged", _best, " s", 0.6),
        *number(f"{small}, one edited", "edited", _best, " s", 1.2),
        *number(f"{small}, one inserted in front", "inserted", _best, " s", 1.2),
        *ratio(f"{large} / {small}, cold", "large", "cold", 1.1 * counts[1] / counts[0]),
        *number(f"{large}, largest process", "large", lambda c: c.process_mb, " MB", 600),
        *number(f"{large}, largest file", "large", _largest_file, " MB", 25),
    ]


def _best(case: Case) -> float:
    return case.best


def _largest_file(case: Case) -> float:
    return max(case.sizes.values(), default=0) / 1e6


def results(cases: Mapping[str, Case]) -> str:
    """Return the table of all runs."""
    rows = [
        "| run | best | median | runs | largest process | all processes | files |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for case in cases.values():
        if not case.ok:
            problem = " ".join(case.problem.split()).replace("|", "/") or "not run"
            rows.append(f"| {case.name} | failed | | | | | {problem} |")
            continue
        files = ", ".join(f"{name} {size / 1e6:.2f} MB" for name, size in case.sizes.items())
        together = f"{case.tree_mb:.0f} MB" if case.tree_mb else "–"
        rows.append(
            f"| {case.name} | {case.best:.2f} s | {case.median:.2f} s | {len(case.runs)} "
            f"| {case.process_mb:.0f} MB | {together} | {files} |"
        )
    return "\n".join(rows)


def claims_table(found: Sequence[Claim]) -> str:
    """Return the table of claims."""
    head = ["| claim | measured | target | met |", "|---|---:|---|---|"]
    return "\n".join([*head, *(claim.row() for claim in found)])


def machine(versions: Mapping[str, str], revision: str, command: str, load: Sequence[float]) -> str:
    """Return what the numbers hold for; `load` is that of the machine before the benchmark."""
    loads = ", ".join(f"{value:.2f}" for value in load)
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    today = datetime.datetime.now(tz=datetime.UTC).date()
    lines = [
        f"- Date: {today}; guide at revision {revision}",
        f"- Machine: {_cpu()}, {len(os.sched_getaffinity(0))} cores, {_memory()}; load {loads} before",
        f"- System: {_system()}, Python {platform.python_version()}",
        f"- Versions: {listed}",
        f"- Command: `{command}`",
    ]
    return "\n".join(lines)


def _line(path: str, key: str) -> str:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "")


def _cpu() -> str:
    return _line("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()


def _memory() -> str:
    kilobytes = _line("/proc/meminfo", "MemTotal").split()[:1]
    return f"{int(kilobytes[0]) / 1e6:.0f} GB" if kilobytes else "unknown memory"


def _system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = platform.system()
    return f"{name}, {platform.machine()}"


def put_between(path: Path, marker: str, text: str) -> None:
    """Replace what stands between two markers of a file."""
    whole = path.read_text(encoding="utf-8")
    begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    replacement: Callable[[re.Match[str]], str] = lambda _: f"{begin}\n{text}\n{end}"
    changed, count = pattern.subn(replacement, whole)
    if count != 1:
        raise SystemExit(f"{path.name} must hold the markers {begin} and {end} once")
    path.write_text(changed, encoding="utf-8")
