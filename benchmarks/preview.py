"""Measure a preview: from a save to the new page, for a card, a sentence of a section, and an error.

    python benchmarks/preview.py [PACK] [--times 10]

A copy of the pack is edited; PACK is content/kosovo unless it is named. Each time ends when the new page's picture
has been fetched, or when the error is shown. CPU at rest is that of all processes of the preview, over 20 s.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

CASES = {
    "card": ("flashcards-screen.pdf", "cards.yaml", r'(front: ["\']?)', r"\g<1>{n} "),
    "section": ("briefing.pdf", "sections/*.md", r"(\n\n)(?=[A-Z][a-z]+ [a-z])", r"\g<1>{n} "),
    "error": ("", "cards.yaml", r"(front: )", r"fron{n}t: "),
}


class Preview:
    """A preview that runs, and the last state that it told."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "guide", "preview", str(folder), "--no-open", "--port", "0"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        line = next(line for line in self.process.stdout if "http://" in line)
        self.address = re.search(r"http://\S+", line)[0]
        self.state, self.told = {}, threading.Condition()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        for line in urllib.request.urlopen(f"{self.address}events"):
            if line.startswith(b"data: {\""):
                with self.told:
                    self.state = json.loads(line[6:])
                    self.told.notify_all()

    def wait(self, fits, limit: float = 600) -> None:
        with self.told:
            if not self.told.wait_for(lambda: self.state and fits(self.state), limit):
                raise SystemExit("nothing came")

    def sha(self, name: str) -> str:
        return next((d["sha"] for d in self.state["documents"] if d["name"] == name), "")

    def quiet(self) -> None:
        self.wait(lambda s: not s["building"])
        time.sleep(1)
        self.wait(lambda s: not s["building"])

    def fetch(self, sha: str) -> None:
        urllib.request.urlopen(f"{self.address}page/{sha}/0?width=800").read()


def times(preview: Preview, folder: Path, case: str, count: int) -> list[float]:
    name, pattern, old, new = CASES[case]
    path = next(p for p in sorted(folder.glob(pattern)) if re.search(old, p.read_text("utf-8")))
    text, found = path.read_text("utf-8"), []
    for number in range(count):
        preview.quiet()
        before = preview.sha(name)
        if name:
            preview.fetch(before)  # this document is looked at
        started = time.monotonic()
        path.write_text(re.sub(old, new.format(n=chr(97 + number) * 3), text, count=1), "utf-8")
        if name:
            preview.wait(lambda s: any(d["name"] == name and d["sha"] != before for d in s["documents"]))
            preview.fetch(preview.sha(name))
        else:
            preview.wait(lambda s: any(p["severity"] == "error" for p in s["problems"]))
        found.append(time.monotonic() - started)
        preview.quiet()
        if not name:
            path.write_text(text, "utf-8")
            preview.wait(lambda s: not any(p["severity"] == "error" for p in s["problems"]))
    path.write_text(text, "utf-8")
    return found


def tree(pid: int) -> list[int]:
    """A process and those that it started."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += tree(int(child))
    return found


def computed(pids: list[int]) -> float:
    """Seconds that processes have computed."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in pids]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("pack", nargs="?", type=Path, default=Path(__file__).parent.parent / "content" / "kosovo")
    parser.add_argument("--times", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, given.pack.resolve().name)
        shutil.copytree(given.pack, folder)
        preview = Preview(folder)
        preview.quiet()
        print(f"first build {preview.state['seconds']:.1f} s")
        for case in CASES:
            found = times(preview, folder, case, given.times)
            print(f"{case:8} median {statistics.median(found):.2f} s, {min(found):.2f} to {max(found):.2f}", flush=True)
        preview.quiet()
        pids = tree(preview.process.pid)
        before = computed(pids)
        time.sleep(20)
        print(f"at rest  {(computed(pids) - before) / 20:.2%} of a core, {len(pids)} processes")
        preview.process.terminate()
        preview.process.wait(20)


if __name__ == "__main__":
    main()
