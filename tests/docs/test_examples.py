"""docs/diagnostics.md: every code has a cause, a remedy and an example, and the example gives the code."""

from __future__ import annotations

import base64
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from post_office import made_pdf

from guide.cli import guide
from guide.content.load import load_pack
from guide.diagnostics.diagnostic import GuideError
from guide.pipeline import Settings, check
from guide.diagnostics.sarif import documented

TITLED = re.compile(r"^```\w+ title=\"([^\" ]+)(?: \[([\w-]+)\])?\"\n(.*?)^```$", re.M | re.S)
LIST = re.compile(r"^```csv\n(.*?)^```$", re.M | re.S)
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)

PRINTER = "needs CUPS and a printer: tests/printing/test_print.py"
MAIL = "needs a mail server: tests/delivery/test_mail.py"
SIGNED = "needs a key, and a file that was changed: tests/copies/test_seal.py"
CLUSTER = "needs a scheduler: tests/cluster/test_cluster.py"
NOT_RUN = {
    "bad-media": PRINTER,
    "bad-pages": PRINTER,
    "broken-signature": SIGNED,
    "cannot-start": "needs a full disk, or too many processes: tests/pipeline/test_faulty_places.py",
    "changed-meanwhile": "needs somebody who writes at the same moment: tests/pipeline/test_faulty_places.py",
    "choose-kind": PRINTER,
    "cluster-no-workers": CLUSTER,
    "cluster-version": CLUSTER,
    "copy-changed": SIGNED,
    "delivery-failed": MAIL,
    "delivery-later": MAIL,
    "delivery-open": MAIL,
    "delivery-uncertain": MAIL,
    "file-too-large": "is 5 MB long: tests/content/test_robustness.py",
    "fix-refused": "needs a bug: tests/actions/test_fix.py makes one",
    "folder-locked": "needs two runs at once: tests/delivery/test_people.py",
    "import-limit": "takes a minute: tests/hostile",
    "import-macros": "needs such a document: tests/exchange/test_import.py",
    "import-too-large": "needs such a file: tests/exchange/test_import.py",
    "ledger-beside": "needs a copy and its ledger: tests/foreign/test_foreign.py",
    "ledger-locked": "needs two runs at once: tests/delivery/test_ledger.py",
    "media-not-supported": PRINTER,
    "missing-extra": "depends on what is installed",
    "mixed-copies": "needs the pages of two copies: tests/copies/test_seal.py",
    "mixed-sizes": PRINTER,
    "no-cups": "depends on what is installed",
    "no-duplexer": PRINTER,
    "nobody-to-ask": PRINTER,
    "not-drawn": "needs a file with such a note: tests/foreign/test_fields.py",
    "page-too-large": PRINTER,
    "pdf-limit": "needs a file that takes long: tests/foreign/test_foreign.py",
    "print-forbidden": PRINTER,
    "printer-refuses": PRINTER,
    "printer-silent": PRINTER,
    "printer-stopped": PRINTER,
    "render-failed": "needs a bug: tests/jobs",
    "render-limit": "takes a minute: tests/hostile",
    "seal-removed": SIGNED,
    "signed-pdf": SIGNED,
    "smtp-refused": MAIL,
    "smtp-unreachable": MAIL,
    "stamp-unseen": "needs a page that hides it: tests/copies/test_stamp_on_foreign.py",
    "torn-sheets": PRINTER,
    "unknown-queue": PRINTER,
    "unknown-tray": PRINTER,
    "unproved-copy": "needs a copy: tests/foreign/test_foreign.py",
    "untrusted-signature": SIGNED,
    "xfa-form": "needs such a form: tests/copies/test_stamp_on_foreign.py",
    "worker-died": "needs a process that is ended from outside: tests/pipeline/test_faulty_places.py",
}


def _bytes(text: str, encoding: str) -> bytes:
    if encoding == "base64":
        return base64.b64decode(text)
    if encoding == "escapes":
        return text.encode().decode("unicode_escape").encode("latin-1")
    return text.encode(encoding or "utf-8")


def write(folder: Path, text: str) -> None:
    """Write the files of an example: those of the pack, the list, and a document."""
    files: dict[str, bytes] = {"my-pack/pack.yaml": b"format: 1\ntitle: T\n"}
    if not TITLED.search(text):
        files["my-pack/cards.yaml"] = b"- {front: A, back: B}\n"
    listed = LIST.search(text)
    files["recipients.csv"] = (listed[1] if listed else "name\nA. Reader\n").encode()
    files["report.pdf"] = made_pdf()
    for name, encoding, inside in TITLED.findall(text):
        files[name if name.startswith("./") else f"my-pack/{name}"] = _bytes(inside, encoding)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def codes(folder: Path, text: str, wanted: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the codes that an example gives, the cheapest first."""
    console = CONSOLE.search(text)
    if console:
        output = ""
        for line in re.findall(r"^\$ (.*)$", console[1], re.M):
            words = shlex.split(line)
            while "=" in words[0]:
                name, _, value = words.pop(0).partition("=")
                monkeypatch.setenv(name, value)
            assert words.pop(0) == "guide"
            few = words[0] in {"build", "check", "distribute"} and "--jobs" not in words
            jobs = ["--jobs", "1"] if few else []
            output = CliRunner().invoke(guide, [*words, *jobs]).output
        yield from re.findall(r"^(?:\S.*: )?(?:error|warning|note)\[([a-z0-9-]+)\]: ", output, re.M)
        yield from ([] if "Traceback" not in output else [output])
    elif LIST.search(text):
        output = CliRunner().invoke(guide, ["distribute", "report.pdf", "--to", "recipients.csv"]).output
        yield from re.findall(r"\[([a-z0-9-]+)\]: ", output)
    else:
        yield from (problem.code for problem in load_pack(folder / "my-pack")[1])
        whole = {"documents:", "accept:"} & set(text.split()) or "title: T\n```" in text
        kinds = () if whole else ("flashcards",) if "cards.yaml" in text else ("briefing",)  # others would be made in vain
        try:
            yield from (problem.code for problem in check(folder / "my-pack", Settings(jobs=1, kinds=kinds)))
        except GuideError as exc:
            yield from (problem.code for problem in exc.diagnostics)


@pytest.mark.parametrize("code", sorted(documented()))
def test_the_example_of_a_code_gives_it(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as it stands, unless it is listed, with the reason, as what cannot be."""
    text = documented()[code]
    for part in ("**Cause.**", "**Remedy.**", "**Example.**"):
        assert part in text
    if code in NOT_RUN:
        return
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUIDE_CONFIG_DIR", str(tmp_path / "config"))
    for name in [each for each in os.environ if each.startswith("GUIDE_SMTP_")]:
        monkeypatch.delenv(name)
    write(tmp_path, text)
    found = []
    for each in codes(tmp_path, text, code, monkeypatch):
        found.append(each)
        if each == code:
            return
    if code == "font-fallback":
        pytest.skip("this machine has no font of its own for the example: tests/whole/test_diagnostics.py")
    pytest.fail(f"{code}: found {found}")


def test_what_is_not_run_is_documented() -> None:
    """The list holds no code that there is not."""
    assert set(NOT_RUN) <= set(documented())
