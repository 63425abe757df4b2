"""Work on what strangers wrote: in a separate process, within limits that the system enforces.

`confined` runs a function in a child and ends it when it takes too much; `guide.system.computing`
bounds one job in the process at hand. Where there is no `resource` (Windows), only the wall time is bounded.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from multiprocessing.connection import Connection, wait
from typing import Any

from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.system import allowance, computing, signals, tempfiles
from guide.system.fence import Fence, enclose

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MB = 1_000_000
VARIABLE = "GUIDE_LIMITS"
here = False  # debuggers and tests of stages set it: `confined` then calls in this process


@dataclass(frozen=True)
class Limits:
    """What one process may take.

    `seconds` of computing for one step on little content (see `allowed`), `wall` seconds between two
    signs of life, `memory` in MB that a process may write to, `output` in MB of one document.
    """

    seconds: int = 30
    wall: int = 900
    memory: int = 3000
    output: int = 300

    def allowed(self, size: int) -> int:
        """Return the seconds for a step on `size` bytes: a second more for every 25 kB, to tenfold.

        The shipped briefing has 0.4 MB of markup and takes 8 s.
        """
        return self.seconds + min(9 * self.seconds, size // 25_000)


class Exceeded(Exception):
    """The child was ended. `limit` is the reason in words, `doing` what it last said it did.

    `died` is the signal that ended it, or another way to end without a word, where no limit of ours
    was the reason: it may go well the next time.
    """

    def __init__(self, limit: str, doing: tuple[str, str], died: str = "") -> None:
        self.limit, self.doing, self.died = limit, doing, died
        super().__init__(limit)


class Refused(PermissionError):
    """A confined process has tried to start a program or to connect to another machine."""


class NotStarted(GuideError):
    """No child can be started: the system refuses a folder for temporary files, or a process."""

    @classmethod
    def because(cls, message: str) -> NotStarted:
        """Return the error for what the system refused."""
        hint = "Free some room and end other programs; TMPDIR names another folder."
        return cls(error("cannot-start", message, Place(""), hint))

    def on(self, name: str) -> NotStarted:
        """Return the same of work on a file."""
        return NotStarted(*(replace(each, place=Place(name)) for each in self.diagnostics))


def limits(processes: int = 2, base: Limits | None = None) -> Limits:
    """Return the limits of this run, from GUIDE_LIMITS ("seconds=60,memory=4000") where it is set.

    `base` holds what is not set there. Where the machine has less memory, `processes` share four fifths of it. Raises GuideError.
    """
    base = base or Limits()
    found = replace(base, memory=min(base.memory, _share(processes)))
    known = {field.name for field in fields(Limits)}
    for part in filter(None, os.environ.get(VARIABLE, "").split(",")):
        name, _, value = part.partition("=")
        if name.strip() not in known or not value.strip().isdecimal() or not int(value):
            message = f"{VARIABLE}={part}: write NAME=NUMBER with {', '.join(sorted(known))}"
            hint = (
                f"{VARIABLE}=seconds=60,memory=4000,output=500; omitted limits keep their values."
            )
            raise GuideError(error("bad-value", message, Place(""), hint))
        found = replace(found, **{name.strip(): int(value)})
    return found


def _share(processes: int) -> int:
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return Limits.memory
    return max(1000, int(0.8 * physical / processes / MB))


def bound(limits: Limits, addresses: bool = False) -> None:
    """Bound this process and those that it starts: memory, files, no connections, no programs.

    `addresses` bounds the address space as well. The process that draws charts cannot bear that: V8
    reserves 64 GB of addresses and uses hardly any; what it may write to (RLIMIT_DATA) is bounded.
    """
    if resource is not None:
        _lower(resource.RLIMIT_DATA, limits.memory * MB)
        _lower(resource.RLIMIT_FSIZE, 2 * limits.output * MB)
        _lower(resource.RLIMIT_CORE, 0)
        if addresses:
            _lower(resource.RLIMIT_AS, (limits.memory + 1000) * MB)
    sys.addaudithook(_refuse)


def _lower(kind: int, value: int) -> None:
    """Set a soft limit, unless it is lower already."""
    soft, hard = resource.getrlimit(kind)
    known = [n for n in (soft, hard) if n != resource.RLIM_INFINITY]
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (min([value, *known]), hard))


_REFUSED = {
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn",
    "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr",
}  # fmt: skip
_CALLS = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"}


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse connections and programs: nothing in a pack needs one, so a call of one is an attack.

    Workers are spoken to through sockets of the file system, whose addresses are no tuples.
    """
    if event in _REFUSED or (event in _CALLS and isinstance(arguments[-1], tuple)):
        raise Refused(f"{event} is refused while a pack is built")


def confined(
    function: Callable[..., Any],
    *arguments: Any,
    heard: Callable[[str, str], None],
    bounds: Limits,
    seconds: int,
    fence: Fence | None,
    begun: Callable[[], object] = lambda: None,
) -> Any:
    """Return what `function(*arguments, say)` gives, called in a child within `bounds` and `fence`.

    What the function says, (what, how far), reaches `heard`; between two sayings it may compute for
    `seconds`. `begun` is called here once there is a child, and may start threads.
    Raises Exceeded, NotStarted, or what the function raised.
    """
    if here:
        begun()
        return function(*arguments, heard)
    # A fork has all that is imported; of several threads, it would have one and the others' locks.
    forks = hasattr(os, "fork") and sys.platform != "darwin" and threading.active_count() == 1
    context: Any = multiprocessing.get_context("fork" if forks and _alone() else "spawn")
    with contextlib.ExitStack() as stack:
        try:  # a library's temporary files go with the process, however that ends
            folder = stack.enter_context(tempfiles.folder())
        except OSError as exc:
            raise NotStarted.because(
                f"no temporary folder can be made: {exc.strerror or exc}"
            ) from exc
        own, patience = _Own(), 0.0
        try:
            _start(own, context, function, arguments, bounds, seconds, fence, folder)
            begun()
            value = _listen(own.receiver, own.child, heard, bounds)
            patience = 0.5
            return value
        finally:
            if own.receiver is not None:
                own.receiver.close()
            if own.child is not None and own.child.pid is not None:
                _end(own.child, patience)


@dataclass
class _Own:
    """A child, and the end of the pipe where it is heard; None while they are not there."""

    child: Any = None
    receiver: Any = None


def _start(own: _Own, context: Any, *work: Any) -> None:
    """Start a child; raises NotStarted. What is there by then is noted, whatever happens."""
    with signals.held():  # a child that nobody knows of would never be ended
        try:
            own.receiver, sender = context.Pipe(duplex=False)
            work = (own.receiver, sender, *work)
            own.child = context.Process(target=_child, args=work, name="guide-build")
            with signals.calm():
                own.child.start()
        except OSError as exc:
            raise NotStarted.because(f"no process can be started: {exc.strerror or exc}") from exc
        sender.close()


def _alone() -> bool:
    """Return whether this process has one thread, those of libraries counted."""
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return True


def _listen(
    receiver: Connection, child: Any, heard: Callable[[str, str], None], bounds: Limits
) -> Any:
    doing = ("", "read")
    try:
        while signals.waited(receiver.poll, bounds.wall):
            try:
                kind, value = pickle.loads(receiver.recv_bytes())  # noqa: S301  our own child's
            except OSError as exc:  # it was ended in the middle of a message
                raise EOFError from exc
            if kind == "said":
                doing = value
                heard(*doing)
            elif kind == "done":
                return value
            elif kind == "limit":
                raise Exceeded(value, doing)
            else:
                raise value
        raise Exceeded(f"took longer than {bounds.wall} s", doing)
    except EOFError:
        before = computing.used(children=True)
        child.join(5)
        computed = computing.used(children=True) - before
        raise Exceeded(*_cause(child.exitcode, bounds, doing, computed)) from None


def _cause(
    code: int | None, bounds: Limits, doing: tuple[str, str], computed: float
) -> tuple[str, tuple[str, str], str]:
    if code is None or code >= 0:
        return "ended without a result", doing, "an error"
    if resource is not None and code == -signal.SIGXCPU:
        return "took too much computing time", doing, ""
    allowed = allowance.seconds()
    if allowed and computed > allowed - 1:
        reason = f"took the {allowed} s of computing that the shell allows (ulimit -t)"
        return reason, doing, ""
    name = signals.name_of(-code)
    most = f"it needs more than {bounds.memory} MB of memory, most likely"
    return f"was ended by {name}: {most}", doing, name


def _end(child: Any, patience: float) -> None:
    """See the child dead: in good order if it can, so that it ends its own workers.

    One that is done has `patience` seconds to go by itself; a second signal to this process kills it.
    """
    signals.hasty.add(child.kill)
    try:
        child.join(patience)
        if child.is_alive():
            child.terminate()
            child.join(2)
    finally:
        signals.hasty.discard(child.kill)
        with signals.held():
            if child.is_alive():
                child.kill()
            child.join()


def _child(
    receiver: Connection,
    sender: Connection,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    bounds: Limits,
    seconds: int,
    fence: Fence | None,
    folder: str,
) -> None:
    """Call the function, and send what it says, gives or raises."""

    def send(kind: str, value: Any) -> None:
        sender.send_bytes(pickle.dumps((kind, value), pickle.HIGHEST_PROTOCOL))

    def last(kind: str, value: Any) -> None:
        """Send the last words, unless nobody listens any more: an end by a signal reaches all at once."""
        with contextlib.suppress(BrokenPipeError):
            send(kind, value)

    def say(what: str, how_far: str) -> None:
        send("said", (what, how_far))
        if resource is not None:
            computing.arm(seconds)

    try:
        signals.tie(getattr(multiprocessing.parent_process(), "pid", None) or 0)
        receiver.close()  # the parent's end: held here as well, nobody would notice that it is gone
        _shut_in(bounds, fence, folder)
        if resource is not None:
            computing.arm(seconds)
        send("done", function(*arguments, say))
    except (KeyboardInterrupt, SystemExit, BrokenPipeError):
        return  # the parent knows
    except MemoryError:
        _lift()
        last("limit", f"needs more than {bounds.memory} MB of memory")
    except computing.TimeExceeded:
        last("limit", "took too much computing time")
    except BaseException as exc:  # noqa: BLE001  raised again where it is reported
        if os.environ.get("GUIDE_DEBUG"):
            traceback.print_exc()
        last("raised", sendable(exc))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nothing is left that needs good order


def _shut_in(bounds: Limits, fence: Fence | None, folder: str) -> None:
    """Confine this process; what it starts inherits that."""
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    if fence is not None:  # before there is another thread, which would stay outside
        enclose(Fence(fence.read, (*fence.write, os.path.realpath(folder))))
    threading.Thread(target=_die_with_parent, daemon=True).start()
    signals.obey(_abandon)
    bound(bounds)


def sendable(exc: BaseException) -> BaseException:
    """Return an exception that can be pickled: the same, or its text."""
    try:
        pickle.loads(pickle.dumps(exc))  # noqa: S301  our own
    except Exception:  # noqa: BLE001
        return RuntimeError(f"{type(exc).__name__}: {exc}")
    return exc


def _abandon() -> None:
    """Leave nothing behind: no half-written file, and no worker."""
    tempfiles.abandon()
    for worker in multiprocessing.active_children():
        worker.kill()


def _lift() -> None:
    """Make room for the last words."""
    if resource is not None:
        with contextlib.suppress(OSError, ValueError):
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
    time.sleep(0.2)  # a parent in good order says so first
    os._exit(1)
