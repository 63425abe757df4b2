"""A pack read, with what is wrong with its content: no document is made of it, and no stage but content imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from guide.content.editions import leaks
from guide.content.files import Seen
from guide.content.load import load_pack
from guide.content.validate import did_you_mean
from guide.diagnostics.diagnostic import GuideError, Place, Severity, error
from guide.model.pack import Pack
from guide.pipeline.problems import Problems
from guide.pipeline.record import Record
from guide.pipeline.remembered import Remembered
from guide.pipeline.settings import Settings
from guide.system.cache import Store


@dataclass(frozen=True)
class Reading:
    """What was read of a pack: the pack if there is one, and what is wrong with it.

    `wrong` are the codes of the errors, `seen` what the reader saw, and `source` the bytes of the
    pack's files by path if an archive asks for them.
    """

    pack: Pack | None
    problems: Problems
    wrong: frozenset[str]
    seen: Seen
    source: dict[str, bytes] = field(default_factory=dict)


def content_only(reading: Reading, store: Store) -> Record:
    """Return what is wrong with a pack as it was read, before any document is made of it."""
    problems = reading.problems.in_order(reading.wrong if reading.pack else frozenset())
    return Record("", "", [], problems, seen=reading.seen, machine=store.world)


def read(folder: Path, settings: Settings, store: Store | None = None) -> Reading:
    """Read a pack, or its edition that is asked for; raises GuideError when it has none such.

    Files that say what they said before are not parsed again: this process remembers what it read,
    and so does the store, if one is given.
    """
    source: dict[str, bytes] = {}
    seen: Seen = {}
    wanted_source = source if settings.archive else None
    pack, found = load_pack(
        folder, dict(settings.overrides), wanted_source, seen=seen, shelf=Remembered(folder, store)
    )
    wrong = frozenset(d.code for d in found if d.severity == Severity.ERROR)
    name = settings.edition
    if pack is not None and name:
        if name not in pack.manifest.editions:
            hint = did_you_mean(name, pack.manifest.editions) or "Define it under `editions:`."
            place = Place(f"{folder}/pack.yaml")
            raise GuideError(error("unknown-edition", f"there is no edition `{name}`", place, hint))
        pack = pack.edition(name)
        found = (*found, *leaks(pack, name))
    return Reading(pack, Problems(settings, pack, [*found]), wrong, seen, source)
