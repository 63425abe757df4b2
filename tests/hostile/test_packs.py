"""Hostile packs: none reads, writes, connects, runs code, or outlives its limits."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest

from hostile.cases import CASES, SECRET, Case
from hostile.world import World

COMPUTING = 20  # s for one pack; its limits are 2 s for each step
WALL = 60  # s; as GUIDE_LIMITS says in conftest.py


def streams(path: Path) -> bytes:
    """Return a PDF's bytes and all that its streams hold."""
    found = path.read_bytes()
    if path.suffix == ".pdf":
        with pikepdf.open(path) as pdf:
            for thing in pdf.objects:
                if isinstance(thing, pikepdf.Stream):
                    try:
                        found += thing.read_bytes()
                    except pikepdf.PdfError:
                        found += thing.read_raw_bytes()
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_pack(case: Case, world: World) -> None:
    """It ends in time, in an orderly way, with the diagnostic that is due, and shows no secret."""
    assert case.name in world.told, world.stderr[-2000:]
    said = world.told[case.name]
    assert "bug" not in said, said["bug"]
    assert said["computing"] < COMPUTING
    assert said["seconds"] < WALL + 10
    codes = {found["code"] for found in said["diagnostics"] if found["severity"] == "error"}
    assert "render-failed" not in codes, said["diagnostics"]
    if case.codes:
        everything = {found["code"] for found in said["diagnostics"]}
        assert everything & set(case.codes), (case.tries, said)
    else:
        assert said["outputs"] or codes, said
    for path in said.get("outputs", ()):
        assert Path(path).resolve().is_relative_to(world.out(case).resolve())
        assert SECRET.encode() not in streams(Path(path))
    assert SECRET not in str(said)


def test_no_pack_reads_writes_or_connects(world: World) -> None:
    """No pack opens the secret file, visits the server, or leaves a file anywhere else."""
    if len(world.told) < 2:
        pytest.skip("no packs were built")
    assert not world.read
    assert world.server.visits == 0
    assert world.written == set()
    assert "Traceback" not in world.stderr


def test_all_packs_together_are_bounded(world: World) -> None:
    """There are 80 and more; they take a minute or two of two cores, and no process over 1.6 GB."""
    if len(world.told) < len(CASES):
        pytest.skip("not all packs were built")
    assert len(CASES) >= 80
    assert max(said["memory"] for said in world.told.values()) < 1600
    assert sum(said["computing"] for said in world.told.values()) < 300  # s; a busy machine counts more
