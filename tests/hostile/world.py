"""Builds all hostile packs at once, and watches what they do."""

from __future__ import annotations

import ctypes
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hostile.cases import BASE, CASES, SECRET, Case

ROOT = Path(__file__).parents[2]
LIMITS = "seconds=2,memory=1500,output=50,wall=60"
IN_OPEN = 0x20


class Server:
    """A socket on the loopback that counts who comes."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.visits = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            self.visits += 1
            peer.close()


class Watch:
    """Counts how often a file is opened, by inotify(7)."""

    def __init__(self, path: Path) -> None:
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.handle = self.libc.inotify_init1(os.O_NONBLOCK)
        assert self.libc.inotify_add_watch(self.handle, os.fsencode(path), IN_OPEN) >= 0

    def opened(self) -> bool:
        """Return whether it was opened since it was asked last."""
        ready, _, _ = select.select([self.handle], [], [], 0)
        return bool(ready and os.read(self.handle, 4096))


@dataclass
class World:
    """What all packs share, and what came of them."""

    root: Path
    server: Server
    watch: Watch
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    stderr: str = ""
    read: bool = False
    written: set[str] = field(default_factory=set)

    def pack(self, case: Case) -> Path:
        """Return the folder of a case's pack."""
        return self.root / "packs" / case.name

    def out(self, case: Case) -> Path:
        """Return the folder that a case may write into."""
        return self.root / "out" / case.name


def write(world: World, case: Case) -> None:
    """Write a case's pack."""
    words = {
        "{secret}": str(world.root / "secret.txt"),
        "{outside}": str(world.root / "outside"),
        "{port}": str(world.server.port),
    }

    def filled(text: str) -> str:
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    folder = world.pack(case)
    for name, content in {**BASE, **case.files}.items():
        path = folder / name
        if content is None:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if callable(content):
            content(path)
            if path.is_symlink():
                target = filled(os.readlink(path))
                path.unlink()
                path.symlink_to(target)
        elif isinstance(content, str):
            path.write_bytes(filled(content).encode("utf-8", "surrogateescape"))
        else:
            path.write_bytes(content)


def files(root: Path) -> set[str]:
    """Return every file below a folder, but for what a build may write."""
    found = set()
    for base, folders, names in os.walk(root):
        if Path(base) == root:
            folders[:] = [name for name in folders if name not in {"out", "cache"}]
        found |= {os.path.join(base, name) for name in (*names, *folders)}
    return found


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[World]:
    """Build the packs of all tests that will run, by two processes, and tell what happened."""
    root = tmp_path_factory.mktemp("hostile")
    for name in ("outside", "home", "tmp", "cwd", "out"):
        (root / name).mkdir()
    (root / "secret.txt").write_text(SECRET)
    (root / "secret.png").write_text(SECRET)
    (root / "outside" / "a.md").write_text(f"---\ntitle: {SECRET}\n---\n{SECRET}\n")
    given = [getattr(getattr(item, "callspec", None), "params", {}).get("case") for item in request.session.items]
    wanted = {case.name for case in given if isinstance(case, Case)}
    made = World(root, Server(), Watch(root / "secret.txt"))
    chosen = [case for case in CASES if case.name in wanted]
    for case in chosen:
        write(made, case)
    before = files(root)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "GUIDE_LIMITS": LIMITS, "HOME": str(root / "home"),
           "TMPDIR": str(root / "tmp"), "GUIDE_CACHE_DIR": str(root / "cache")}  # fmt: skip
    workers = [
        subprocess.Popen([sys.executable, Path(__file__).with_name("drive.py")], cwd=root / "cwd", env=env,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]  # fmt: skip
    queue = iter(chosen)
    lock = threading.Lock()
    errors = []

    def feed(worker: subprocess.Popen[str]) -> None:
        reader = threading.Thread(target=lambda: errors.append(worker.stderr.read()))
        reader.start()
        while True:
            with lock:
                case = next(queue, None)
            if case is None:
                break
            worker.stdin.write(json.dumps([case.name, str(made.pack(case)), str(made.out(case)), case.edition]) + "\n")
            worker.stdin.flush()
            line = worker.stdout.readline()
            if not line:
                break
            name, said = json.loads(line)
            made.told[name] = said
        worker.stdin.close()
        reader.join()

    threads = [threading.Thread(target=feed, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for worker in workers:
        worker.wait(10)
        worker.stdout.close()
    made.stderr = "".join(errors)
    made.read = made.watch.opened()
    made.written = files(root) - before
    yield made
    made.server.socket.close()
