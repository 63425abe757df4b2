"""Measure how long personal copies of the Kosovo briefing take: guide, and two programs that typeset.

    python benchmarks/copies.py                 1,000 copies, plain and encrypted, some minutes
    python benchmarks/copies.py --copies 200 --repeat 1
    python benchmarks/copies.py --write         put the result into benchmarks/README.md

Times are of whole commands, from start to end, on the folder channel.
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
from cards import HERE, README, ROOT, find_python, revision
from install import say
from measure import Run, run

PACK = ROOT / "content" / "kosovo"
PEER = HERE / "peers" / "briefing_script.py"
TARGETS = {"stamped": 15.0, "cold cache": 15.0, "encrypted": 25.0}
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
    """One run of the benchmark: best times by name, in ms a copy."""

    def __init__(self, chosen: argparse.Namespace, work: Path) -> None:
        self.chosen, self.work = chosen, work
        self.python = find_python()
        self.best: dict[str, tuple[float, float]] = {}
        write_list(work / "people.csv", chosen.copies)

    def measure(self) -> None:
        """Measure all, in turn, so that ratios are fair."""
        for _ in range(self.chosen.repeat):
            self._guide("cold cache", True)
            self._guide("stamped", False)
            self._guide("encrypted", False, "--encrypt")
            self._guide("signed", False, "--sign", str(self._key()), few=True)
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
        out, cache = self.work / "out", self.work / "cache"
        shutil.rmtree(out, ignore_errors=True)
        if cold:
            shutil.rmtree(cache, ignore_errors=True)
        for old in self.work.glob("*.ledger.db*"):
            old.unlink()
        copies = min(100, self.chosen.copies) if few else self.chosen.copies
        if few:
            options = (*options, "--limit", str(copies))
        command = [self.python, "-m", "guide", "distribute", str(PACK), "--to",
                   str(self.work / "people.csv"), "--send", "-o", str(out), *options]  # fmt: skip
        environment = {"PYTHONPATH": str(ROOT), "GUIDE_CACHE_DIR": str(cache)}
        done = run(command, environment, self.work)
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
        each = done.seconds * 1000 / copies
        say(f"  {name}: {done.seconds:.2f} s, {each:.1f} ms a copy")
        known = self.best.get(name)
        if known is None or each < known[0]:
            self.best[name] = (each, done.process_mb)

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
        rows = ["| what | ms a copy | target | largest process |", "|---|---:|---:|---:|"]
        for key, text in names.items():
            if key in self.best:
                each, memory = self.best[key]
                target = f"{TARGETS[key]:.0f}" if key in TARGETS else ""
                rows.append(f"| {text} | {each:,.1f} | {target} | {memory:,.0f} MB |")
        return "\n".join(rows)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--copies", type=int, default=1000, help="copies that guide makes")
    parser.add_argument("--peer-copies", type=int, default=5, help="copies that the others make")
    parser.add_argument("--repeat", type=int, default=2, help="rounds of guide; the best counts")
    parser.add_argument("--write", action="store_true", help="write into benchmarks/README.md")
    chosen = parser.parse_args()
    load = os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="guide-bench-") as temporary:
        bench = Bench(chosen, Path(temporary).resolve())
        bench.measure()
    versions = install.versions(bench.python, ["weasyprint", "pikepdf", "cryptography", "pyhanko"])
    command = shlex.join(["python", "benchmarks/copies.py", *sys.argv[1:]])
    text = f"{bench.table()}\n\n{report.machine(versions, revision(ROOT), command, load)}"
    print(text)
    if chosen.write:
        report.put_between(README, "copies", text)
        say(f"written into {README.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
