"""What the shell allows is checked before a command begins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from guide.system.folders import DEEPEST, too_deep, walk

pytest.importorskip("resource")


@pytest.mark.parametrize(
    ("limit", "words", "expected"),
    [("RLIMIT_NOFILE, (16, 16)", "stock", "16 files"), ("RLIMIT_CPU, (1, 1)", "build", "for 1 s"),
     ("RLIMIT_NOFILE, (16, resource.getrlimit(resource.RLIMIT_NOFILE)[1])", "stock", "")],
)  # fmt: skip
def test_too_few_files_and_too_little_time_are_said(tmp_path: Path, limit: str, words: str, expected: str) -> None:
    """As one diagnostic with the command that allows more; a soft limit is raised."""
    (tmp_path / "pack.yaml").write_text("format: 1\ntitle: T\n", "utf-8")
    (tmp_path / "cards.yaml").write_text("- {front: F, back: B}\n", "utf-8")
    code = f"import resource, sys; resource.setrlimit(resource.{limit}); sys.argv[1:] = ['{words}']; from guide.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    if expected:
        assert done.returncode == 1 and done.stderr.startswith("error[cannot-start]: ") and expected in done.stderr, done.stderr
        assert "ulimit" in done.stderr
    else:
        assert done.returncode == 0, done.stderr


def test_folders_are_walked_to_a_depth(tmp_path: Path) -> None:
    """From the top down, without links, and no deeper than is bounded."""
    here = tmp_path
    for number in range(DEEPEST + 3):
        here /= "a"
        here.mkdir()
        (here / f"{number}.txt").touch()
    (tmp_path / "b").symlink_to(tmp_path / "a")
    seen = [name for _, _, names in walk(tmp_path) for name in names]
    assert seen == [f"{number}.txt" for number in range(DEEPEST)]
    assert too_deep(tmp_path) == str(tmp_path / "/".join("a" * (DEEPEST + 1)))
    assert not too_deep(tmp_path, DEEPEST + 3)
