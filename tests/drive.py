"""Starts the command again and again from a process that has all libraries at hand: each is a fork."""

from __future__ import annotations

import json
import os
import signal
import sys
import warnings

warnings.simplefilter("ignore")

import citeproc  # noqa: E402, F401
import weasyprint  # noqa: E402, F401
import ziamath  # noqa: E402, F401

import guide.cli.build  # noqa: E402, F401
import guide.cli.distribute  # noqa: E402, F401
import guide.content.load  # noqa: E402, F401
import guide.delivery.channels.remote  # noqa: E402, F401
import guide.delivery.channels.smtp  # noqa: E402, F401
import guide.copies.stamp  # noqa: E402, F401
import guide.pipeline.stages  # noqa: E402, F401
import guide.actions.distribute  # noqa: E402, F401
import guide.html.faces  # noqa: E402, F401
import guide.html.render  # noqa: E402, F401
import guide.pdf.typeset  # noqa: E402, F401
import guide.screen.copies  # noqa: E402, F401
import guide.screen.builds  # noqa: E402, F401
import guide.screen.progress  # noqa: E402, F401
import guide.sheets.impose_cards  # noqa: E402, F401
from guide.cli import main  # noqa: E402
from guide.system import signals  # noqa: E402


def begun(words: list[str], variables: dict[str, str], said: str) -> None:
    """Be the command, in a session of its own."""
    code = 1
    try:
        os.setsid()
        signals.listen()
        os.environ.update(variables)
        handle = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, 2)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(handle, 1)
        sys.stdout.write(" ")  # nothing of this is the driver's
        sys.argv = ["guide", *words]
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals.SIGNALS)
        main()
    except SystemExit as exc:
        if isinstance(exc, signals.Ended):  # before `main` was there
            os.write(2, signals.last_words(exc.number).encode())
        code = exc.code if isinstance(exc.code, int) else 0
    finally:
        os._exit(code)


from warm import warm  # noqa: E402

if __name__ == "__main__":
    warm()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["do"] == "start":
            signal.pthread_sigmask(signal.SIG_BLOCK, signals.SIGNALS)
            pid = os.fork()
            if not pid:
                begun(asked["words"], asked["variables"], asked["said"])
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signals.SIGNALS)
            print(json.dumps(pid), flush=True)
        else:
            _, status = os.waitpid(asked["pid"], 0)
            print(json.dumps(os.waitstatus_to_exitcode(status)), flush=True)
