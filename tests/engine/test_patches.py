"""The patches fit, are described, and say which of them does not fit another version."""

from __future__ import annotations

import ast
import ctypes.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
import weasyprint
from patch_table import table

from guide import engine
from guide.engine import libraries, patches
from guide.resources import ROOT

NAMES = [name for patch in patches.PATCHES for name in (*(name for name, _ in patch.places), *patch.uses)]

REMOVED = """
import pkgutil, sys
from guide import engine
from guide.engine import patches
engine.install("ctypes")
patches.check()
for patch in patches.PATCHES:
    for name in (*(name for name, _ in patch.places), *patch.uses):
        owner, _, attribute = name.replace(":", ".").rpartition(".")
        owner = pkgutil.resolve_name(owner)
        before = getattr(owner, attribute)
        for gone in (True, False):
            delattr(owner, attribute) if gone else setattr(owner, attribute, lambda *_: None)
            patches.misfits.cache_clear(), patches.check.cache_clear()
            try:
                patches.check()
            except RuntimeError as error:
                print(name, gone, patch.what in str(error) and f"`{name}`" in str(error), error, sep="|")
            setattr(owner, attribute, before)
patches.misfits.cache_clear()
del sys.modules["weasyprint.draw"].draw_table
import guide.pdf.typeset
"""


def test_a_name_that_is_gone_or_changed_is_told_with_its_patch() -> None:
    """Each name of each patch, taken away and replaced in turn; last in a process that typesets."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", REMOVED], capture_output=True, text=True)
    told = [line.split("|") for line in done.stdout.splitlines()]
    gone = {name for name, missing, named, text in told if missing == "True" and named == "True" and "is missing" in text}
    changed = {name for name, missing, named, text in told if missing == "False" and named == "True" and "is changed" in text}
    assert gone == set(NAMES)
    assert changed == set(patches.SOURCES)
    assert "RuntimeError: The head or foot of a table" in done.stderr
    assert "`weasyprint.draw:draw_table` is missing" in done.stderr


def test_all_that_is_replaced_is_guarded() -> None:
    """Whatever has a source has its digest in the table; nothing else has."""
    assert set(patches.SOURCES) == {*NAMES} - {
        "ctypes.util:find_library", "pydyf:zlib", "tinyhtml5.inputstream:characters_until_regex",
        "weasyprint.layout.page:PageType",
    }


def test_another_weasyprint_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every module that replaces a part of WeasyPrint asks before anything else."""
    monkeypatch.setattr(weasyprint, "__version__", "71.0")
    patches.check.cache_clear()
    with pytest.raises(RuntimeError, match=r"70\.0.*71\.0"):
        patches.check()
    folder = Path(patches.__file__).parent
    ours = {ours.partition(".")[0] for patch in patches.PATCHES for _, ours in patch.places} - {"libraries", "pieces"}
    assert all("patches.check()" in (folder / f"{name}.py").read_text("utf-8") for name in ours)


def test_nothing_else_is_put_in_place_of_a_library() -> None:
    """No module of guide sets an attribute of what it imports from WeasyPrint or pydyf."""
    found = []
    for path in (ROOT / "guide").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        imported = {alias.asname or alias.name.partition(".")[0] for node in nodes
                    if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names
                    if getattr(node, "module", alias.name).partition(".")[0] in {"weasyprint", "pydyf", "tinyhtml5"}}
        shadowed = {arg.arg for node in nodes if isinstance(node, ast.arguments) for arg in [*node.args, *node.kwonlyargs]}
        found += [f"{path.name}:{node.lineno}" for node in nodes if isinstance(node, ast.Assign) for target in node.targets
                  if isinstance(target, ast.Attribute) and getattr(target.value, "id", "") in imported - shadowed]
    assert found == []


def test_the_page_has_the_table() -> None:
    """ARCHITECTURE.md describes the patches as they are; `python tests/patch_table.py` writes it."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert text.split("<!-- patches:begin -->\n")[1].split("<!-- patches:end -->")[0] == table()


def test_every_patch_has_its_tests() -> None:
    """Those that the table names are there."""
    text = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"^def (test_\w+)", text, re.M))
    assert all(patch.tests and known.issuperset(patch.tests) for patch in patches.PATCHES)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the list")
def test_libraries_are_found_in_one_list() -> None:
    """Names that the system lists, found without asking for each; others as Python says."""
    engine.install("ctypes")
    libraries._listed.cache_clear()
    for name in ("c", "pango-1.0", "there-is-no-such-library", "pango-1.0-0"):
        assert libraries._find(name) == (libraries._find_library(name) if name != "pango-1.0-0" else None)
    assert libraries._listed.cache_info().misses == 1
    assert ctypes.util.find_library is libraries._find
