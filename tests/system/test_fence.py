"""The kernel keeps a build away from everything but its pack, even when no check of ours does."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CREATE_RULESET = 444


def landlock() -> int:
    """Return the version of Landlock that the kernel offers, 0 or less for none."""
    if not sys.platform.startswith("linux"):
        return 0
    return ctypes.CDLL(None).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))


@pytest.mark.skipif(landlock() < 1, reason="the kernel has no Landlock")
@pytest.mark.parametrize("fence", ["", "off"])
def test_the_fence_holds(tmp_path: Path, fence: str) -> None:
    """Files, sockets and programs are out of reach inside; without it, all of them are at hand."""
    pack, outside = tmp_path / "pack", tmp_path / "outside"
    pack.mkdir()
    outside.mkdir()
    (pack / "pack.yaml").write_text("format: 1\n")
    (outside / "secret").write_text("CANARY")
    env = {**os.environ, "GUIDE_FENCE": fence}
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        script = Path(__file__).with_name("fenced.py")
        command: list[Any] = [sys.executable, script, pack, outside / "secret", port]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    found = json.loads(done.stdout)
    allowed = {"read-pack", "temporary", "import"}
    assert {name for name, said in found.items() if said == "done"} == (allowed if not fence else set(found))
    refused = {said for name, said in found.items() if name not in allowed}
    assert refused == ({"PermissionError"} if not fence else {"done"})
    assert (outside / "new").exists() == (not (pack / "pack.yaml").exists()) == bool(fence)
