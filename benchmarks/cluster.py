"""Measure a Dask cluster of two workers against two processes of one machine, and plan for fifty machines.

    python benchmarks/cluster.py                     a deck of 400 cards, some minutes
    python benchmarks/cluster.py --cards 200 --repeat 1
    python benchmarks/cluster.py --simulate FILE     the plan alone, from figures that were measured before
    python benchmarks/cluster.py --write             put the result into docs/cluster.md

Both commands run in turn, so that both meet the same machine. What the scheduler and the workers compute
counts as well.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import scale
from cards import ROOT, find_python, revision
from deck import make_deck
from measure import run

PAGE = ROOT / "docs" / "cluster.md"
PROBE = """
import json, sys, time
from guide.cluster.address import Cluster
from guide.cluster.dispatch import Dispatcher
from guide.cluster.remote import Elsewhere
from guide.pipeline.outfit import KIT, outfit
from guide.system.digest import digest
from guide.system.sandbox import Limits

def timed(pool, values):
    begun = time.perf_counter()
    jobs = [pool.submit(digest, each) for each in values]
    for job in jobs:
        job.result()
    return time.perf_counter() - begun

with Dispatcher(Cluster(sys.argv[1]), ["guide.pdf.typeset"]) as port:
    pool = Elsewhere(port, KIT, outfit, Limits())
    timed(pool, range(20))
    call = timed(pool, range(300)) / 300
    large = [bytes([n]) * 4_000_000 for n in range(10)]
    transfer = (timed(pool, large) - 10 * call) / 40
    print(json.dumps({"call": call, "megabyte": max(transfer, 0.0)}))
"""


@dataclass
class Figures:
    """What was measured, in seconds and bytes; `pack` (of 1,000 cards) and `copy` are of one worker.

    `call` is what one call costs from end to end, `megabyte` what a MB costs on its way. The rest is
    from benchmarks/README.md, but for what this machine does with each pack and copy that comes back
    (`client`, `ledger`), which is assumed.
    """

    call: float
    megabyte: float
    pack: float = 9.5
    pack_in: int = 230_000
    pack_out: int = 3_340_000
    client: float = 0.15
    copy: float = 0.034
    copy_out: int = 400_000
    ledger: float = 0.0004


class Cluster:
    """A scheduler and two workers on this machine."""

    def __init__(self, python: str, folder: Path) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{found.getsockname()[1]}"
        self.folder, self.python = folder, python
        self.processes = [self._start("scheduler", "--port", self.address.rpartition(":")[2])]
        time.sleep(4)
        for number in range(2):
            words = ("worker", self.address, "--nthreads", "1", "--no-nanny", "--local-directory", f"w{number}")
            self.processes.append(self._start(*words))
        time.sleep(6)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [self.python, "-m", "dask", *words, "--host", "127.0.0.1", "--no-dashboard"]
        return subprocess.Popen(
            command, cwd=self.folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def computed(self) -> float:
        """Return the seconds that its processes have computed, with those that these started."""
        import psutil

        total = 0.0
        for each in self.processes:
            process = psutil.Process(each.pid)
            for one in (process, *process.children(recursive=True)):
                times = one.cpu_times()
                total += times.user + times.system
        return total

    def close(self) -> None:
        for each in reversed(self.processes):
            each.kill()
            each.wait()


def measure(chosen: argparse.Namespace, work: Path) -> tuple[dict[str, list[float]], Figures]:
    """Return wall and computing time of both ways, and the figures for the plan."""
    python = find_python()
    pack = work / "deck"
    make_deck(chosen.cards).write(pack)
    env = {"PYTHONPATH": str(ROOT), "GUIDE_CACHE_DIR": str(work / "cache")}
    cluster = Cluster(python, work)
    found: dict[str, list[float]] = {"here": [], "cluster": [], "here cpu": [], "cluster cpu": []}
    try:
        def built(how: str, *more: str) -> tuple[float, float]:
            before = cluster.computed()
            command = [python, "-m", "guide", "build", str(pack), *more, "--no-cache", "-o", str(work / how)]
            done = run(command, env)
            assert done.code == 0, done.log
            return done.seconds, done.cpu + cluster.computed() - before

        built("warm", "--jobs", cluster.address)  # workers import their libraries once
        for _ in range(chosen.repeat):
            for how, jobs in (("here", "2"), ("cluster", cluster.address)):
                seconds, cpu = built(how, "--jobs", jobs)
                found[how].append(seconds)
                found[f"{how} cpu"].append(cpu)
        here, there = ({path.name: path.read_bytes() for path in (work / name).rglob("*.pdf")} for name in ("here", "cluster"))
        assert here and here == there, "the files differ"
        probe = run([python, "-c", PROBE, cluster.address], env)
        probed = json.loads(probe.log.splitlines()[-1])
    finally:
        cluster.close()
    figures = Figures(probed["call"], probed["megabyte"])
    return found, figures


def simulate(jobs: int, seconds: float, there: int, back: int, here: float, figures: Figures, workers: int, gbit: float) -> dict[str, float]:
    """Return when the last of equal jobs is written, and how busy each part was.

    The scheduler hands out calls one by one and passes results on; its network and the client's have `gbit`.
    A worker asks for the next job when it is done; the client takes results one by one.
    """
    bandwidth = gbit * 125_000_000
    scheduler = network = client = 0.0  # until when each is busy
    busy = {"scheduler": 0.0, "network": 0.0, "client": 0.0, "workers": 0.0}
    free = [0.0] * workers
    heapq.heapify(free)
    done: list[float] = []
    for _ in range(jobs):
        ready = heapq.heappop(free)
        scheduler = max(scheduler, 0.0) + figures.call
        network = max(network, scheduler) + there / bandwidth
        begun = max(ready, scheduler, network)
        heapq.heappush(free, begun + seconds)
        done.append(begun + seconds)
        busy["scheduler"] += figures.call
        busy["network"] += (there + 2 * back) / bandwidth
        busy["workers"] += seconds / workers
    back_network = 0.0
    for at in sorted(done):
        back_network = max(back_network, at) + 2 * back / bandwidth  # into the scheduler, and out of it
        client = max(client, back_network) + here
        busy["client"] += here
    return {"seconds": client, **busy}


def plan(figures: Figures, gbit: float = 1.0) -> str:
    """Return the table of the plan."""
    rows = []
    packs = (1000, figures.pack, figures.pack_in, figures.pack_out, figures.client)
    chunks = (100_000 // 64, 64 * figures.copy, 60_000, 64 * figures.copy_out, 64 * (figures.ledger + figures.copy_out / 200_000_000))
    for name, (jobs, seconds, there, back, here) in (("1,000,000 cards: 1,000 packs of 1,000", packs), ("100,000 copies: 1,562 jobs of 64", chunks)):
        for machines in (1, 10, 50):
            found = simulate(jobs, seconds, there, back, here, figures, 8 * machines, gbit)
            parts = {part: found[part] for part in ("workers", "network", "client", "scheduler")}
            limit = max(parts, key=parts.get)
            rows.append(f"| {name} | {machines} | {found['seconds'] / 60:,.1f} min | {limit} "
                        f"({parts[limit] / 60:,.1f} min of work) |")  # fmt: skip
    return "\n".join(["| work | machines of 8 cores | time | what limits it |", "|---|---:|---:|---|", *rows])


def text_of(found: dict[str, list[float]], figures: Figures, chosen: argparse.Namespace) -> str:
    """Return what the page says."""
    ratio = min(found["cluster"]) / min(found["here"])
    cpu = min(found["cluster cpu"]) / min(found["here cpu"])
    return "\n".join([
        f"| {chosen.cards} cards, nothing cached, best of {chosen.repeat} | two local processes | two Dask workers | ratio |",
        "|---|---:|---:|---:|",
        f"| time of the command | {min(found['here']):.1f} s | {min(found['cluster']):.1f} s | {ratio:.2f} (at most 1.3) |",
        f"| computed by all processes | {min(found['here cpu']):.1f} s | {min(found['cluster cpu']):.1f} s | {cpu:.2f} |",
        "",
        f"A call costs {figures.call * 1000:.1f} ms from end to end with two workers, a MB {figures.megabyte * 1000:.0f} ms. "
        f"Planned with {figures.pack:g} s of computing for a pack of 1,000 cards ({figures.pack_in / 1e6:.1f} MB there, "
        f"{figures.pack_out / 1e6:.1f} MB back) and {figures.copy * 1000:g} ms for a copy, as benchmarks/README.md has them.",
        "",
        plan(figures),
        "",
        f"Measured on revision {revision(ROOT)} with load {os.getloadavg()[0]:.0f}; {scale.said(scale.scale())}",
    ])  # fmt: skip


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cards", type=int, default=400)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--simulate", type=Path, metavar="FILE", help="figures as JSON")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    if chosen.simulate:
        print(plan(Figures(**json.loads(chosen.simulate.read_text()))))
        return
    with tempfile.TemporaryDirectory() as folder:
        found, figures = measure(chosen, Path(folder))
    text = text_of(found, figures, chosen)
    print(json.dumps(asdict(figures)), text, sep="\n\n")
    if chosen.write:
        page = PAGE.read_text("utf-8")
        before, after = page.partition("<!-- measured:begin -->")[0], page.partition("<!-- measured:end -->")[2]
        PAGE.write_text(f"{before}<!-- measured:begin -->\n{text}\n<!-- measured:end -->{after}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
