"""`guide release`: the state of all items, under the version that pack.yaml has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from guide.actions.apart import apart, loaded
from guide.content.identity import day_of, digest_of_lock, lock_of
from guide.diagnostics.diagnostic import GuideError, error
from guide.model.identity import Lock, differences, released
from guide.model.lockfile import LOCK, written
from guide.system import output


@dataclass(frozen=True)
class Released:
    """What a release came to: the version, what is in it, and the text of guide.lock, '' if nothing is new."""

    version: str
    count: int
    changes: str
    text: str = ""


def release(folder: Path) -> Released:
    """Record all items of a pack under its version, and write guide.lock.

    Raises GuideError when the pack has errors, or the version was released with other content.
    """
    made: Released = apart(_released, folder)
    if made.text:
        output.write(folder / LOCK, made.text.encode())
    return made


def _released(folder: Path, _say: Callable[[str, str], None]) -> Released:
    pack = loaded(folder)
    version, before = pack.manifest.version, pack.locked or Lock()
    lock = lock_of(pack)
    digest = digest_of_lock(lock)
    count = sum(1 for item in lock.items.values() if not item.gone)
    known = before.release(version)
    if known is None:
        text = written(released(lock, version, day_of(pack), digest))
        return Released(version, count, _changes(before, lock), text)
    if known.digest == digest:
        return Released(version, count, "")
    on = f" on {known.date}" if known.date else ""
    message = f"version {version} was released{on} with other content"
    hint = "Write a new `version:` into pack.yaml, and its `date:`; then release it."
    raise GuideError(
        error("version-released", message, pack.at("version"), hint).within(str(folder))
    )


def _changes(before: Lock, now: Lock) -> str:
    """Return in words what is in a release and was not in the last one."""
    if not before.releases:
        return differences(Lock(), now)
    last = before.at(before.releases[-1].version)
    was = {
        key: replace(item, digest=last[key].digest)
        for key, item in now.items.items()
        if key in last
    }
    return differences(Lock({key: replace(item, gone="") for key, item in was.items()}), now)
