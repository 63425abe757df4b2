"""The peers' programs, in a place of their own: never in guide's environment."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

SAME_AS_GUIDE = ("weasyprint", "pydyf", "markdown-it-py", "mdit-py-plugins", "ziamath")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


class NotHere(Exception):
    """A peer cannot be installed; the text says why."""


def cache_folder() -> Path:
    """Return where peers are kept between runs: `GUIDE_BENCH_CACHE`, or below the temporary folder."""
    named = os.environ.get("GUIDE_BENCH_CACHE")
    return Path(named) if named else Path(tempfile.gettempdir()) / "guide-benchmarks"


def say(text: str) -> None:
    """Tell what is going on, beside the table."""
    print(text, file=sys.stderr, flush=True)


def versions(python: str, names: Sequence[str]) -> dict[str, str]:
    """Return the versions of installed distributions; what is absent is left out."""
    code = (
        "import json, sys\nfrom importlib.metadata import PackageNotFoundError, version\n"
        "found = {}\nfor name in sys.argv[1:]:\n"
        "    try: found[name] = version(name)\n    except PackageNotFoundError: pass\n"
        "print(json.dumps(found))"
    )
    done = subprocess.run([python, "-c", code, *names], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def environment(guide_python: str) -> str:
    """Return the Python of a virtual environment with the peers' libraries, made when missing.

    WeasyPrint and the rest have the versions that guide has, so that only the programs differ.
    """
    same = versions(guide_python, SAME_AS_GUIDE)
    wanted = [*(f"{name}=={version}" for name, version in same.items()), "typst"]
    key = hashlib.sha256(" ".join([sys.version, *wanted]).encode()).hexdigest()[:12]
    folder = cache_folder() / f"venv-{key}"
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        say(f"installing the peers' libraries: {', '.join(wanted)}")
        shutil.rmtree(folder, ignore_errors=True)
        _do([guide_python, "-m", "venv", str(folder)])
        _do([str(python), "-m", "pip", "install", "--quiet", *wanted])
        ready.touch()
    return str(python)


def browser(peers_python: str) -> str:
    """Return a Chromium: one that is there, or Debian's when root, or Playwright's."""
    if found := _installed():
        return found
    problems = []
    for install in (_from_debian, lambda: _from_playwright(peers_python)):
        try:
            return install()
        except NotHere as exc:
            problems.append(str(exc))
    raise NotHere("; ".join(problems))


def browser_version(path: str) -> str:
    """Return what the browser says of itself."""
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return " ".join(done.stdout.split()[:2]) or "Chromium of unknown version"


def _installed() -> str:
    return next((path for name in BROWSERS if (path := shutil.which(name))), "")


def _from_debian() -> str:
    if not shutil.which("apt-get"):
        raise NotHere("there is no apt-get")
    if os.geteuid() != 0:
        raise NotHere("only root may install Debian's chromium")
    say("installing Debian's chromium")
    _do(["apt-get", "update", "--quiet"])
    _do(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium"])
    if found := _installed():
        return found
    raise NotHere("Debian's chromium was installed, but is not on the path")


def _from_playwright(python: str) -> str:
    say("installing Playwright's chromium")
    _do([python, "-m", "pip", "install", "--quiet", "playwright"])
    _do([python, "-m", "playwright", "install", "chromium"])
    code = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as p: print(p.chromium.executable_path)"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    path = done.stdout.strip()
    if not path or not Path(path).is_file():
        raise NotHere("Playwright has no chromium for this machine")
    return path


def _do(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise NotHere(f"`{' '.join(command)}` failed ({' '.join(last)[:200]})")
