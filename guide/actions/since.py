"""What `--since` names: a release in guide.lock, the build.json of an earlier build, or a revision in git."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from guide.actions.apart import apart
from guide.content.identity import states
from guide.content.load import load_pack
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.model.identity import State

_PATIENCE = 60  # s that git may take


def resolved(folder: Path, since: str) -> tuple[str, tuple[State, ...] | None]:
    """Return the name of an earlier state of a pack, and its items; None for a release, which guide.lock has.

    Raises GuideError when a file is not a build.json that lists its items, or a revision cannot be read.
    """
    path = Path(since)
    if path.is_file():
        return _of_build(path)
    if since and _is_revision(folder, since) and not _is_release(folder, since):
        return since, _of_revision(folder, since)
    return since, None


def _of_build(path: Path) -> tuple[str, tuple[State, ...]]:
    try:
        record = json.loads(path.read_text("utf-8"))
        items = tuple(
            State(str(part), str(name), str(digest), str(words), True, tuple(map(str, blocks)))
            for part, name, digest, words, blocks in record["items"]
        )
        return str(record["pack"]["version"]), items
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as exc:
        message = "this is not a build.json that lists the items of its pack"
        hint = "Give the build.json of a pack that had a guide.lock: build/PACK/build.json."
        raise GuideError(error("bad-build-record", message, Place(str(path)), hint)) from exc


def _is_release(folder: Path, version: str) -> bool:
    from guide.content.load import lock_in

    lock = lock_in(folder)
    return lock is not None and lock.release(version) is not None


def _git(folder: Path, *arguments: str) -> bytes | None:
    """Return what git says, None if it fails or is not there."""
    try:
        command = ["git", "-C", str(folder), *arguments]
        run = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return run.stdout


def _is_revision(folder: Path, since: str) -> bool:
    if since.startswith("-"):
        return False
    return (
        _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{since}^{{commit}}")
        is not None
    )


def _of_revision(folder: Path, since: str) -> tuple[State, ...]:
    """Return the items of a pack as it was in a revision."""
    data = _git(folder, "archive", "--format=tar", since, ".")
    if data is None:
        message = f"git has no such pack in the revision {since}"
        raise GuideError(
            error(
                "unknown-version",
                message,
                Place("--since"),
                "Look with `git log -- .` in the pack.",
            )
        )
    with (
        tempfile.TemporaryDirectory(prefix="guide-") as name,
        tarfile.open(fileobj=io.BytesIO(data)) as archive,
    ):
        old = Path(name) / folder.resolve().name
        archive.extractall(old, filter="data")
        found: tuple[State, ...] = apart(_states, old)
        return found


def _states(folder: Path, _say: Callable[[str, str], None]) -> tuple[State, ...]:
    pack, _ = load_pack(folder)
    if pack is None:
        message = "the pack could not be read in that revision"
        raise GuideError(
            error("unknown-version", message, Place("--since"), "Choose a later revision.")
        )
    return tuple(states(pack))
