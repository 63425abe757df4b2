"""Whole packs made by a cluster: each is one job, read, made and proven on a worker."""

from __future__ import annotations

import os
import pickle
import stat
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guide.diagnostics.diagnostic import Diagnostic, GuideError
from guide.pipeline.child import render_limit
from guide.pipeline.inputs import machine_met
from guide.pipeline.jobs import SHARED_MODULES
from guide.pipeline.record import Built, Record
from guide.pipeline.run import Run, build, known
from guide.pipeline.settings import Settings, silent
from guide.system import plain
from guide.system.cache import Store
from guide.system.folders import walk

if TYPE_CHECKING:  # what only a cluster needs costs every build its import
    from guide.cluster.address import Cluster
    from guide.cluster.remote import Elsewhere
    from guide.system.pool import Job, Workers

_IGNORED = {".git", ".hg", ".svn", ".venv", "build", "__pycache__", "node_modules"}
_MOST = 200_000_000  # bytes of a pack that is sent whole
_LONG = 10**9  # bytes of content, as far as the limit of computing time goes


@dataclass(frozen=True)
class Tree:
    """The files of a pack by their paths, and its folders."""

    files: dict[str, bytes]
    folders: tuple[str, ...]


@contextmanager
def workers_of(
    cluster: Cluster, modules: Sequence[str] = (), read: Callable[[bytes], Any] = pickle.loads
) -> Iterator[Elsewhere]:
    """Yield the workers of a cluster, for a process that has a network; raises GuideError.

    `read` unpickles results.
    """
    from guide.cluster.address import check

    check(cluster)
    from guide.cluster.dispatch import Dispatcher
    from guide.cluster.remote import Elsewhere
    from guide.pipeline.outfit import KIT, outfit
    from guide.system.sandbox import Limits

    with Dispatcher(cluster, (*SHARED_MODULES, *modules)) as port:
        yield Elsewhere(port, KIT, outfit, Limits(seconds=300), read=read)


def build_all(folders: Sequence[Path], out: Path, settings: Settings) -> Iterator[Built]:
    """Build packs on a cluster, many at a time; yield each when it is written, in their order.

    Raises GuideError when one cannot be written, or the cluster is gone: those before it are done.
    """
    assert settings.cluster is not None
    if all(known(folder, settings) for folder in folders):  # a cluster takes a second to connect to
        yield from (build(folder, out, settings, silent) for folder in folders)
        return
    # What a stranger's pack was made to is read without running code.
    with workers_of(settings.cluster, read=plain.loads) as pool:
        ahead = 2 * pool.workers
        begun: deque[tuple[Path, Run | None]] = deque()
        for number, folder in enumerate(folders):
            pool.session = str(number)
            begun.append((folder, _begun(folder, settings, pool)))
            if len(begun) > ahead:
                yield _finished(*begun.popleft(), out, settings)
        while begun:
            yield _finished(*begun.popleft(), out, settings)


def _finished(folder: Path, run: Run | None, out: Path, settings: Settings) -> Built:
    return build(folder, out, settings, silent, run)


def _begun(folder: Path, settings: Settings, pool: Workers) -> Run | None:
    """Begin to make a pack on a worker; None if it is made already, or has what cannot be sent."""
    if known(folder, settings):
        return None
    tree = tree_of(folder)
    if tree is None:
        return None
    there = replace(settings, cluster=None, jobs=1)
    job = pool.submit(pack_job, folder.resolve().name, tree, there, size=_LONG)
    return lambda _folder, _settings, store, _progress: _record(folder, job, store)


def _record(folder: Path, job: Job, store: Store) -> Record:
    """Wait for a pack; what its worker said of fonts is true of this machine, too."""
    from guide.engine.machine import machine
    from guide.system.pool import JobTimeout, WorkerDied

    try:
        made: Record | tuple[Diagnostic, ...] = job.result()
    except (JobTimeout, WorkerDied, MemoryError) as exc:
        how = (
            "takes too much computing time"
            if isinstance(exc, JobTimeout)
            else "needs too much memory"
        )
        return Record("", "", [], (render_limit(f"the pack `{folder.name}` {how}"),))
    if not isinstance(made, Record):
        raise GuideError(*made)
    if store.enabled:
        made.machine = store.world or machine_met(store.on(""), machine())
    return made


def tree_of(folder: Path) -> Tree | None:
    """Return all of a pack; None if it has links, other special files, or too much."""
    files: dict[str, bytes] = {}
    found: list[str] = []
    total = 0
    try:
        for base, folders, names in walk(folder):
            within = os.path.relpath(base, folder)
            found.append(within)
            for name in folders:
                if os.path.islink(os.path.join(base, name)):
                    return None
                found += [os.path.join(within, name)] * (name in _IGNORED)
            folders[:] = [name for name in folders if name not in _IGNORED]
            for name in names:
                path = os.path.join(base, name)
                facts = os.lstat(path)
                total += facts.st_size
                if not stat.S_ISREG(facts.st_mode) or total > _MOST:
                    return None
                with open(path, "rb") as stream:
                    files[os.path.normpath(os.path.join(within, name))] = stream.read()
    except OSError:  # reported where it is read with its line
        return None
    return Tree(files, tuple(found))


def pack_job(name: str, tree: Tree, settings: Settings) -> Record | tuple[Diagnostic, ...]:
    """Make a pack in a confined process of another machine."""
    from guide.pipeline.reading import content_only, read
    from guide.pipeline.stages import make
    from guide.system.pool import Pool
    from guide.system.sandbox import limits

    bounds = limits(1)
    store = Store(Path(tempfile.gettempdir()), enabled=False)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, name)
        folder.mkdir()
        for each in tree.folders:
            (folder / each).mkdir(parents=True, exist_ok=True)
        for path, data in tree.files.items():
            (folder / path).write_bytes(data)
        try:
            if not settings.layout:
                return content_only(read(folder, settings), store)
            with Pool(1, bounds=bounds) as pool:
                return make(folder, settings, store, pool, silent, bounds.output)
        except GuideError as exc:
            return exc.diagnostics
