"""Completion in the shell: the script goes where the shell looks, and bash completes values with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

ROOT = Path(__file__).parents[2]
Run = Callable[..., Result]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a pack of its own kinds, themes, stock and editions, and `guide` on the PATH."""
    files = {
        "my pack/pack.yaml": "format: 1\ntitle: T\neditions: {short: {tags: [a]}, long: {tags: [b]}}\n",
        "my pack/templates/poster/kind.toml": "", "my pack/templates/themes/night.css": "",
        "my pack/stock/odd.yaml": "", "bin/guide": f'#!/bin/sh\nexec "{sys.executable}" -m guide "$@"\n',
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "bin/guide").chmod(0o755)
    for name, value in {"HOME": tmp_path, "PYTHONPATH": ROOT, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}.items():
        monkeypatch.setenv(name, str(value))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("guide", "doc"), {"doctor"}),
        (("guide", "build", r"my\ pack", "--edition", ""), {"short", "long"}),
        (("guide", "build", r"my\ pack", "--theme", "n"), {"night"}),
        (("guide", "check", r"my\ pack", "--only", "p"), {"poster", "planner"}),
        (("guide", "build", r"my\ pack", "--stock", "od"), {"odd"}),
        (("guide", "build", r"no\ pack", "--edition", ""), set()),
    ],
)
def test_bash_completes_commands_and_values_of_the_pack(words: tuple[str, ...], offered: set[str], here: Path, run: Run) -> None:
    """As bash does it: the installed script is sourced, and its function called with the words typed so far."""
    assert run("completion", "install", "--shell", "bash").exit_code == 0
    script = here / ".local/share/bash-completion/completions/guide"
    typed = " ".join(f"'{word}'" for word in words)
    ask = f"source '{script}'; COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _guide_completion guide; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    done = subprocess.run(["bash", "--norc", "-c", ask], capture_output=True, text=True, timeout=60, check=False)
    assert set(done.stdout.split()) == offered, done.stderr


@pytest.mark.parametrize(("shell", "place"), [("zsh", ".local/share/zsh/site-functions/_guide"), ("fish", ".config/fish/completions/guide.fish")])
def test_the_script_goes_where_the_shell_looks(shell: str, place: str, here: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell is that of $SHELL; a shell that is not known is asked for."""
    monkeypatch.setenv("SHELL", f"/bin/{shell}")
    found = run("completion", "install")
    assert found.exit_code == 0 and place in found.stderr
    assert (here / place).read_text().rstrip("\n") == run("completion", "show").stdout.rstrip("\n")
    monkeypatch.setenv("SHELL", "/bin/dash")
    assert run("completion", "install").exit_code == 2
