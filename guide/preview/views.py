"""What a browser shows of a pack: documents, their pages, what changed in them, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic
from guide.diagnostics.formats import diagnostic_json
from guide.pipeline.settings import Settings
from guide.preview.builder import Facts

Digests = Sequence[tuple[str, str]]
"""For each page, a digest of its looks and one of its words."""


@dataclass(frozen=True)
class Choice:
    """What a reader chose on the page; '' is what the pack says."""

    edition: str = ""
    theme: str = ""
    paper: str = ""
    kind: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Choice:
        """Return the choice in the parameters of an address."""
        names = ("edition", "theme", "paper", "kind")
        return cls(**{name: given.get(name, "")[:200] for name in names})

    def settings(self, base: Settings) -> Settings:
        """Return the settings of a run: those of the command, changed by the choice."""
        return replace(
            base,
            kinds=(self.kind,) if self.kind else base.kinds,
            edition=self.edition or base.edition,
            theme=self.theme or base.theme,
            paper=self.paper or base.paper,
        )


@dataclass(frozen=True)
class Shown:
    """A finished file on the page: its digest and the sizes of its pages in pt.

    `changed` are the pages, from 0, that look otherwise than before, and `jump` the first one whose
    words changed; -1 if there is none. `pairs` are fronts with their backs.
    """

    name: str
    kind: str
    sha: str
    sizes: tuple[tuple[float, float], ...]
    pairs: bool = False
    changed: tuple[int, ...] = ()
    jump: int = -1

    def as_json(self) -> dict[str, Any]:
        """Return plain data; equal sizes that follow one another are counted."""
        runs: list[list[float]] = []
        for wide, high in self.sizes:
            if runs and runs[-1][:2] == [wide, high]:
                runs[-1][2] += 1
            else:
                runs.append([wide, high, 1])
        return {
            "name": self.name, "kind": self.kind, "sha": self.sha, "sizes": runs,
            "pairs": self.pairs, "changed": self.changed, "jump": self.jump,
        }  # fmt: skip


@dataclass
class View:
    """What is shown for one choice. `number` counts its states, `doing` is (document, state)."""

    choice: Choice
    facts: Facts = Facts()
    documents: dict[str, Shown] = field(default_factory=dict)
    problems: tuple[Diagnostic, ...] = ()
    building: bool = True
    doing: tuple[str, str] = ("", "")
    number: int = 0
    seconds: float = 0.0
    readers: int = 0
    wanted: bool = True
    first: str = ""

    def as_json(self, folder: Path) -> dict[str, Any]:
        """Return all of it as plain data."""
        facts = self.facts
        return {
            "number": self.number, "title": facts.title or folder.name, "building": self.building,
            "doing": self.doing, "seconds": round(self.seconds, 2),
            "documents": [each.as_json() for each in self.documents.values()],
            "problems": [diagnostic_json(d) for d in self.problems if not d.accepted],
            "accepted": sum(bool(d.accepted) for d in self.problems),
            "editions": facts.editions, "themes": facts.themes, "papers": facts.papers,
            "kinds": [kind[:2] for kind in facts.kinds],
        }  # fmt: skip


def compared(before: Digests, after: Digests) -> tuple[tuple[int, ...], int]:
    """Return the pages that look otherwise than before, and the first whose words do, else -1.

    A page that was inserted moves those after it, and changes the numbers that are printed on them.
    """
    looks = _differing([b[0] for b in before], [a[0] for a in after])
    words = _differing([b[1] for b in before], [a[1] for a in after])
    if not looks:
        return (), -1
    both = [page for page in looks if page in words]
    return tuple(both or looks), (both or looks)[0]


def _differing(before: Sequence[str], after: Sequence[str]) -> list[int]:
    if before == after:
        return []
    same = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    kept = {n for block in same for n in range(block.b, block.b + block.size)}
    return [n for n in range(len(after)) if n not in kept]
