"""Measure how long flashcards take: guide, and three other ways to print the same cards.

    python benchmarks/cards.py                  everything, some minutes
    python benchmarks/cards.py --quick          without the 10,000 cards, each thing once
    python benchmarks/cards.py --peers none     guide alone
    python benchmarks/cards.py --profile        where the time of a cold build goes

All is measured in one run, in turn, so that ratios are fair on a machine that has other things to do.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import install
import profiling
import report
from deck import Deck, make_deck
from install import NotHere, say
from measure import Case, Run, run

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
README = HERE / "README.md"
CASES = ("cold", "unchanged", "edited", "inserted", "large")
PEERS = ("weasyprint", "chromium", "typst")
PER_SHEET = 8  # A7 on A4

FACTS = """
import json, sys
import pikepdf
pages = {}
for name in sys.argv[1:]:
    with pikepdf.open(name) as pdf:
        pages[name] = len(pdf.pages)
print(json.dumps(pages))
"""
FONTS = """
import json
from guide.resources import font_folders
print(json.dumps({name: str(folder) for name, folder in font_folders().items()}))
"""


def sheet_sides(cards: int) -> int:
    """Return how many pages the sheets of that many cards have."""
    return 2 * -(-cards // PER_SHEET)


@dataclass
class Guide:
    """The program under test: a Python that has its libraries, and the checkout to be measured."""

    python: str
    source: Path
    work: Path

    def environment(self, cache: Path) -> dict[str, str]:
        """Return what guide's processes find in their environment."""
        return {"PYTHONPATH": str(self.source), "GUIDE_CACHE_DIR": str(cache)}

    def build(self, pack: Path, out: Path, cache: Path, *options: str) -> Run:
        """Run `guide build` once."""
        command = [self.python, "-m", "guide", "build", str(pack), "-o", str(out), *options]
        return run(command, self.environment(cache), self.work)

    def ask(self, code: str, *arguments: str) -> dict[str, object]:
        """Run a few lines in guide's environment that print JSON."""
        command = [self.python, "-c", code, *arguments]
        environment = {**os.environ, **self.environment(self.work / "none")}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, cwd=self.work
        )
        if done.returncode:
            raise SystemExit(f"guide does not run: {done.stderr.strip()[-400:]}")
        return dict(json.loads(done.stdout))


@dataclass
class Bench:
    """One run of the benchmark: what is measured, and what came out."""

    guide: Guide
    settings: argparse.Namespace
    work: Path
    cases: dict[str, Case] = field(default_factory=dict)
    peers_python: str = ""
    browser: str = ""
    digests: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def wants(self, name: str) -> bool:
        """Tell whether a case was asked for."""
        return name in self.settings.only

    def record(self, key: str, name: str, result: Run, pdfs: dict[Path, int]) -> None:
        """Take in a run, and look once whether its files are there with the right pages."""
        case = self.cases.setdefault(key, Case(name))
        case.add(result)
        say(f"  {name}: {result.seconds:.2f} s" + (" FAILED" if result.code else ""))
        if case.problem or case.sizes or not pdfs:
            return
        missing = [path.name for path in pdfs if not path.is_file()]
        if missing:
            case.problem = f"no {', '.join(missing)}: {result.log.strip()[-300:]}"
            return
        pages = self.guide.ask(FACTS, *map(str, pdfs))
        wrong = [
            f"{path.name} has {pages[str(path)]} pages, not {expected}"
            for path, expected in pdfs.items()
            if expected and pages[str(path)] != expected
        ]
        case.problem = "; ".join(wrong)
        case.sizes = {path.name: path.stat().st_size for path in pdfs}

    def measure(self) -> None:
        """Measure everything that was asked for."""
        deck = make_deck(self.settings.cards, self.settings.seed)
        self._install()
        self._warm_up()
        job = self._job(deck, "peers")
        for number in range(self.settings.repeat):
            say(f"round {number + 1} of {self.settings.repeat}, {self.settings.cards:,} cards")
            if set(self.settings.only) & set(CASES[:4]):
                self._guide_round(deck, number)
            self._peers_round(job, self.settings.cards, "")
        if self.wants("large"):
            self._large()

    def tables(self) -> str:
        """Measure, and return the claims and the runs."""
        self.measure()
        found = report.claims(self.cases, (self.settings.cards, self.settings.large))
        return f"{report.claims_table(found)}\n\n{report.results(self.cases)}"

    def _install(self) -> None:
        """Install the peers; one that cannot be had is left out with a word."""
        if not self.settings.peers:
            return
        try:
            self.peers_python = install.environment(self.guide.python)
        except NotHere as exc:
            say(f"no peers: {exc}")
            self.settings.peers = []
            return
        if "chromium" in self.settings.peers:
            try:
                self.browser = install.browser(self.peers_python)
            except NotHere as exc:
                say(f"no Chromium: {exc}")
                self.settings.peers.remove("chromium")

    def _warm_up(self) -> None:
        """Run everything once on a few cards, so that nobody pays for compiling and cold disks."""
        say("warming up")
        deck = make_deck(16, self.settings.seed)
        pack = self.work / "warm"
        deck.write(pack)
        done = self.guide.build(pack, self.work / "warm-out", self.work / "warm-cache")
        if done.code:
            raise SystemExit(f"guide does not build the pack:\n{done.log[-2000:]}")
        job = self._job(deck, "warm-peers")
        kept, self.cases = self.cases, {}
        self._peers_round(job, 16, " (warming up)")
        self.cases = kept

    def _job(self, deck: Deck, name: str) -> Path:
        fonts = {family: str(path) for family, path in self.guide.ask(FONTS).items()}
        return deck.write_for_peers(self.work / name, fonts)

    def _pdfs(self, pack: Path, out: Path, cards: int) -> dict[Path, int]:
        folder = out / pack.name
        return {
            folder / "flashcards.pdf": sheet_sides(cards),
            folder / "flashcards-screen.pdf": 2 * cards,
        }

    def _guide_round(self, deck: Deck, number: int) -> None:
        """Build a deck from nothing, then as it is, then changed in the middle and at the front."""
        pack, out = self.work / "pack", self.work / f"out-{number}"
        cache = self.work / f"cache-{number}"
        count = f"{deck.printed:,} cards"

        self.digests.clear()

        def build(key: str, name: str, now: Deck) -> None:
            now.write(pack)
            result = self.guide.build(pack, out, cache)
            if self.wants(key):
                pdfs = self._pdfs(pack, out, now.printed)
                self.record(key, f"guide, {count}, {name}", result, pdfs)
                self._compare(key, pdfs)

        build("cold", "cold", deck)
        if self.wants("unchanged"):
            build("unchanged", "nothing changed", deck)
        if self.wants("edited"):
            build("edited", "one card edited in the middle", deck.edited(number))
        if self.wants("inserted"):
            deck.write(pack)
            self.guide.build(pack, out, cache)  # not recorded: only the insertion shall be new
            build("inserted", "one card inserted at the front", deck.with_first(number))
        shutil.rmtree(cache, ignore_errors=True)
        shutil.rmtree(out, ignore_errors=True)

    def _compare(self, key: str, pdfs: Iterable[Path]) -> None:
        """See that files changed when content did and only then: a stale file is not a fast one."""
        now = tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in pdfs if path.exists())
        self.digests[key] = now
        cold = self.digests.get("cold")
        if cold and key != "cold" and (now == cold) != (key == "unchanged"):
            word = "differ from" if key == "unchanged" else "are the same as"
            self.cases[key].problem = f"the files {word} those of the cold build"

    def _peers_round(self, job: Path, cards: int, suffix: str) -> None:
        """Let each peer print the same cards once."""
        folder, sides = job.parent, sheet_sides(cards)
        count = f"{cards:,} cards{suffix}"
        html = folder / "cards.html"
        for old in folder.glob("*.pdf"):
            old.unlink()  # a file of the round before would hide a failure
        script = [self.peers_python, str(HERE / "peers" / "weasyprint_script.py")]
        if "weasyprint" in self.settings.peers:
            pdf = folder / "weasyprint.pdf"
            result = run([*script, str(job), str(html), str(pdf)])
            self.record(f"weasyprint{suffix}", f"WeasyPrint script, {count}", result, {pdf: sides})
        if "chromium" in self.settings.peers:
            result = run([*script, str(job), str(html)])
            self.record(f"html{suffix}", f"the script's HTML alone, {count}", result, {})
            pdf = folder / "chromium.pdf"
            result = self._print(html, pdf)
            name = f"Chromium prints that HTML, {count}"
            self.record(f"chromium{suffix}", name, result, {pdf: sides})
        if "typst" in self.settings.peers:
            pdf = folder / "typst.pdf"
            other = str(HERE / "peers" / "typst_script.py")
            command = [self.peers_python, other, str(job), str(folder / "cards.typ"), str(pdf)]
            self.record(f"typst{suffix}", f"Typst, {count}", run(command), {pdf: sides})

    def _print(self, html: Path, pdf: Path) -> Run:
        """Print a page with a fresh browser, as a script on a server does."""
        with tempfile.TemporaryDirectory(dir=self.work) as profile:
            command = [
                self.browser,
                "--headless",
                "--no-sandbox",  # it refuses to run as root otherwise
                "--disable-gpu",
                "--no-first-run",
                "--no-pdf-header-footer",
                f"--user-data-dir={profile}",
                f"--print-to-pdf={pdf}",
                html.as_uri(),
            ]
            return run(command)

    def _large(self) -> None:
        cards = self.settings.large
        say(f"{cards:,} cards")
        deck = make_deck(cards, self.settings.seed)
        pack, out, cache = (self.work / name for name in ("large", "large-out", "large-cache"))
        deck.write(pack)
        for _ in range(self.settings.repeat_large):
            shutil.rmtree(cache, ignore_errors=True)
            result = self.guide.build(pack, out, cache)
            name = f"guide, {cards:,} cards, cold"
            self.record("large", name, result, self._pdfs(pack, out, cards))
        if self.settings.large_peers:
            self._peers_round(self._job(deck, "large-peers"), cards, " at once")

    def profile(self) -> str:
        """Return where a cold build in one process spends its time."""
        deck = make_deck(self.settings.cards, self.settings.seed)
        self._warm_up()
        pack, stats = self.work / "pack", self.work / "profile"
        deck.write(pack)
        arguments = ["build", str(pack), "-o", str(self.work / "out"), "--jobs", "1", "--no-cache"]
        command = [self.guide.python, "-m", "cProfile", "-o", str(stats), "-m", "guide", *arguments]
        result = run(command, self.guide.environment(self.work / "cache"), self.work)
        if result.code or not stats.is_file():
            raise SystemExit(f"the profile failed:\n{result.log[-2000:]}")
        head = (
            f"{self.settings.cards:,} cards, cold, one process; {result.seconds:.1f} s with the "
            "profiler, which slows Python down and C not."
        )
        return f"{head}\n\n{profiling.tables(stats)}"

    def versions(self) -> dict[str, str]:
        """Return the versions of what was measured."""
        found = install.versions(self.guide.python, ["weasyprint", "pikepdf"])
        if self.settings.peers:
            found |= install.versions(self.peers_python, ["weasyprint", "typst"])
        if self.browser:
            name, _, version = install.browser_version(self.browser).partition(" ")
            found[name] = version
        return found


def find_python() -> str:
    """Return a Python that has guide's libraries: this one, or that of the checkout."""
    if importlib.util.find_spec("weasyprint") and importlib.util.find_spec("pikepdf"):
        return sys.executable
    own = ROOT / ".venv" / "bin" / "python"
    if own.is_file():
        return str(own)
    raise SystemExit("run `./guide.sh --version` first: it installs what guide needs")


def revision(source: Path) -> str:
    """Return the commit of a checkout, and whether guide was changed since."""
    git = ["git", "-C", str(source)]
    head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    if head.returncode:
        return "unknown"
    changed = subprocess.run(
        [*git, "status", "--porcelain", "guide", "templates"], capture_output=True, text=True
    )
    return head.stdout.strip() + (" with changes" if changed.stdout.strip() else "")


def _names(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        if text in {"all", "none"}:
            return list(known) if text == "all" else []
        chosen = text.split(",")
        if unknown := [name for name in chosen if name not in known]:
            wanted = ", ".join(known)
            raise argparse.ArgumentTypeError(f"{unknown[0]!r}: choose from {wanted}, all or none")
        return chosen

    return names


_OPTIONS = (
    ("--only", _names(CASES), list(CASES), "CASES", f"of guide: {', '.join(CASES)}, all or none"),
    ("--peers", _names(PEERS), list(PEERS), "PEERS", f"{', '.join(PEERS)}, all or none"),
    ("--cards", int, 1000, "N", "cards of the small deck"),
    ("--large", int, 10_000, "N", "cards of the large deck"),
    ("--repeat", int, 3, "N", "rounds; the best counts"),
    ("--repeat-large", int, 1, "N", "runs of the large deck"),
    ("--seed", int, 1, "N", "another number is another deck"),
    ("--source", Path, ROOT, "DIR", "the checkout to measure"),
    ("--work", Path, None, "DIR", "keep the decks and the peers' files here"),
)
_FLAGS = (
    ("--quick", "one round, and not the large deck"),
    ("--large-peers", "let the peers print the large deck as well"),
    ("--profile", "only the profile of a cold build"),
    ("--write", "write the result into benchmarks/README.md"),
)


def settings(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    option = parser.add_argument
    for name, kind, default, metavar, meaning in _OPTIONS:
        option(name, type=kind, default=default, metavar=metavar, help=meaning)
    for name, meaning in _FLAGS:
        option(name, action="store_true", help=meaning)
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.repeat = 1
        chosen.only = [name for name in chosen.only if name != "large"]
    if chosen.profile:
        chosen.peers = []
    return chosen


def command_line() -> str:
    """Return the command as it can be given again from the folder of the project."""
    return shlex.join(["python", "benchmarks/cards.py", *sys.argv[1:]])


def measure(bench: Bench) -> tuple[str, str]:
    """Return the marker in the README, and the text that belongs there."""
    chosen = bench.settings
    load = os.getloadavg()  # before the benchmark makes its own
    marker, text = ("profile", bench.profile()) if chosen.profile else ("cards", bench.tables())
    facts = report.machine(bench.versions(), revision(chosen.source), command_line(), load)
    return marker, f"{text}\n\n{facts}"


def main() -> None:
    """Run the benchmark."""
    chosen = settings()
    with tempfile.TemporaryDirectory(prefix="guide-bench-") as temporary:
        work = (chosen.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        guide = Guide(find_python(), chosen.source.resolve(), work)
        marker, text = measure(Bench(guide, chosen, work))
    print(text)
    if chosen.write:
        report.put_between(README, marker, text)
        say(f"written into {README.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
