"""How fast this machine is: the ms of computing that fixed work takes, beside any other numbers.

Machines, and the same one at another hour, differ by a factor of three.
"""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Callable


def scale() -> dict[str, float]:
    """Return the ms of computing of each piece of work: the best of five."""
    fixed = hashlib.shake_128(b"guide").digest(1_000_000)
    text = b" ".join(b"%d 0 R /S /P %d" % (n, n * n) for n in range(60_000))
    work: dict[str, Callable[[], object]] = {
        "SHA-256 of 16 MB": lambda: [hashlib.sha256(fixed).digest() for _ in range(16)],
        "zlib of 1.6 MB, level 6": lambda: zlib.compress(text, 6),
        "500,000 rounds of a Python loop": lambda: sum(n * n for n in range(500_000)),
    }
    return {name: min(_computed(each) for _ in range(5)) * 1000 for name, each in work.items()}


def said(found: dict[str, float]) -> str:
    """Return a line for a list of what numbers hold for."""
    return "- For scale: " + ", ".join(f"{name} {ms:.0f} ms" for name, ms in found.items())


def _computed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    print(said(scale()))
