"""A run on one pack: what an earlier build left is taken, and the rest is made, kept and written."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from guide.diagnostics.diagnostic import Diagnostic, Place, note, warning
from guide.pipeline import inputs
from guide.pipeline.child import make_confined
from guide.pipeline.folder import LostFile, target_of
from guide.pipeline.folder import write as write_record
from guide.pipeline.record import Built, Output, Record
from guide.pipeline.settings import Progress, Settings, silent
from guide.system.cache import Store, default_store

Run = Callable[[Path, Settings, Store, Progress], Record]
"""Makes what a pack says: in a process for this run, or in one that is kept for the next run."""


@dataclass(frozen=True)
class Made:
    """What a pack gives: the finished files and what is wrong. Nothing is written but the cache.

    A file whose bytes are not in the record is in the store.
    """

    folder: Path
    settings: Settings
    store: Store
    record: Record

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What is wrong, with the pack's folder before the paths."""
        return self.record.shown(self.folder)

    def data(self, file: Output) -> bytes:
        """Return the bytes of a file; raises LostFile when it has left the store since."""
        found = file.data or self.store.get(f"file:{file.sha256}")
        if found is None:
            raise LostFile
        return found


def make(
    folder: Path, settings: Settings, progress: Progress = silent, run: Run | None = None
) -> Made:
    """Return what a build would write, from the cache if it is there; nothing is written elsewhere."""
    known, store = _known(folder, settings)
    return _made(folder, settings, store, progress, run) if known is None else known


def write(made: Made, target: Path) -> Built:
    """Write the files into a folder, each atomically, and build.json beside them.

    Raises GuideError when one cannot be written, and LostFile.
    """
    return write_record(made.record, made.store, made.folder, target, made.settings)


def build(
    folder: Path, out: Path, settings: Settings, progress: Progress = silent,
    run: Run | None = None,
) -> Built:  # fmt: skip
    """Build the documents of one pack into `out`/<pack>[/<edition>]: `make` and `write`.

    Raises GuideError when a file cannot be written.
    """
    target = target_of(folder, out, settings)
    known, store = _known(folder, settings)
    if known is not None and known.record.is_whole(store, target):
        for file in known.record.files:
            progress(file.kind, "cached")
        with contextlib.suppress(LostFile):
            return write(known, target)
    return write(_made(folder, settings, store, progress, run), target)


def check(folder: Path, settings: Settings, progress: Progress = silent) -> tuple[Diagnostic, ...]:
    """Return every problem of a pack, in content and layout; nothing is written to build/."""
    return make(folder, settings, progress).diagnostics


def known(folder: Path, settings: Settings) -> bool:
    """Return whether an earlier build saw what there is now; raises GuideError."""
    return _known(folder, settings)[0] is not None


def _known(folder: Path, settings: Settings) -> tuple[Made | None, Store]:
    """Return what an earlier build gave that saw what there is now, and the store.

    The store is that of this machine's fonts and libraries if they are known.
    """
    store = default_store(settings.cache)
    inputs.code_known(store)
    machine = inputs.machine_known(store)
    store = store.on(machine) if machine else store
    # What is wrong with content alone does not depend on fonts.
    known = bool(machine) or not settings.layout
    seen = inputs.recall(store, folder, settings) if known else None
    if seen is None:
        return None, store
    record = Record.load(store, inputs.digest_of_inputs(folder, seen, settings))
    return Made(folder, settings, store, record) if record else None, store


def _made(
    folder: Path, settings: Settings, store: Store, progress: Progress, run: Run | None
) -> Made:
    """Build, and keep what came of it if the pack still says what was read of it."""
    inputs.digest_of_code()  # of this program as it is now
    record = (run or make_confined)(folder, settings, store, progress)
    store = store.on(record.machine)
    if record.seen:  # else it was ended before it had read the pack
        record.key = inputs.digest_of_inputs(folder, record.seen, settings)
    changed = inputs.differing(folder, record.seen)
    base = store.on("")
    lasting = store.enabled and bool(store.world or not settings.layout)
    same = not lasting or (  # this program and the machine's fonts
        inputs.code_kept(base) and inputs.machine_known(base) in {store.world, ""}
    )
    if changed or not same:
        record.current = False
        record.happened += (_changed(changed),)
    elif record.seen and lasting:
        record.keep(store, folder, settings)
        store.tidy()
    store.flush()
    if store.shared is not None and store.shared.refused:
        message = (
            f"the shared cache cannot be used: {store.shared.refused}; the build took its full time"
        )
        hint = "Look whether the storage can be reached and written, or unset GUIDE_CACHE_URL."
        record.happened += (note("cache-unusable", message, Place(store.shared.url), hint),)
    if store.refused:
        message = f"the cache cannot be written: {store.refused}; every build takes its full time"
        hint = "Free some room, or name another folder in GUIDE_CACHE_DIR."
        place = Place(str(store.folder.absolute()))
        record.happened += (note("cache-unusable", message, place, hint),)
    return Made(folder, settings, store, record)


def _changed(paths: Sequence[str]) -> Diagnostic:
    """Report that a pack was changed while it was built, or else the program or a font."""
    message = (
        f"`{paths[0]}` was changed while the pack was being built: the documents may mix old and new"
        if paths
        else "guide or a font was changed while the pack was being built"
    )
    place = Place(paths[0] if paths else "pack.yaml")
    return warning("changed-meanwhile", message, place, "Build again.")
