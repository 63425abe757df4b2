"""A CUPS of one's own with virtual IPP Everywhere printers: no root, no system service, no paper.

`python3 tests/printing/virtual.py` runs one until Ctrl-C, to try `guide print` on.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TOOLS = ("cupsd", "lp", "lpstat", "lpadmin", "lpoptions", "ippeveprinter", "ipptool", "dbus-daemon")

_SERVER = """LogLevel debug
Listen localhost:{port}
Listen {root}/sock
Browsing Off
WebInterface No
DefaultAuthType None
ErrorPolicy stop-printer
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  JobPrivateAccess all
  JobPrivateValues none
  SubscriptionPrivateAccess all
  SubscriptionPrivateValues none
  <Limit All>
    Order deny,allow
    Allow all
  </Limit>
</Policy>
"""
_FILES = """ServerRoot {root}/etc
ServerBin {bin}
RequestRoot {root}/spool
TempDir {root}/spool/tmp
StateDir {root}/state
CacheDir {root}/cache
AccessLog {root}/access.log
ErrorLog {root}/error.log
PageLog {root}/page.log
User {user}
Group {group}
SystemGroup {system}
"""
# What ippeveprinter reads with -a: a printer that feeds index cards and any small size.
CARDS = """
ATTR mimeMediaType document-format-default application/pdf
ATTR mimeMediaType document-format-supported application/pdf,image/urf,image/pwg-raster
ATTR integer copies-default 1
ATTR rangeOfInteger copies-supported 1-999
ATTR keyword media-default na_index-3x5_3x5in
ATTR keyword media-supported na_index-3x5_3x5in,iso_a6_105x148mm,custom_min_50x80mm,custom_max_120x200mm
ATTR keyword media-ready na_index-3x5_3x5in
ATTR collection media-col-default {
  MEMBER collection media-size { MEMBER integer x-dimension 7620 MEMBER integer y-dimension 12700 }
  MEMBER integer media-bottom-margin 0 MEMBER integer media-left-margin 0
  MEMBER integer media-right-margin 0 MEMBER integer media-top-margin 0 }
ATTR collection media-col-ready {
  MEMBER collection media-size { MEMBER integer x-dimension 7620 MEMBER integer y-dimension 12700 }
  MEMBER integer media-bottom-margin 0 MEMBER integer media-left-margin 0
  MEMBER integer media-right-margin 0 MEMBER integer media-top-margin 0 }
ATTR collection media-col-database {
  MEMBER collection media-size { MEMBER integer x-dimension 7620 MEMBER integer y-dimension 12700 }
  MEMBER integer media-bottom-margin 0 MEMBER integer media-left-margin 0
  MEMBER integer media-right-margin 0 MEMBER integer media-top-margin 0 },{
  MEMBER collection media-size { MEMBER integer x-dimension 10500 MEMBER integer y-dimension 14800 }
  MEMBER integer media-bottom-margin 0 MEMBER integer media-left-margin 0
  MEMBER integer media-right-margin 0 MEMBER integer media-top-margin 0 },{
  MEMBER collection media-size {
    MEMBER rangeOfInteger x-dimension 5000-12000 MEMBER rangeOfInteger y-dimension 8000-20000 }
  MEMBER integer media-bottom-margin 0 MEMBER integer media-left-margin 0
  MEMBER integer media-right-margin 0 MEMBER integer media-top-margin 0 }
ATTR collection media-size-supported {
  MEMBER integer x-dimension 7620 MEMBER integer y-dimension 12700 },{
  MEMBER integer x-dimension 10500 MEMBER integer y-dimension 14800 },{
  MEMBER rangeOfInteger x-dimension 5000-12000 MEMBER rangeOfInteger y-dimension 8000-20000 }
ATTR integer media-bottom-margin-supported 0
ATTR integer media-left-margin-supported 0
ATTR integer media-right-margin-supported 0
ATTR integer media-top-margin-supported 0
ATTR keyword media-source-supported auto,main,photo
ATTR keyword media-type-supported stationery,cardstock
ATTR keyword sides-default one-sided
ATTR keyword sides-supported one-sided,two-sided-long-edge,two-sided-short-edge
ATTR keyword print-color-mode-default monochrome
ATTR keyword print-color-mode-supported monochrome
ATTR enum print-quality-default 4
ATTR enum print-quality-supported 3,4,5
ATTR resolution printer-resolution-default 600dpi
ATTR resolution printer-resolution-supported 600dpi
ATTR text printer-make-and-model "Card Printer"
ATTR keyword output-bin-default face-down
ATTR keyword output-bin-supported face-down
ATTR enum orientation-requested-supported 3,4,5,6
ATTR keyword pwg-raster-document-type-supported sgray_8
ATTR resolution pwg-raster-document-resolution-supported 600dpi
ATTR keyword pwg-raster-document-sheet-back normal
ATTR keyword urf-supported CP1,IS1,MT1-2,RS600,SRGB24,V1.4,W8,DM1
"""


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"])


def missing() -> list[str]:
    """Return the programs that are not installed."""
    return [tool for tool in TOOLS if shutil.which(tool, path=_path()) is None]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return int(found.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("localhost", port)) == 0


class Virtual:
    """A scheduler, and printers whose paper is files; `stop` ends and removes all of it."""

    def __init__(self) -> None:
        # Not below pytest's folder, which other users may not enter: cupsd's filters run as `lp`.
        self.root = Path(tempfile.mkdtemp(prefix="guide-cups-"))
        self.root.chmod(0o755)
        self.port = _free_port()
        self.env = {
            **os.environ, "PATH": _path(), "LC_ALL": "C", "CUPS_SERVER": f"localhost:{self.port}",
            "CUPS_SERVERROOT": str(self.root / "etc"), "HOME": str(self.root / "home"),
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.root}/bus",
        }  # fmt: skip
        for name in ("PRINTER", "LPDEST", "CUPS_USER"):
            self.env.pop(name, None)
        self.logs: dict[str, Path] = {}
        self.uris: dict[str, str] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start bus and scheduler; raises RuntimeError with what they said when they do not come up."""
        for name in ("etc", "spool/tmp", "state", "cache", "home"):
            (self.root / name).mkdir(parents=True)
        user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
        system = group
        if os.geteuid() == 0:  # cupsd refuses to run filters as root
            user, group, system = "lp", "lp", "lpadmin"
        where = {"root": self.root, "port": self.port, "user": user, "group": group, "system": system}
        where["bin"] = next((p for p in ("/usr/lib/cups", "/usr/libexec/cups") if Path(p).is_dir()), "")
        (self.root / "etc/cupsd.conf").write_text(_SERVER.format(**where))
        (self.root / "etc/cups-files.conf").write_text(_FILES.format(**where))
        # ippeveprinter wants a bus to announce itself on, and does without an answer.
        bus = f"unix:path={self.root}/bus"
        self._begin("dbus", "dbus-daemon", "--session", "--nofork", f"--address={bus}")
        self._until(lambda: (self.root / "bus").exists(), "dbus")
        # AppArmor's profile for /usr/sbin/cupsd, where there is one, holds it to the system's folders.
        server = shutil.copy(str(shutil.which("cupsd", path=_path())), self.root / "cupsd")
        conf, files = self.root / "etc/cupsd.conf", self.root / "etc/cups-files.conf"
        self._begin("cupsd", server, "-f", "-c", conf, "-s", files)
        self._until(lambda: _listens(self.port), "cupsd")

    def printer(
        self, name: str, *, duplex: bool = True, script: str = "exit 0", attributes: str = ""
    ) -> Path:
        """Add a printer with a queue of its name; return the folder that its jobs come out in.

        `script` runs for each job: the time it takes is the time to print, its stderr what the
        printer says.
        """
        out, port = self.root / f"paper-{name}", _free_port()
        out.mkdir()
        device = self.root / f"{name}.sh"
        device.write_text(f"#!/bin/sh\n{script}\n")
        device.chmod(0o755)
        words: list[object] = ["-vvv", "-r", "off", "-n", "localhost", "-p", port, "-k", "-d", out]
        if attributes:
            (self.root / f"{name}.conf").write_text(attributes)
            words += ["-a", self.root / f"{name}.conf"]
        else:
            words += ["-f", "application/pdf,image/urf,image/pwg-raster", *(["-2"] if duplex else [])]
        words += ["-c", device, name]
        self._begin(name, "ippeveprinter", *words)
        self._until(lambda: _listens(port), name)
        self.uris[name] = f"ipp://localhost:{port}/ipp/print"
        self.tool("lpadmin", "-p", name, "-E", "-v", self.uris[name], "-m", "everywhere")
        self._until(lambda: name in self.tool("lpstat", "-e").split(), name)
        return out

    def tool(self, *words: Any) -> str:
        """Run one of CUPS's commands here and return what it printed."""
        done = subprocess.run([str(w) for w in words], env=self.env, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{words}: {done.stderr}{done.stdout}")
        return done.stdout

    def end(self, name: str) -> None:
        """End one of the processes, as a printer that is switched off."""
        process = self._processes.pop(name, None)
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def stop(self) -> None:
        """End all processes and remove all files."""
        for name in list(self._processes)[::-1]:
            self.end(name)
        shutil.rmtree(self.root, ignore_errors=True)

    def _begin(self, name: str, *words: Any) -> None:
        self.logs[name] = self.root / f"{name}.log"
        program = shutil.which(str(words[0]), path=_path())
        assert program is not None, words[0]
        with self.logs[name].open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [program, *map(str, words[1:])], env=self.env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def _until(self, ready: object, name: str, patience: float = 30) -> None:
        assert callable(ready)
        limit = time.monotonic() + patience
        while not ready():
            if self._processes[name].poll() is not None or time.monotonic() > limit:
                logs = [self.logs[name], *self.root.glob("error.log")]
                said = "\n".join(log.read_text("utf-8", "replace")[-2000:] for log in logs)
                raise RuntimeError(f"{name} did not start:\n{said}")
            time.sleep(0.05)


def check() -> None:
    """Print a page; raises RuntimeError when it does not come out."""
    virtual = Virtual()
    try:
        virtual.start()
        out = virtual.printer("check")
        page = virtual.root / "page.txt"
        page.write_text("It prints.\n")
        virtual.tool("lp", "-d", "check", page)
        limit = time.monotonic() + 60
        while "check-1" not in virtual.tool("lpstat", "-W", "completed", "-o"):
            if time.monotonic() > limit:
                raise RuntimeError((virtual.root / "error.log").read_text("utf-8", "replace")[-4000:])
            time.sleep(0.2)
        if not list(out.iterdir()):
            raise RuntimeError("the job was completed, and nothing came out")
    finally:
        virtual.stop()


def main() -> None:
    """Run a printer until Ctrl-C, or answer --missing or --check."""
    lacking = missing()
    if sys.argv[1:] == ["--missing"] or lacking:
        sys.exit(f"not installed: {', '.join(lacking)}; .ci/printer installs them" if lacking else 0)
    if sys.argv[1:] == ["--check"]:
        return check()
    virtual = Virtual()
    try:
        virtual.start()
        out = virtual.printer("virtual", script="sleep 3")
        virtual.printer("one-sided", duplex=False, script="sleep 3")
        print(f"export CUPS_SERVER=localhost:{virtual.port}", flush=True)
        print(f"# what is printed lies in {out}; Ctrl-C ends it", flush=True)
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        virtual.stop()


if __name__ == "__main__":
    main()
