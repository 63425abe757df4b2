"""Files whose names are no UTF-8, and terminals that are not either."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from post_office import made_pdf

from guide.cli import guide
from guide.delivery.names import readable

Run = Callable[..., Result]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_list_and_a_pdf_named_in_latin_1(run: Run, tmp_path: Path) -> None:
    """Sent, recorded under a readable title, shown and found again."""
    pdf, people = (os.fsdecode(os.fsencode(tmp_path) + name) for name in (b"/B\xfcro.pdf", b"/l\xf6ste.csv"))
    Path(pdf).write_bytes(made_pdf(title=""))
    Path(people).write_text("name\nJürgen Жук\n", "utf-8")
    done = run("distribute", pdf, "--to", people, "-o", "out", "--send")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "Buro-copy-001.pdf").is_file()
    listed = run("ledger", people, "--json")
    assert json.loads(listed.stdout)["copies"][0]["title"] == "Büro"
    again = run("distribute", pdf, "--to", people, "-o", "out", "--json")
    assert again.exit_code == 0 and json.loads(again.stdout)["had_before"] == 1
    west = CliRunner(charset="latin-1")
    table = west.invoke(guide, ["ledger", people, "--csv"], prog_name="guide")
    (row,) = csv.DictReader(io.StringIO(table.stdout_bytes.decode("utf-8")))
    assert row["name"] == "Jürgen Жук"


def test_names_are_read_as_windows_writes_them() -> None:
    """A name that is UTF-8 stays as it is."""
    assert readable("Müller Жук") == "Müller Жук"
    assert readable(os.fsdecode(b"B\xfcro \x80")) == "Büro €"
