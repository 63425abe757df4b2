"""Tries from inside the fence what a hole in a library would try; prints what came of it as JSON."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from guide.system.sandbox import confined, limits
from guide.system.fence import Fence


def attempt(what: Callable[[], object]) -> str:
    """Return the kind of failure, or `done`."""
    try:
        what()
    except OSError as exc:
        return type(exc).__name__
    return "done"


def tries(own: str, secret: str, port: int, _say: object) -> dict[str, str]:
    """Do everything that is forbidden, without Python's own audit hooks in the way, and then what is not."""
    return {
        "read-pack": attempt(lambda: (Path(own) / "pack.yaml").read_bytes()),
        "read": attempt(lambda: Path(secret).read_bytes()),
        "list": attempt(lambda: os.listdir(Path(secret).parent)),
        "overwrite": attempt(lambda: Path(secret).open("r+b").close()),
        "write": attempt(lambda: (Path(secret).parent / "new").write_text("x")),
        "write-pack": attempt(lambda: (Path(own) / "new").write_text("x")),
        "delete": attempt(lambda: (Path(own) / "pack.yaml").unlink()),
        "tcp": attempt(lambda: socket.socket().connect(("127.0.0.1", port))),
        "udp": attempt(lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port))),
        "program": attempt(lambda: subprocess.run(["/bin/sh", "-c", "exit 0"], check=True)),
        "temporary": attempt(lambda: Path(os.environ["TMPDIR"], "a").write_text("x")),
        "import": attempt(lambda: __import__("weasyprint")),
    }


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")
    from guide.system import sandbox

    sandbox._refuse = lambda event, arguments: None  # the kernel alone is asked
    folder, canary, number = sys.argv[1:]
    found = confined(
        tries, folder, canary, int(number), heard=lambda *_: None, bounds=limits(), seconds=30,
        fence=Fence((folder,)),
    )  # fmt: skip
    print(json.dumps(found))
