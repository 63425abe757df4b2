"""The shortcuts of guide.engine.patches change no byte."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PACK = """
import sys
from pathlib import Path
from guide import pipeline
if sys.argv[3] == "plain":
    from guide.engine import patches
    patches.PATCHES = [patch for patch in patches.PATCHES if not patch.shortcut]
built = pipeline.build(Path(sys.argv[1]), Path(sys.argv[2]), pipeline.Settings(jobs=1, cache=False))
assert built.outputs
"""


def test_shortcuts_change_no_byte(small_pack: Path, tmp_path: Path) -> None:
    """Boxes, tables, lists, flex, formulas and charts come out the same without them."""
    (small_pack / "sections" / "20-more.md").write_text(
        "---\ntitle: More\n---\n## Lists\n\n1. one\n   - two\n2. three\n\n| a | b |\n|---|---|\n| *c* | `d` |\n\n"
        "> quote\n\nTerm\n: what it means\n",
        "utf-8",
    )
    (small_pack / "cards.yaml").write_text(
        "- {front: A table?, back: \"| a | b |\\n|---|---|\\n| 1 | $x^2$ |\"}\n"
        f"- {{front: Long, back: \"{'a word and another ' * 40}\"}}\n",
        "utf-8",
    )
    made = []
    for how in ("quick", "plain"):
        command = [sys.executable, "-c", PACK, str(small_pack), str(tmp_path / how), how]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ})
        made.append({p.name: p.read_bytes() for p in (tmp_path / how / small_pack.name).glob("*.pdf")})
    assert len(made[0]) == 3
    assert made[0] == made[1]


def test_shortcuts_change_no_face() -> None:
    """Whatever CSS a template uses, in whatever order and company: each face comes out the same."""
    script = str(Path(__file__).with_name("rare_faces.py"))
    made = []
    for how in ("quick", "plain"):
        done = subprocess.run(
            [sys.executable, script, how], check=True, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        made.append(done.stdout.splitlines())
    assert made[0] == made[1]
    alone: dict[str, set[str]] = {}
    for face, _, *rest in (line.split("\t") for line in made[0] if "\t" in line):
        alone.setdefault(face, set()).add(" ".join(rest))
    assert len(alone) == 30
    assert all(len(digests) == 1 for digests in alone.values())
