"""What a build gave: its files and what was wrong, as the cache keeps them and build.json tells."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guide import __version__
from guide.diagnostics.diagnostic import Diagnostic, Severity, in_order
from guide.diagnostics.formats import diagnostic_json, from_json
from guide.pipeline.inputs import remember
from guide.pipeline.settings import Settings
from guide.system import output
from guide.system.cache import Store

if TYPE_CHECKING:
    from guide.content.files import Seen

PDF, JSON = "application/pdf", "application/json"
Items = tuple[tuple[str, str, str, str, tuple[str, ...]], ...]
"""The items of a pack with guide.lock: part, id, digest, wording, and digests of paragraphs."""


@dataclass(frozen=True)
class Output:
    """A file that was made: `path` as the user sees it, `size` in bytes, `seconds` it took.

    Until it is written, `path` is its name, and its bytes are `data` or lie in the store under
    their digest. `items` texts of the content were looked for in it, and `missing` of them are not
    there: see `guide.proof.prove`. Both are 0 for a file that is made of another one.
    """

    kind: str
    path: str
    pages: int
    size: int
    sha256: str
    seconds: float
    cached: bool
    warnings: int = 0
    items: int = 0
    missing: int = 0
    media: str = PDF
    data: bytes = field(default=b"", compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return what build.json says of it."""
        complete = {"complete": {"items": self.items, "missing": self.missing}}
        return {
            "kind": self.kind, "path": self.path, "pages": self.pages, "bytes": self.size,
            "sha256": self.sha256, **(complete if self.items else {}),
            "seconds": round(self.seconds, 3), "cached": self.cached,
        }  # fmt: skip


@dataclass(frozen=True)
class Built:
    """What a build of one pack came to.

    `decks` has the fingerprint of each card of a deck by its id: what `--only-changed-since` reads.
    `leftover` says which files in the folder are of an earlier build: no part of this one's record.
    `unmade` and `items` are as in `Record`; `earlier` are the files in `target` that an earlier build made of them.
    """

    folder: str
    title: str
    version: str
    digest: str
    outputs: tuple[Output, ...]
    diagnostics: tuple[Diagnostic, ...]
    decks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    leftover: tuple[Diagnostic, ...] = ()
    archive: str = ""
    unmade: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    target: str = ""
    earlier: tuple[str, ...] = ()
    items: Items = ()

    @property
    def failed(self) -> bool:
        """Return whether anything was wrong enough to stop an output."""
        return any(d.severity == Severity.ERROR for d in self.diagnostics)

    def as_json(self) -> dict[str, Any]:
        """Return the content of build.json."""
        return {
            "guide": __version__,
            "pack": {"title": self.title, "version": self.version, "digest": self.digest},
            **({"archive": self.archive} if self.archive else {}),
            "outputs": [made.as_json() for made in self.outputs],
            "decks": {kind: dict(cards) for kind, cards in self.decks.items()},
            **({"items": [list(item) for item in self.items]} if self.items else {}),
            "diagnostics": [diagnostic_json(d) for d in self.diagnostics],
        }


@dataclass
class Record:
    """All that a build of one state of a pack gave.

    `happened` is what befell this one run: no later one is told of it. `current` turns false when
    the pack was changed meanwhile. `stems` maps the beginnings of the names of files to kinds.
    `unmade` are the kinds that errors stopped, each with its missing documents, or with none if
    nothing of it was made. `seen` is what was read of the pack, `machine` the digest of the fonts and libraries that were
    there, `key` that of what the build depends on. `items` is for `--since`.
    """

    title: str
    version: str
    files: list[Output]
    diagnostics: tuple[Diagnostic, ...]
    decks: dict[str, dict[str, str]] = field(default_factory=dict)
    happened: tuple[Diagnostic, ...] = ()
    current: bool = True
    stems: dict[str, str] = field(default_factory=dict)
    unmade: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seen: Seen = field(default_factory=dict)
    machine: str = ""
    key: str = ""
    items: Items = ()

    @classmethod
    def load(cls, store: Store, key: str) -> Record | None:
        """Return the record that the store has under a key."""
        entry = store.get(f"record:{key}")
        if entry is None:
            return None
        try:
            data = json.loads(entry)
            files = [Output(**{**item, "cached": True, "seconds": 0.0}) for item in data["files"]]
            found = tuple(from_json(item) for item in data["diagnostics"])
            names = data["title"], data["version"]
            items = tuple((*item[:4], tuple(item[4])) for item in data["items"])
            return cls(
                *names, files, found, data["decks"], stems=data["stems"], key=key, items=items
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            store.drop(f"record:{key}")
            return None

    @property
    def wrong(self) -> bool:
        """Return whether there are errors."""
        return any(d.severity == Severity.ERROR for d in self.diagnostics)

    def keep(self, store: Store, folder: Path, settings: Settings) -> None:
        """Remember a build without errors; one with errors is made again."""
        if self.wrong:
            return
        for made in self.files:
            store.put(f"file:{made.sha256}", made.data)
        plain = [
            {f.name: getattr(made, f.name) for f in dataclasses.fields(made) if f.name != "data"}
            for made in self.files
        ]
        data: dict[str, Any] = {"title": self.title, "version": self.version, "files": plain}
        data["decks"], data["stems"], data["items"] = self.decks, self.stems, self.items
        data["diagnostics"] = [diagnostic_json(d) for d in self.diagnostics]
        store.put(f"record:{self.key}", json.dumps(data).encode())
        remember(store, folder, settings, self.seen)

    def is_whole(self, store: Store, target: Path) -> bool:
        """Return whether every file is still to be had, where it belongs or in the store."""
        return all(
            output.sha256_of(target / made.path) == made.sha256
            or store.get(f"file:{made.sha256}") is not None
            for made in self.files
        )

    def shown(self, folder: Path) -> tuple[Diagnostic, ...]:
        """Return the diagnostics with the pack's folder before their paths."""
        found = (*self.diagnostics, *self.happened)
        return in_order(d.within(str(folder)) for d in found)
