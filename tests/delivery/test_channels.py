"""A channel is a class and a row: what stands in the registry is known to the list, the action and the ledger."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar, Self

import pikepdf
import pytest
from click.testing import Result

from guide.actions.distribute import distribute
from guide.delivery.channels import registry
from guide.delivery.channels.base import Answer, Channel, File, Outcome, Parcel
from guide.delivery import queries
from guide.delivery.database import Ledger
from guide.delivery.records import State
from guide.delivery.request import Request, Task
from guide.model.copies import Recipient

BASKET: list[tuple[str, File]] = []


class Basket(Channel):
    """Puts each copy into a list; it cannot take one out again."""

    repeatable: ClassVar[bool] = False
    wait = 0.01

    def __init__(self, label: str) -> None:
        self.label, self.refusals = label, 1

    @classmethod
    def open(cls, task: Task) -> Self:
        return cls(task.about.title)

    def deliver(self, parcel: Parcel, recipient: Recipient) -> Answer:
        if self.refusals:
            self.refusals -= 1
            return Answer(Outcome.LATER, "not yet")
        parcel.leaving()
        if recipient.name == "Cora":
            return Answer(Outcome.UNCERTAIN, f"who is {recipient.name}?")
        BASKET.extend((f"{self.label} for {recipient.name}", file) for file in parcel.files)
        return Answer(Outcome.SENT, "in the basket")


@pytest.fixture
def basket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[tuple[str, File]]]:
    row = registry.Row(("basket",), __name__, "Basket", also=("hamper",))
    monkeypatch.setattr(registry, "ROWS", (*registry.ROWS, row))
    monkeypatch.chdir(tmp_path)
    yield BASKET
    BASKET.clear()


def test_a_new_channel_is_one_class_and_one_row(
    basket: list[tuple[str, File]], run: Callable[..., Result], report_pdf: Path, tmp_path: Path
) -> None:
    """It is named in the list, tries again, sends once, and may leave a copy uncertain."""
    people = tmp_path / "list.csv"
    people.write_text("name,channel\nAnna,hamper\nBen,folder\nCora,Basket\n", "utf-8")
    request = Request(report_pdf, people, out=tmp_path / "out", send=True)
    done = distribute(request)
    assert [(d.code, d.place.line) for d in done.diagnostics if d.severity == "error"] == [("delivery-uncertain", 4)]
    assert "Cora" not in str(done.diagnostics)
    ((label, file),) = basket
    assert label == "A Report for Anna" and file.name.endswith("copy-001.pdf")
    with pikepdf.open(io.BytesIO(file.data)) as pdf:
        assert len(pdf.pages) == 2
    with Ledger.read(tmp_path / "list.ledger.db") as ledger:
        assert [(e.channel, e.state) for e in queries.entries(ledger)] == [
            ("basket", State.SENT), ("folder", State.SENT), ("basket", State.UNCERTAIN)]  # fmt: skip
        assert [e.state for e in queries.history(ledger, 1)] == ["planned", "made", "made", "made", "sending", "sent"]
        assert queries.copy(ledger, 1).digest == file.digest
    assert not distribute(request).copies and len(basket) == 1
    again = run("distribute", report_pdf, "--to", people, "-o", "out", "--resend", "channel:basket", "--send")
    assert again.exit_code == 1 and len(basket) == 2, again.output


def test_the_registry_is_light() -> None:
    """The help of the command names the channels without importing one."""
    code = "import sys, guide.cli.distribute; print([m for m in ('smtplib', 'zipfile', 'pydantic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
