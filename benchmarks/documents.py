"""Measure how long documents take: cold, and after an edit; set in parts, and set whole.

    python benchmarks/documents.py                     the shipped pack, and a long one
    python benchmarks/documents.py --only cold,section some cases; see --help
    python benchmarks/documents.py --write             put the result into README.md

All is measured in one run, in turn: ratios are fair on a machine that has other things to do. "Whole" is the
same pack with a template that marks no parts.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from measure import Case, Run, run
from report import put_between

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
README = HERE / "README.md"
WORDS = "A plain section of a long document says one thing after another, and each of them in a sentence. " * 6


def kosovo(folder: Path) -> None:
    """Copy the shipped pack."""
    shutil.copytree(ROOT / "content/kosovo", folder / "pack")


def unmarked(folder: Path) -> None:
    """Take the marks of parts out of the templates."""
    for kind in ("briefing/page.html", "worksheet/page.html", "quiz/answers.html", "quiz/sheet.html"):
        text = (ROOT / "templates" / kind).read_text("utf-8")
        made = folder / "pack/templates" / kind
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(text.replace(" data-part", ""), "utf-8")


def long_pack(folder: Path, sections: int, paragraphs: int) -> None:
    """Write a pack of plain sections."""
    pack = folder / "pack"
    (pack / "sections").mkdir(parents=True)
    (pack / "pack.yaml").write_text("title: Long\nversion: '1'\nlang: en\nmarking: none\n", "utf-8")
    for n in range(sections):
        body = "\n\n".join(f"{WORDS} ({n}.{m})" for m in range(paragraphs))
        (pack / "sections" / f"{n:03}.md").write_text(f"---\ntitle: Section {n}\n---\n{body}\n", "utf-8")


def edit_section(folder: Path) -> None:
    """Change a word of a section in the middle."""
    files = sorted((folder / "pack/sections").glob("*.md"))
    path = files[len(files) // 2]
    head, _, body = path.read_text("utf-8").rpartition("---\n")
    path.write_text(f"{head}---\n" + re.sub(r"\bthe\b", "thhe", body, count=1), "utf-8")


def edit_term(folder: Path) -> None:
    """Change a word of the definition of a term."""
    path = folder / "pack/glossary.yaml"
    text = path.read_text("utf-8")
    path.write_text(re.sub(r"(definition: .*?)\b(the|a)\b", r"\1that", text, count=1), "utf-8")


class Bench:
    """Builds packs with stores of their own, and keeps what was measured."""

    def __init__(self, scratch: Path) -> None:
        self.scratch, self.cases = scratch, dict[str, Case]()

    def build(self, name: str, folder: Path, kind: str, cold: bool) -> Run:
        """Build a pack once."""
        if cold:
            shutil.rmtree(folder / "store", ignore_errors=True)
            shutil.rmtree(folder / "out", ignore_errors=True)
        command = [sys.executable, "-m", "guide", "build", str(folder / "pack"), "-o", str(folder / "out")]
        found = run([*command, *(["--only", kind] if kind else [])], {"GUIDE_CACHE_DIR": str(folder / "store")})
        self.cases.setdefault(name, Case(name)).add(found)
        print(f"{name}: {found.seconds:.1f} s, {found.cpu:.1f} s computed, {found.process_mb:.0f} MB", flush=True)
        return found

    def pack(self, name: str, *steps: Callable[[Path], None]) -> Path:
        """Return a folder with a pack."""
        folder = self.scratch / name
        folder.mkdir()
        for step in steps:
            step(folder)
        return folder

    def table(self, pairs: list[tuple[str, str]]) -> str:
        """Return what was measured, as a table in Markdown."""
        rows = ["| run | wall | computed | largest process |", "|---|---:|---:|---:|"]
        rows += [
            f"| {case.name} | {case.best:.1f} s | {min(r.cpu for r in case.runs):.1f} s | {case.process_mb:.0f} MB |"
            for case in self.cases.values()
        ]  # fmt: skip
        rows += ["", "| ratio | wall | computed |", "|---|---:|---:|"]
        for one, other in pairs:
            if one in self.cases and other in self.cases:
                a, b = self.cases[one], self.cases[other]
                cpu = min(r.cpu for r in a.runs) / max(0.01, min(r.cpu for r in b.runs))
                rows.append(f"| {one} / {other} | {a.best / b.best:.2f} | {cpu:.2f} |")
        return "\n".join(rows)


def _briefing(bench: Bench, wanted: set[str]) -> None:
    whole = bench.pack("whole", kosovo, unmarked)
    parts = bench.pack("parts", kosovo)
    if "cold" in wanted:
        bench.build("briefing whole", whole, "briefing", cold=True)
    bench.build("briefing cold", parts, "briefing", cold=True)
    if "section" in wanted:
        edit_section(parts)
        bench.build("section edited", parts, "briefing", cold=False)
    if "term" in wanted:
        edit_term(parts)
        bench.build("term edited", parts, "briefing", cold=False)


def _kinds(bench: Bench) -> None:
    parts = bench.pack("kinds", kosovo)
    bench.build("all kinds cold", parts, "", cold=True)
    edit_section(parts)
    bench.build("all kinds, section edited", parts, "", cold=False)


def _long(bench: Bench, sections: int) -> None:
    for count in (sections // 10, sections):
        name = f"{count} long sections"
        folder = bench.pack(f"long-{count}", lambda f, n=count: long_pack(f, n, 70))  # type: ignore[misc]
        bench.build(name, folder, "briefing", cold=True)
    edit_section(folder)
    bench.build(f"{name}, one edited", folder, "briefing", cold=False)


PAIRS = [
    ("briefing cold", "briefing whole"), ("section edited", "briefing cold"), ("term edited", "briefing cold"),
    ("all kinds, section edited", "all kinds cold"),
]  # fmt: skip


def main() -> None:
    """Measure what was asked for."""
    cases = ("cold", "section", "term", "kinds", "long")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(cases), help=f"some of {', '.join(cases)}")
    parser.add_argument("--sections", type=int, default=40, help="sections of the long pack, of 20 pages each")
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    options = parser.parse_args()
    wanted = set(options.only.split(","))
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as scratch:
        bench = Bench(Path(scratch))
        if wanted & {"cold", "section", "term"}:
            _briefing(bench, wanted)
        if "kinds" in wanted:
            _kinds(bench)
        if "long" in wanted:
            _long(bench, options.sections)
    n = options.sections
    pairs = [*PAIRS, (f"{n} long sections", f"{n // 10} long sections"), (f"{n} long sections, one edited", f"{n} long sections")]
    table = bench.table(pairs)
    print(table)
    if options.write:
        put_between(README, "documents", table)


if __name__ == "__main__":
    main()
