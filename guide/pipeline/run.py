"""A run on one pack: what an earlier build left is taken, and the rest is made, kept and written."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from guide.diagnostics.diagnostic import Diagnostic, Place, note, warning
from guide.pipeline import inputs
from guide.pipeline.child import make_confined
from guide.pipeline.folder import LostFile, target_of, write
from guide.pipeline.record import Built, Record
from guide.pipeline.settings import Progress, Settings, silent
from guide.system.cache import Store, default_folder


def build(folder: Path, out: Path, settings: Settings, progress: Progress = silent) -> Built:
    """Build the documents of one pack into `out`/<pack>[/<edition>].

    Documents without errors are written, each atomically, and build.json beside them. Raises
    GuideError when a file cannot be written.
    """
    target = target_of(folder, out, settings)
    record, store = _known(folder, settings)
    if record is not None and record.is_whole(store, target):
        for file in record.files:
            progress(file.kind, "cached")
        with contextlib.suppress(LostFile):
            return write(record, store, folder, target, settings)
    record = _made(folder, settings, store, progress)
    return write(record, store, folder, target, settings)


def check(folder: Path, settings: Settings, progress: Progress = silent) -> tuple[Diagnostic, ...]:
    """Return every problem of a pack, in content and layout; nothing is written to build/."""
    return results(folder, settings, progress).shown(folder)


def results(folder: Path, settings: Settings, progress: Progress = silent) -> Record:
    """Return what a build would make; nothing is written but the cache."""
    record, store = _known(folder, settings)
    return _made(folder, settings, store, progress) if record is None else record


def _known(folder: Path, settings: Settings) -> tuple[Record | None, Store]:
    """Return the record of an earlier build that saw what there is now, and the store.

    The store is that of this machine's fonts and libraries if they are known.
    """
    store = Store(default_folder(), settings.cache)
    inputs.code_known(store)
    machine = inputs.machine_known(store)
    if not machine:
        return None, store
    store = store.on(machine)
    seen = inputs.recall(store, folder, settings)
    if seen is None:
        return None, store
    return Record.load(store, inputs.digest_of_inputs(folder, seen, settings)), store


def _made(folder: Path, settings: Settings, store: Store, progress: Progress) -> Record:
    """Build, and keep what came of it if the pack still says what was read of it."""
    inputs.digest_of_code()  # of this program as it is now
    record = make_confined(folder, settings, store, progress)
    store = store.on(record.machine)
    if record.seen:  # else it was ended before it had read the pack
        record.key = inputs.digest_of_inputs(folder, record.seen, settings)
    changed = inputs.differing(folder, record.seen)
    base = store.on("")
    same = not (store.enabled and store.world) or (  # this program and the machine's fonts
        inputs.code_kept(base) and inputs.machine_known(base) in {store.world, ""}
    )
    if changed or not same:
        record.current = False
        record.happened += (_changed(changed),)
    elif record.seen and store.world:
        record.keep(store, folder, settings)
        store.tidy()
    if store.refused:
        message = f"the cache cannot be written: {store.refused}; every build takes its full time"
        hint = "Free some room, or name another folder in GUIDE_CACHE_DIR."
        place = Place(str(store.folder.absolute()))
        record.happened += (note("cache-unusable", message, place, hint),)
    return record


def _changed(paths: Sequence[str]) -> Diagnostic:
    """Report that a pack was changed while it was built, or else the program or a font."""
    message = (
        f"`{paths[0]}` was changed while the pack was being built: the documents may mix old and new"
        if paths
        else "guide or a font was changed while the pack was being built"
    )
    place = Place(paths[0] if paths else "pack.yaml")
    return warning("changed-meanwhile", message, place, "Build again.")
