"""Children: they go with their parent, however it goes, even while a library computes."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guide.diagnostics.diagnostic import GuideError
from guide.system import signals
from guide.system.sandbox import NotStarted, limits

ROOT = Path(__file__).parents[2]
SCRIPT = """
import os, sys, threading, time
from guide.system import sandbox, signals

def stuck(say):
    say(str(os.getpid()), "")
    sum(range(10**13))  # one step in C, in which no signal is looked at and no thread runs

if __name__ == "__main__":
    signals.listen()
    if sys.argv[1] == "spawn":  # of several threads, a fork would have one
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
    try:
        sandbox.confined(stuck, heard=lambda pid, _: print(pid, flush=True),
                         bounds=sandbox.Limits(wall=50), seconds=40, fence=None)
    except signals.Ended as exc:
        print(signals.last_words(exc.number), file=sys.stderr)
        raise
"""


def alive(pid: int) -> bool:
    """Return whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and prctl")
@pytest.mark.parametrize("how", ["fork", "spawn"])
@pytest.mark.parametrize(
    ("signals", "code"),
    [((signal.SIGINT, signal.SIGINT), 130), ((signal.SIGHUP, signal.SIGTERM), 129), ((signal.SIGKILL,), -9)],
    ids=["Ctrl-C twice", "the terminal closes", "killed"],
)
def test_a_child_that_hears_nothing_ends_with_its_parent(
    signals: tuple[int, ...], code: int, how: str, tmp_path: Path
) -> None:
    """A second signal does not wait until the child is ready to end; a kill leaves no orphan."""
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "tmp").mkdir()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path / "tmp")}
    running = subprocess.Popen(
        [sys.executable, tmp_path / "script.py", how], env=env, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    child = int(running.stdout.readline())
    assert alive(child)
    time.sleep(0.1)
    started = time.monotonic()
    for number in signals:
        running.send_signal(number)
        time.sleep(0.15)
    _, said = running.communicate(timeout=20)
    assert running.returncode == code, said
    assert time.monotonic() - started < 1.9  # a child that is told once has two seconds
    until = time.monotonic() + 1
    while alive(child) and time.monotonic() < until:
        time.sleep(0.01)
    assert not alive(child)
    assert "Traceback" not in said
    assert bool(said) is (code != -9)
    if code != -9:
        assert not list((tmp_path / "tmp").iterdir())


def test_the_time_that_a_process_is_stopped_does_not_count() -> None:
    """One second that lasts an hour, because the process was stopped, is one."""
    asked = []
    assert signals.waited(lambda seconds: asked.append(seconds) or len(asked) > 3, 5)
    assert asked == [1.0] * 4
    assert not signals.waited(lambda _seconds: False, 5)


def test_a_child_that_is_killed_in_the_middle_of_a_message_has_died() -> None:
    """Half a message is no bug of the parent."""
    code = """
import os, sys
from guide.system import sandbox
from multiprocessing.connection import Connection
def half(say):
    for n in range(3, 30):
        try: os.write(n, b"\\0\\0\\xff\\xff")
        except OSError: pass
    os.kill(os.getpid(), 9)
try:
    sandbox.confined(half, heard=print, bounds=sandbox.Limits(), seconds=5, fence=None)
except sandbox.Exceeded as exc:
    print(exc.died)
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=30)
    assert found.stdout == "SIGKILL\n", found.stderr


def test_a_child_says_nothing_when_its_parent_is_gone() -> None:
    """A signal to the group ends all at once: what then fails in the child is nobody's news."""
    code = """
import os, signal, time
from guide.system import sandbox
def late(say):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say("", "")
    time.sleep(0.5)
    os.write(1, b"late")
    raise ConnectionRefusedError
def leave(what, how_far):
    raise KeyboardInterrupt
try:
    sandbox.confined(late, heard=leave, bounds=sandbox.Limits(), seconds=5, fence=None)
except KeyboardInterrupt:
    pass
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=30)
    assert (found.stdout, found.stderr) == ("late", "")


def test_wrong_limits_are_a_problem_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for them gets the diagnostic, with what to write instead."""
    monkeypatch.setenv("GUIDE_LIMITS", "seconds=many")
    with pytest.raises(GuideError) as caught:
        limits()
    (problem,) = caught.value.diagnostics
    assert problem.code == "bad-value" and "seconds=many" in problem.message and "seconds=60" in problem.hint


def test_what_cannot_be_started_crosses_to_another_process() -> None:
    """It is about a file where one is worked on, and stays what it is when it is pickled."""
    found = pickle.loads(pickle.dumps(NotStarted.because("no room").on("report.pdf")))
    assert isinstance(found, NotStarted)
    assert [(each.code, each.place.path) for each in found.diagnostics] == [("cannot-start", "report.pdf")]
