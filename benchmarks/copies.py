"""Measure how long personal copies of the Kosovo briefing take: guide, and two programs that typeset.

    python benchmarks/copies.py                 1,000 copies, plain and encrypted, some minutes
    python benchmarks/copies.py --copies 200 --repeat 1
    python benchmarks/copies.py --only stamped,encrypted --cache DIR
    python benchmarks/copies.py --write         put the result into benchmarks/README.md

Times are of whole commands, from start to end, on the folder channel: wall clock, and what all of the
command's processes computed. With --cache a briefing that was built before need not be typeset again.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import install
import report
import scale
from cards import HERE, README, ROOT, find_python, revision
from install import say
from measure import Run, run

PACK = ROOT / "content" / "kosovo"
PEER = HERE / "peers" / "briefing_script.py"
TARGETS = {"stamped": 12.0, "cold cache": 15.0, "encrypted": 60.0}
GUIDE = ("cold cache", "stamped", "encrypted", "signed")
PAGES = """
import json, sys
import pikepdf
print(json.dumps([len(pikepdf.open(name).pages) for name in sys.argv[1:]]))
"""


def write_list(path: Path, copies: int) -> None:
    """Write a list of people who do not exist."""
    rows = [
        f"Person Number {n},p{n}@example.org,Organisation {n % 17},secret-{n}"
        for n in range(1, copies + 1)
    ]
    path.write_text("name,email,organisation,password\n" + "\n".join(rows) + "\n", "utf-8")


class Bench:
    """One run of the benchmark: the best run of each name, and how many copies it made."""

    def __init__(self, chosen: argparse.Namespace, work: Path) -> None:
        self.chosen, self.work = chosen, work
        self.python = find_python()
        self.cache = chosen.cache.resolve() if chosen.cache else work / "cache"
        self.best: dict[str, tuple[Run, int]] = {}
        write_list(work / "people.csv", chosen.copies)

    def measure(self) -> None:
        """Measure all, in turn, so that ratios are fair."""
        wanted = self.chosen.only or GUIDE
        if "cold cache" not in wanted:
            self._warm()
        for _ in range(self.chosen.repeat):
            if "cold cache" in wanted:
                self._guide("cold cache", True)
            if "stamped" in wanted:
                self._guide("stamped", False)
            if "encrypted" in wanted:
                self._guide("encrypted", False, "--encrypt")
            if "signed" in wanted:
                self._guide("signed", False, "--sign", str(self._key()), few=True)
        if not self.chosen.only:
            self._peers()

    def _warm(self) -> None:
        """Have the briefing in the cache."""
        command = [self.python, "-m", "guide", "build", str(PACK), "--only", "briefing",
                   "-o", str(self.work / "built")]  # fmt: skip
        done = run(command, self._environment(), self.work)
        if done.code:
            raise SystemExit(f"the briefing cannot be built: {done.log[-400:]}")

    def _environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(ROOT), "GUIDE_CACHE_DIR": str(self.cache)}

    def _peers(self) -> None:
        try:
            peers = install.environment(self.python)
            subprocess.run(
                [peers, "-m", "pip", "install", "--quiet", "pyyaml", "markdown-it-py"], check=True
            )
        except (install.NotHere, subprocess.CalledProcessError) as exc:
            say(f"no peers: {exc}")
            return
        for name in ("weasyprint", "typst"):
            self._peer(peers, name)

    def _guide(self, name: str, cold: bool, *options: str, few: bool = False) -> None:
        out = self.work / "out"
        shutil.rmtree(out, ignore_errors=True)
        if cold:
            shutil.rmtree(self.cache, ignore_errors=True)
        for old in self.work.glob("*.ledger.db*"):
            old.unlink()
        copies = min(100, self.chosen.copies) if few else self.chosen.copies
        if few:
            options = (*options, "--limit", str(copies))
        command = [self.python, "-m", "guide", "distribute", str(PACK), "--to",
                   str(self.work / "people.csv"), "--send", "-o", str(out), *options]  # fmt: skip
        done = run(command, self._environment(), self.work)
        made = len(list(out.glob("*.pdf")))
        if done.code or made != copies:
            raise SystemExit(f"{name}: exit {done.code}, {made} copies: {done.log[-400:]}")
        self._keep(name, done, copies)

    def _key(self) -> Path:
        """Return a new key with a certificate of its own."""
        path = self.work / "key.pem"
        if not path.exists():
            code = (
                "import datetime as d, sys\nfrom cryptography import x509\n"
                "from cryptography.hazmat.primitives import hashes, serialization as s\n"
                "from cryptography.hazmat.primitives.asymmetric import rsa\n"
                "k = rsa.generate_private_key(65537, 2048)\n"
                "n = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'Issuer')])\n"
                "t = d.datetime.now(d.UTC)\n"
                "c = (x509.CertificateBuilder().subject_name(n).issuer_name(n)\n"
                "  .public_key(k.public_key()).serial_number(1).not_valid_before(t)\n"
                "  .not_valid_after(t + d.timedelta(1)).sign(k, hashes.SHA256()))\n"
                "p = s.Encoding.PEM\n"
                "open(sys.argv[1], 'wb').write(c.public_bytes(p) + k.private_bytes(p,\n"
                "  s.PrivateFormat.PKCS8, s.NoEncryption()))\n"
            )
            subprocess.run([self.python, "-c", code, str(path)], check=True)
        return path

    def _peer(self, python: str, name: str) -> None:
        out, copies = self.work / name, self.chosen.peer_copies
        done = run([python, str(PEER), name, str(PACK), str(out), str(copies)], None, self.work)
        files = sorted(map(str, out.glob("*.pdf")))
        if done.code or len(files) != copies:
            say(f"{name} failed: {done.log[-400:]}")
            return
        said = subprocess.run(
            [self.python, "-c", PAGES, *files], capture_output=True, text=True, check=True
        )
        say(f"  {name}: pages {json.loads(said.stdout)}")
        self._keep(name, done, copies)

    def _keep(self, name: str, done: Run, copies: int) -> None:
        each, computed = (seconds * 1000 / copies for seconds in (done.seconds, done.cpu))
        say(f"  {name}: {done.seconds:.2f} s, {each:.1f} ms a copy, of computing {computed:.1f} ms")
        known = self.best.get(name)
        if known is None or done.seconds / copies < known[0].seconds / known[1]:
            self.best[name] = (done, copies)

    def table(self) -> str:
        """Return the result as a table."""
        names = {
            "stamped": f"guide, {self.chosen.copies:,} copies, stamped",
            "encrypted": f"guide, {self.chosen.copies:,} copies, stamped and encrypted",
            "cold cache": f"guide, {self.chosen.copies:,} copies, with an empty cache: the briefing is typeset as well",
            "signed": "guide, 100 copies, stamped and signed (RSA 2048)",
            "weasyprint": f"WeasyPrint script, {self.chosen.peer_copies} copies",
            "typst": f"Typst, {self.chosen.peer_copies} copies",
        }
        rows = ["| what | ms a copy | target | computing, ms a copy | largest process |",
                "|---|---:|---:|---:|---:|"]  # fmt: skip
        for key, text in names.items():
            if key in self.best:
                done, copies = self.best[key]
                each, computed = (s * 1000 / copies for s in (done.seconds, done.cpu))
                target = f"{TARGETS[key]:.0f}" if key in TARGETS else ""
                rows.append(f"| {text} | {each:,.1f} | {target} | {computed:,.1f} "
                            f"| {done.process_mb:,.0f} MB |")  # fmt: skip
        return "\n".join(rows)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--copies", type=int, default=1000, help="copies that guide makes")
    parser.add_argument("--peer-copies", type=int, default=5, help="copies that the others make")
    parser.add_argument("--repeat", type=int, default=2, help="rounds of guide; the best counts")
    parser.add_argument("--only", type=lambda names: names.split(","), help=", ".join(GUIDE))
    parser.add_argument("--cache", type=Path, help="where built documents are kept between runs")
    parser.add_argument("--write", action="store_true", help="write into benchmarks/README.md")
    chosen = parser.parse_args()
    if chosen.only and not set(chosen.only) <= set(GUIDE):
        parser.error(f"--only takes {', '.join(GUIDE)}")
    if chosen.cache and "cold cache" in (chosen.only or GUIDE):
        parser.error("--cache goes with --only and without the cold cache, which empties it")
    load = os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="guide-bench-") as temporary:
        bench = Bench(chosen, Path(temporary).resolve())
        bench.measure()
    versions = install.versions(bench.python, ["weasyprint", "pikepdf", "cryptography", "pyhanko"])
    command = shlex.join(["python", "benchmarks/copies.py", *sys.argv[1:]])
    holds = report.machine(versions, revision(ROOT), command, load)
    text = f"{bench.table()}\n\n{holds}\n{scale.said(scale.scale())}"
    print(text)
    if chosen.write:
        report.put_between(README, "copies", text)
        say(f"written into {README.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
