"""The hooks, the action and the container: their commands exist, and the action's script is run."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from guide.cli import guide
from guide.content.starter import new_pack

ROOT = Path(__file__).parents[2]


def _load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_each_hook_calls_a_command_that_there_is() -> None:
    """A hook has what pre-commit asks for, and its options are those of the command."""
    for hook in _load(".pre-commit-hooks.yaml"):
        assert {"id", "name", "entry", "language"} <= hook.keys()
        program, command, *options = hook["entry"].split()
        said = CliRunner().invoke(guide, [command, "--help"]).output
        assert program == "guide" and all(re.search(rf"{option}\b", said) for option in options)


def _script() -> str:
    steps = _load("action.yml")["runs"]["steps"]
    text: str = next(step["run"] for step in steps if step.get("id") == "guide")
    return text


@pytest.mark.parametrize(("mistake", "strict", "code"), [("", "false", 0), ("error", "false", 1), ("warning", "false", 0), ("warning", "true", 1)])
def test_the_action_keeps_problems_pdfs_and_the_exit_code(mistake: str, strict: str, code: int, tmp_path: Path) -> None:
    """The script of action.yml, as the runner calls it: SARIF and PDFs first, the code for the last step."""
    for name, data in new_pack(tmp_path / "my-pack", "", "exam").items():
        (tmp_path / "my-pack" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "my-pack" / name).write_bytes(data)
    questions = tmp_path / "my-pack/questions.yaml"
    text = questions.read_text("utf-8")
    text = text.replace("answer: kelvin", "answer: Celsius") if mistake == "error" else text
    text = text.replace("sources: [si]", "", 1) if mistake == "warning" else text
    questions.write_text(text, "utf-8")
    called = tmp_path / "bin/guide"
    called.parent.mkdir()
    called.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m guide "$@"\n')
    called.chmod(called.stat().st_mode | stat.S_IXUSR)
    env = {**os.environ, "PATH": f"{called.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "PACKS": "my-pack",
           "STRICT": strict, "GITHUB_OUTPUT": str(tmp_path / "output"), "GUIDE_CACHE_DIR": str(tmp_path / "cache")}  # fmt: skip
    done = subprocess.run(["bash", "-e", "-c", _script()], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    outputs = dict(line.split("=") for line in (tmp_path / "output").read_text().splitlines())
    assert outputs == {"pdfs": "guide-pdfs", "code": str(code)}, done.stderr
    results = json.loads((tmp_path / "guide.sarif").read_text("utf-8"))["runs"][0]["results"]
    assert bool(results) == bool(mistake)
    made = list((tmp_path / "guide-pdfs/my-pack").glob("*.pdf")) if (tmp_path / "guide-pdfs").exists() else []
    assert bool(made) == (code == 0)


def test_the_container_is_set_up_by_the_script_of_every_other_machine() -> None:
    """The Dockerfile installs nothing that guide.sh installs, and copies what it needs."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    assert "RUN /opt/guide/guide.sh --version" in text
    assert "pango" not in text and "pip install" not in text
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert not {"guide", "templates", "requirements.lock", "pyproject.toml", "guide.sh"} & set(ignored)
