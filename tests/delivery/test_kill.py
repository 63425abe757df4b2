"""Killed at any moment and run again: nobody gets two, unless the copy is reported as uncertain."""

from __future__ import annotations

import os
import random
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from driver import Driver, state
from post_office import PostOffice, made_pdf, opened

from guide.delivery import queries
from guide.delivery.database import Ledger
from guide.delivery.records import State

KILLS = int(os.environ.get("GUIDE_TEST_KILLS", "10"))  # 50 and more by hand
PEOPLE = 40


def test_kills_in_sends_of_forty(tmp_path: Path) -> None:
    """Kill -9 at random moments, and run again until all is done; two sends are under way at once."""
    counts = [0, 0]
    failures: list[str] = []

    def campaigns(lane: int) -> None:
        chance = random.Random(lane)
        office, driver = PostOffice(slow=0.012), Driver()
        server = opened(office)
        try:
            number = 0
            while sum(counts) < KILLS and not failures:
                folder = tmp_path / f"{lane}-{number}"
                folder.mkdir()
                office.boxes.clear()
                jobs = lane + 1  # in one process, and with workers
                counts[lane] += _campaign(folder, office, driver, chance, lambda: sum(counts), jobs)
                number += 1
        except BaseException as exc:
            failures.append(repr(exc))
        finally:
            server.stop()
            driver.close()

    lanes = [threading.Thread(target=campaigns, args=(n,)) for n in range(2)]
    started = time.monotonic()
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    assert not failures, failures
    assert sum(counts) >= KILLS
    print(f"{sum(counts)} kills in {time.monotonic() - started:.0f} s")


def _campaign(
    folder: Path, office: PostOffice, driver: Driver, chance: random.Random, killed: Callable[[], int], jobs: int
) -> int:
    """Send to forty people, killing again and again; return how many kills fell into the sending."""
    (folder / "report.pdf").write_bytes(made_pdf())
    people = [f"P{n},p{n}@example.org" for n in range(PEOPLE)]
    (folder / "list.csv").write_text("\n".join(["name,email", *people]) + "\n", "utf-8")
    kills = fruitless = 0
    while True:
        pid = _started(folder, office, driver, jobs)
        before = sum(map(len, office.boxes.values()))
        want = min(PEOPLE - 1, before + chance.randint(0, 6))  # a moment in the sending, not before
        while sum(map(len, office.boxes.values())) < want and state(pid) != "Z":
            time.sleep(0.001)
        time.sleep(chance.random() * 0.03)
        if killed() + kills < KILLS and state(pid) != "Z" and fruitless < 20:
            os.kill(pid, signal.SIGKILL)
            assert driver.ended(pid) in {-signal.SIGKILL, 0, 1}
            grown = sum(map(len, office.boxes.values())) > before
            kills += grown
            fruitless += not grown
            continue
        driver.ended(pid)
        output = (folder / "said").read_text()
        break
    with Ledger.read(folder / "list.ledger.db") as ledger:
        entries = queries.entries(ledger)
    assert len(entries) == PEOPLE
    uncertain = {e.number for e in entries if e.state == State.UNCERTAIN}
    assert {e.state for e in entries} <= {State.SENT, State.UNCERTAIN}, output
    assert {int(n) for n in re.findall(r"copy (\d+) may have arrived", output)} == uncertain, output
    time.sleep(0.1)
    for entry in entries:
        got = office.boxes.get(entry.email, [])
        assert len(got) <= 1, f"{entry.email} got {len(got)}"
        assert got or entry.number in uncertain, f"{entry.email} got nothing"
    assert len(uncertain) <= kills + fruitless
    return kills


def _started(folder: Path, office: PostOffice, driver: Driver, jobs: int) -> int:
    settings = {"HOST": "127.0.0.1", "PORT": str(office.port), "SECURITY": "none", "SENDER": "t@example.org"}
    env = {**{f"GUIDE_SMTP_{k}": v for k, v in settings.items()}, "GUIDE_CONFIG_DIR": str(folder)}
    words = ["distribute", folder / "report.pdf", "--to", folder / "list.csv", "--channel", "smtp", "--send",
             "-o", folder / "out", "--jobs", jobs]  # fmt: skip
    return driver.start(words, env, folder / "said")
