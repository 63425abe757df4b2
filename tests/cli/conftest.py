"""The command, in this process and in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from guide.cli import guide

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import weasyprint  # noqa: F401  imports that warn, which the settings take for errors
    import ziamath  # noqa: F401

Run = Callable[..., Result]
Process = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def run() -> Run:
    """Return a function that runs `guide` in this process."""
    return lambda *words: CliRunner().invoke(guide, [str(word) for word in words], prog_name="guide")


@pytest.fixture
def make(run: Run, small_pack: Path, tmp_path: Path) -> Run:
    """Return a function that runs `guide build` on the small pack into tmp_path/out."""
    return lambda *words: run("build", small_pack, "-o", tmp_path / "out", "--jobs", "1", *words)


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """Return a function that runs `python -m guide` in a folder, with these variables."""

    def started(
        *words: Any, cwd: Path = tmp_path, options: tuple[str, ...] = (), **variables: str
    ) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
        command = [sys.executable, *options, "-m", "guide", *map(str, words)]
        return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60)

    return started


@pytest.fixture
def break_pack(small_pack: Path) -> Callable[[], None]:
    """Return a function that puts an error and a warning into the small pack."""

    def spoil() -> None:
        (small_pack / "cards.yaml").write_text("- {front: A, back: B}\n- {front: C, bakc: D}\n", "utf-8")

    return spoil
