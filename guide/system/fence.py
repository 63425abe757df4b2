"""What a process may touch, enforced by the kernel: Landlock and seccomp, where Linux has them.

A second line behind the checks of each stage: should a library that reads a stranger's picture or
chart have a hole, then the process that it runs in can still read nothing but the pack and what
guide itself needs, write nothing but temporary files and the cache, and open no connection.
Sources: linux/landlock.h and linux/seccomp.h, kernel.org/doc/html/latest/userspace-api/.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import stat
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass

VARIABLE = "GUIDE_FENCE"  # "off" turns it off, for systems on which it is in the way

# linux/landlock.h; the numbers of the system calls are the same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF, _PATH_BENEATH = 444, 445, 446, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_REFER, _TRUNCATE, _IOCTL = 1 << 13, 1 << 14, 1 << 15
_CHANGE = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_BIND_TCP, _CONNECT_TCP = 1, 2
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2  # prctl(2)

# What Python, the C library and Pango read, besides what is installed for them.
_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store", "/opt", "/proc",
           "/sys/devices/system/cpu", "/sys/fs/cgroup", "/dev", "/etc/fonts", "/etc/ld.so.cache",
           "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/nsswitch.conf",
           "/etc/passwd", "/etc/alternatives", "/var/cache/fontconfig")  # fmt: skip
_FONTS = ("~/.fonts", "~/.fonts.conf", "~/.fonts.conf.d", "~/.config/fontconfig",
          "~/.cache/fontconfig", "~/.local/share/fonts")  # fmt: skip
_LIBRARIES = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/libexec",
    "/nix/store",
    "/gnu/store",
)
_WRITABLE = ("/dev/null", "/dev/shm")  # noqa: S108  semaphores of multiprocessing


@dataclass(frozen=True)
class Fence:
    """Files and folders that may be read, and folders that may be written as well."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


def enclose(fence: Fence) -> bool:
    """Let this thread, and what it starts, touch nothing else from now on; return whether that held.

    False where the kernel offers no Landlock (before 5.13, other systems) or GUIDE_FENCE is "off".
    """
    if not sys.platform.startswith("linux") or os.environ.get(VARIABLE, "") == "off":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    _refuse_connections(library)
    version = library.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return False
    handled = _rights(version)
    attributes = struct.pack("QQ", handled, _BIND_TCP | _CONNECT_TCP if version >= 4 else 0)
    size = ctypes.c_size_t(16 if version >= 4 else 8)
    ruleset = library.syscall(_CREATE_RULESET, attributes, size, ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    try:
        for path, rights in _rules(fence):
            _allow(library, ruleset, path, rights & handled)
        return bool(library.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0)) == 0)
    finally:
        os.close(ruleset)


def _rights(version: int) -> int:
    """Return the rights over files that this version of Landlock decides on."""
    rights = _EXECUTE | _READ_FILE | _READ_DIR | _CHANGE
    rights |= _REFER if version >= 2 else 0
    rights |= _TRUNCATE if version >= 3 else 0
    return rights | (_IOCTL if version >= 5 else 0)


def _rules(fence: Fence) -> Iterable[tuple[str, int]]:
    """Yield paths with the rights over everything below them."""
    reading = _READ_FILE | _READ_DIR
    writing = reading | _CHANGE | _REFER | _TRUNCATE | _IOCTL
    for path in (*_SYSTEM, *map(os.path.expanduser, _FONTS), *_prefixes(), *fence.read):
        yield path, reading
    for path in sys.path:
        # A checkout has more below it than the package: its names are needed, not its files.
        installed = os.path.basename(path) in {"site-packages", "dist-packages"}
        if not installed and os.path.isfile(os.path.join(path, "guide", "__init__.py")):
            yield path, _READ_DIR
            yield os.path.join(path, "guide"), reading
        elif path and path != os.getcwd():
            yield path, reading
    for path in (sys.executable, os.path.realpath(sys.executable), *_LIBRARIES):
        yield path, _EXECUTE | reading
    for path in (*_WRITABLE, *fence.write):
        yield path, writing


def _prefixes() -> Iterable[str]:
    found = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    found |= set(filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":")))
    return sorted(found)


def _allow(library: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    """Add a rule; a path that is not there needs none."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= _OF_A_FILE
        rule = struct.pack("=Qi", rights, handle)
        library.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, ctypes.c_uint32(0))
    finally:
        os.close(handle)


# Per machine: its number in linux/audit.h, and that of socket(2).
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
_IO_URING_SETUP = 425
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # linux/bpf_common.h
_ALLOWED, _REFUSED = 0x7FFF0000, 0x00050000 | errno.EACCES
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16  # in struct seccomp_data
_AF_INET, _AF_INET6, _X32 = 2, 10, 0x40000000


def _refuse_connections(library: ctypes.CDLL) -> None:
    """Refuse sockets of the internet, which covers what Landlock does not: UDP, and so DNS."""
    if platform.machine() not in _MACHINES or sys.maxsize < 2**32:
        return
    machine, socket = _MACHINES[platform.machine()]
    program = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 0, 8, machine),  # another machine's calls have other numbers
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 6, 0, _X32),
        (_EQUAL, 5, 0, _IO_URING_SETUP),  # it opens sockets without socket(2)
        (_EQUAL, 0, 3, socket),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 2, 0, _AF_INET),
        (_EQUAL, 1, 0, _AF_INET6),
        (_RETURN, 0, 0, _ALLOWED),
        (_RETURN, 0, 0, _REFUSED),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in program))
    head = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    )
    with contextlib.suppress(OSError):
        library.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(head), 0, 0)
