"""Imports point one way, and each library has one home."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def linted(root: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of the package in a folder."""
    command = Path(sys.executable).with_name("lint-imports")
    env = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run([command, "--no-cache"], cwd=root, env=env, capture_output=True, text=True)


def test_import_contracts_are_kept() -> None:
    """Every contract of pyproject.toml holds."""
    done = linted(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 broken" in done.stdout


def test_no_new_module_escapes_the_contracts(tmp_path: Path) -> None:
    """A library outside its home is found in a module, a room and a file that no contract names."""
    shutil.copytree(ROOT / "guide", tmp_path / "guide", ignore=shutil.ignore_patterns("__pycache__", "locale"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "guide/content/later.py").write_text("import weasyprint\n")
    (tmp_path / "guide/actions/later.py").write_text("def f():\n    import pikepdf\n")
    done = linted(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "guide.content.later -> weasyprint" in done.stdout
    assert "guide.actions.later -> pikepdf" in done.stdout
    (tmp_path / "guide/content/later.py").unlink()
    (tmp_path / "guide/actions/later.py").unlink()
    (tmp_path / "guide/attic").mkdir()
    (tmp_path / "guide/attic/__init__.py").write_text("")
    done = linted(tmp_path)
    assert done.returncode == 1 and "attic" in done.stdout, done.stdout + done.stderr


def test_each_library_has_a_home() -> None:
    """A library that is imported anywhere stands in a contract that says where it may be."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    homes = {name for contract in contracts for name in contract.get("protected_modules", ())}
    used = set()
    for file in (ROOT / "guide").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                used |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                used.add(node.module.partition(".")[0])
    assert used - homes - sys.stdlib_module_names - {"guide"} == set()
