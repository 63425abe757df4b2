"""Case files: small packs with everything that is wrong with them, by place, severity and code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from guide.content.load import load_pack
from guide.diagnostics.diagnostic import Diagnostic

CASES = sorted(Path(__file__).with_name("cases").glob("*.txt"))
BUGS: dict[str, str] = {}
MANIFEST = "format: 1\ntitle: T\n"


def read_case(text: str) -> dict[str, str]:
    """Return the parts of a case file by name; what stands before the first one says its point."""
    pieces = re.split(r"^=== (.*)\n", text, flags=re.M)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def write_pack(folder: Path, parts: dict[str, str]) -> None:
    """Write the parts into `folder`; `name [encoding]` is written in that encoding."""
    for name, text in {"pack.yaml": MANIFEST, **parts}.items():
        path, _, encoding = name.partition(" [")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode(encoding.rstrip("]") or "utf-8"))


def line(diagnostic: Diagnostic) -> str:
    """Return a diagnostic as case files write it."""
    place = diagnostic.place
    return f"{place.path}:{place.line}:{place.column} {diagnostic.severity} {diagnostic.code}"


def marked(path: Path) -> ParameterSet:
    """Return a case as a parameter, expected to fail when it shows a known bug."""
    reason = BUGS.get(path.stem)
    marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
    return pytest.param(path, id=path.stem, marks=marks)


@pytest.mark.parametrize("path", [marked(path) for path in CASES])
def test_a_case_has_exactly_the_expected_diagnostics(path: Path, tmp_path: Path) -> None:
    """Each case gives the listed diagnostics, no more and no fewer, with the hints after `->`."""
    parts = read_case(path.read_bytes().decode())
    wanted = [entry.partition(" -> ") for entry in parts.pop("expect").splitlines()]
    overrides = dict(entry.split("=", 1) for entry in parts.pop("-D", "").splitlines())
    write_pack(tmp_path / "pack", parts)
    _, found = load_pack(tmp_path / "pack", overrides)
    assert sorted(map(line, found)) == sorted(entry for entry, _, _ in wanted), found
    for entry, _, hint in wanted:
        said = [f"{d.message} {d.hint}" for d in found if line(d) == entry]
        assert any(hint in words for words in said), (hint, said)


def test_case_files_are_read_into_their_parts() -> None:
    """A case is split at its `===` lines, and its first words are no part."""
    found = read_case("Why.\n=== a/b.yaml\nx: 1\n\n=== expect\na:1:1 error b\n")
    assert found == {"a/b.yaml": "x: 1\n\n", "expect": "a:1:1 error b\n"}


def test_no_folder_and_no_manifest(tmp_path: Path) -> None:
    """A folder that is absent, and one without pack.yaml, give one diagnostic and no pack."""
    for folder, code in ((tmp_path / "none", "pack-not-found"), (tmp_path, "no-pack")):
        pack, found = load_pack(folder)
        assert pack is None
        assert [d.code for d in found] == [code]
        assert found[0].hint
