"""The command as a process: speed, colours, signals."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Process = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).parents[2]


def test_exit_codes_reach_the_shell(
    process: Process, small_pack: Path, break_pack: Callable[[], None]
) -> None:
    """0 for good, 1 for a mistake in content, 2 for wrong usage."""
    assert process("--version").returncode == 0
    assert process("build", "--nothing").returncode == 2
    break_pack()
    found = process("check", small_pack, "--jobs", "1")
    assert found.returncode == 1
    assert "Traceback" not in found.stderr


def test_an_unchanged_build_typesets_nothing_and_is_quick(process: Process, small_pack: Path) -> None:
    """A second build imports no heavy library and takes less than a second of computing."""
    first = process("build", small_pack, "-o", "out")
    assert first.returncode == 0, first.stderr
    made = {path: path.stat().st_mtime_ns for path in (small_pack.parent / "out").rglob("*.pdf")}
    traced = process("build", small_pack, "-o", "out", options=("-X", "importtime"))
    assert traced.returncode == 0
    imported = {line.split("|")[-1].strip() for line in traced.stderr.splitlines() if "|" in line}
    assert imported & {"guide.pipeline"}
    heavy = {"weasyprint", "pydantic", "jinja2", "pikepdf", "vl_convert", "ziamath", "yaml"}
    assert not imported & heavy
    times = []
    for _ in range(2):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        again = process("build", small_pack, "-o", "out")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert "cached" in again.stderr
    assert min(times) < 1  # not by the clock: other tests may have the cores
    assert {path: path.stat().st_mtime_ns for path in made} == made


def test_an_unchanged_build_restores_what_was_deleted_or_changed(
    process: Process, small_pack: Path
) -> None:
    """Files that were lost or overwritten come back from the cache, byte for byte."""
    assert process("build", small_pack, "-o", "out", "--jobs", "1").returncode == 0
    folder = small_pack.parent / "out" / small_pack.name
    before = {path.name: path.read_bytes() for path in folder.glob("*.pdf")}
    (folder / "briefing.pdf").unlink()
    (folder / "flashcards.pdf").write_bytes(b"%PDF-oops")
    assert process("build", small_pack, "-o", "out").returncode == 0
    assert {path.name: path.read_bytes() for path in folder.glob("*.pdf")} == before


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}, {"TERM": "xterm-256color"}])
def test_no_escape_codes_where_there_is_no_terminal(
    variables: dict[str, str], process: Process, small_pack: Path, break_pack: Callable[[], None]
) -> None:
    """Piped output is plain text."""
    break_pack()
    found = process("check", small_pack, "--jobs", "1", **variables)
    assert "error[" in found.stdout
    assert "\x1b" not in found.stdout + found.stderr


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colours_unless_they_are_refused(
    variables: dict[str, str], coloured: bool, small_pack: Path, break_pack: Callable[[], None]
) -> None:
    """On a terminal the severity is coloured; with NO_COLOR no escape code is written at all."""
    break_pack()
    try:
        master, slave = pty.openpty()
    except OSError:
        pytest.skip("this machine has no pseudo-terminals")
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    env |= {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **variables}
    running = subprocess.Popen(
        [sys.executable, "-m", "guide", "check", small_pack, "--jobs", "1"],
        stdin=slave, stdout=slave, stderr=slave, env=env, cwd=small_pack.parent,
    )  # fmt: skip
    os.close(slave)
    said = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        said += piece
    os.close(master)
    assert running.wait(30) == 1
    assert b"error" in said
    assert (b"\x1b[" in said) is coloured


def started(small_pack: Path, cache: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start a build that knows no results, in a group of its own."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "GUIDE_CACHE_DIR": str(cache)}
    command: list[Any] = [sys.executable, "-m", "guide", "build", small_pack, "-o", small_pack.parent / "out", *words]
    return subprocess.Popen(
        command, env=env, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def end_group(running: subprocess.Popen[Any]) -> None:
    """Kill what is left of the group that we started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait(10)


def group_members(group: int) -> list[int]:
    """Return the processes of a group that are alive, zombies aside."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, number = folder.joinpath("stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(number) == group and state != "Z":
            found.append(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("delay", [pytest.param(0.0, id="starting"), pytest.param(1.0, id="warm")])
def test_workers_end_with_a_killed_build(delay: float, small_pack: Path, tmp_path: Path) -> None:
    """After SIGKILL of the command no process of it is left for long, even one that just starts."""
    running = started(small_pack, tmp_path / "cold", "--jobs", "2")
    try:
        until = time.monotonic() + 15
        while len(group_members(running.pid)) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(delay)
        running.kill()
        running.wait(10)
        until = time.monotonic() + 12
        while group_members(running.pid) and time.monotonic() < until:
            time.sleep(0.05)
        assert group_members(running.pid) == []
    finally:
        end_group(running)


def test_an_interrupted_build_says_so_in_one_line(small_pack: Path, tmp_path: Path) -> None:
    """Ctrl-C ends with 130, soon, without a traceback and without a file half-written."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "GUIDE_CACHE_DIR": str(tmp_path / "cold")}
    running = subprocess.Popen(
        [sys.executable, "-m", "guide", "build", small_pack, "-o", tmp_path / "out"],
        env=env, start_new_session=True, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(1.2)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    end_group(running)
    assert running.returncode in {0, 130}
    assert "Traceback" not in said
    assert not re.search(r"^\s+File ", said, re.M)
    assert not list((tmp_path / "out").rglob(".*"))


def test_content_that_is_no_folder_is_no_bug(process: Process, tmp_path: Path) -> None:
    """Where `content` is a file, there is no pack, which is wrong usage and no traceback."""
    (tmp_path / "content").write_text("a file")
    found = process("build", cwd=tmp_path)
    assert found.returncode == 2
    assert "Traceback" not in found.stderr


def test_a_reader_that_goes_and_a_full_disk_are_no_bugs(process: Process, tmp_path: Path) -> None:
    """`guide --help | head` ends well; what could not be printed is said, in one line."""
    shell = f"{sys.executable} -m guide --help"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}

    def said(line: str) -> tuple[int, str]:
        found = subprocess.run(["bash", "-o", "pipefail", "-c", line], env=env, capture_output=True, text=True)
        return found.returncode, found.stderr

    for command in (f"{shell} | head -c 1", f"{shell} | true", f"{shell} >&-", f"{shell} >&- 2>&- <&-"):
        code, text = said(command)
        assert code in {0, 1}
        assert text == "", command
    if Path("/dev/full").exists():
        code, text = said(f"{shell} > /dev/full")
        assert (code, text.count("\n")) == (1, 1)
        assert "could not be written" in text


def test_bars_know_every_state_that_a_build_says() -> None:
    """Decks say how far they are, which a table of states once did not know."""
    from guide.screen.progress import _Bars

    bars = _Bars()
    for state in ("render", "typeset", "typeset 40%", "done", "cached"):
        bars.update("flashcards", state)
    bars.stop()
