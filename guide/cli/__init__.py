"""The `guide` command: each subcommand reads arguments, calls one function and reports."""

from __future__ import annotations

import gc
import os
import signal
import sys

from guide.cli.group import guide


def main() -> None:
    """Run the command; a bug is one line unless GUIDE_DEBUG is set, a user's mistake never one."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        guide(prog_name="guide")
    except KeyboardInterrupt:
        print("interrupted; nothing half-written was left behind", file=sys.stderr)
        sys.exit(130)
    except Exception as exc:
        if os.environ.get("GUIDE_DEBUG"):
            raise
        name = type(exc).__name__
        what = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in f"{name}: {exc}")
        print(f"guide: internal error ({what}). This is a bug, please report it;", file=sys.stderr)
        print("run again with GUIDE_DEBUG=1 for the traceback.", file=sys.stderr)
        sys.exit(1)
    finally:
        gc.freeze()  # all goes with the process; to look for garbage first takes 0.2 s of a deck


def _terminated(_signal: int, _frame: object) -> None:
    """Leave in good order: workers are killed and temporary files removed on the way out."""
    sys.exit(143)


__all__ = ["guide", "main"]
