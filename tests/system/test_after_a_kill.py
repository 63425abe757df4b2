"""A process that is killed leaves folders for temporary files; the next run removes them all."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from guide.system import tempfiles

PROGRAM = """
import os, signal, time
from guide.system import pool, tempfiles
{before}
with pool.Pool(2) as workers:
    job = workers.submit(abs, -7)
    assert job.result() == 7
    with tempfiles.folder() as folder:
        open(os.path.join(folder, "half"), "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
"""
# A system without /proc, where the sockets of workers are reached by their paths.
NO_PROC = "real = os.path.isdir\nos.path.isdir = lambda path: path != '/proc/self/fd' and real(path)"


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked from a server on Linux alone")
@pytest.mark.parametrize(("folder", "before"), [("t" * 120, ""), ("tmp", NO_PROC)])
def test_the_next_run_removes_everything(folder: str, before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the path of the temporary folder, and no `pymp-` of multiprocessing is among it."""
    base = tmp_path / folder
    base.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before)], env={**os.environ, "TMPDIR": str(base)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    left = os.listdir(base)
    assert left and all(name.startswith(tempfiles.PREFIX) for name in left), left
    monkeypatch.setattr(tempfile, "tempdir", str(base))
    until = time.monotonic() + 10
    while os.listdir(base) and time.monotonic() < until:  # workers see that their parent is gone
        with tempfiles.folder():
            pass
        time.sleep(0.1)
    assert os.listdir(base) == []
