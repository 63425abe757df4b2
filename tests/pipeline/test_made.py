"""A pack's files made in memory, and written afterwards."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from guide.pipeline import Settings, build, make, write

PACK = "format: 1\ntitle: Small\nlang: en\ndate: 2026-11-01\ndocuments: {handout: {}}\n"
SECTION = "---\ntitle: One\nid: one\nsummary: A summary.\nkey_points: [A point.]\n---\nText of the section.\n"


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_what_is_made_is_in_memory_and_is_written_as_often_as_one_likes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but the cache is written before `write`, and a build writes the same."""
    monkeypatch.setenv("GUIDE_CACHE_DIR", str(tmp_path / "cache"))
    work = tmp_path / "work"
    pack = work / "small"
    (pack / "sections").mkdir(parents=True)
    (pack / "pack.yaml").write_text(PACK)
    (pack / "sections" / "10-one.md").write_text(SECTION)
    before = bytes_below(work)
    monkeypatch.chdir(work)
    for folder in (pack, work):
        folder.chmod(0o555)
    made = make(pack, Settings(jobs=1))
    again = make(pack, Settings(jobs=1))  # from the cache
    for folder in (work, pack):
        folder.chmod(0o755)
    assert bytes_below(work) == before and not made.record.wrong
    assert [file.path for file in made.record.files] == ["handout.pdf"]
    for each in (made, again):
        (file,) = each.record.files
        data = each.data(file)
        assert data.startswith(b"%PDF") and hashlib.sha256(data).hexdigest() == file.sha256
        assert file.size == len(data) and each.diagnostics == made.diagnostics
    target = work / "out" / "small"
    first, files = write(made, target), bytes_below(target)
    assert set(files) == {"handout.pdf", "build.json"} and not first.failed
    assert write(made, target) == first and bytes_below(target) == files
    built = build(pack, work / "out", Settings(jobs=1))
    assert bytes_below(target)["handout.pdf"] == files["handout.pdf"] and os.listdir(target)
    assert [file.sha256 for file in built.outputs] == [file.sha256 for file in first.outputs]
