"""Copies made and, where the channel allows it, delivered: by one process or by several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from guide.copies.channels import Answer, Channel, File, Parcel
from guide.copies.labels import SetLabel
from guide.copies.seal import seal
from guide.copies.stamp import Stamper
from guide.errors import Diagnostic, GuideError, Place, error
from guide.model.copies import CopyLabel, Recipient, Seal, Signature, StampStyle


@dataclass(frozen=True)
class Recipe:
    """What all copies of a run are made of: it goes along with every order, and holds no list.

    `documents` are PDFs by edition; `styles` how they are stamped, by edition and language. `key`
    names the recipe within this run. `stampers` are ready for documents that came from elsewhere,
    by edition and language; those documents are not read again.
    """

    key: str
    documents: Mapping[str, bytes] = field(repr=False)
    styles: Mapping[tuple[str, str], StampStyle]
    signature: Signature | None = None
    encrypt: bool = False
    stampers: Mapping[tuple[str, str], Stamper] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Order:
    """The copies that one recipient is due: a label and a file name for each.

    `ahead` has the labels that are in type already.
    """

    recipient: Recipient
    labels: tuple[CopyLabel, ...]
    names: tuple[str, ...]
    parcel: str
    secret: str
    message_id: str = ""
    ahead: tuple[SetLabel | None, ...] = ()

    @property
    def style(self) -> tuple[str, str]:
        """What decides how it is stamped: edition and language."""
        return self.recipient.edition, self.recipient.language


@dataclass(frozen=True)
class Made:
    """What became of an order: the parcel, unless it was delivered, and what the channel said.

    `digests` are those of the copies, in the order of the labels. `problems` are why an order could
    not be made; `notes` what is to be known of copies that were.
    """

    digests: tuple[str, ...] = ()
    parcel: Parcel | None = None
    answer: Answer | None = None
    problems: tuple[Diagnostic, ...] = ()
    notes: tuple[Diagnostic, ...] = ()


_stampers: dict[tuple[str, str, str], Stamper] = {}


def make_all(recipe: Recipe, orders: Sequence[Order], channel: Channel | None) -> list[Made]:
    """Make the copies of some orders; with a `channel`, deliver them and keep nothing of them.

    Stops at the first order that cannot be made or delivered: the last result then says why.
    """
    results: list[Made] = []
    try:
        _expect(recipe, orders)
        for order in orders:
            made = make(recipe, order)
            if channel is not None:
                assert made.parcel is not None
                answer = channel.deliver(made.parcel, order.recipient)
                made = replace(made, parcel=None, answer=answer)
            results.append(made)
    except GuideError as exc:  # which does not survive the way between processes
        results.append(Made(problems=exc.diagnostics))
    except OSError as exc:  # fonts are kept in the temporary folder
        message = f"a copy cannot be made: {exc.strerror or exc}"
        hint = "Free some room in the temporary folder, or set TMPDIR to another one."
        results.append(Made(problems=(error("cannot-write", message, Place(""), hint),)))
    if channel is not None:
        try:
            channel.settle()
        except GuideError as exc:
            results = [Made(problems=exc.diagnostics)]
    return results


def _expect(recipe: Recipe, orders: Sequence[Order]) -> None:
    """Tell each stamper which labels are not in type yet."""
    wanted: dict[tuple[str, str], list[CopyLabel]] = {}
    for order in orders:
        ahead = order.ahead or (None,) * len(order.labels)
        found = [label for label, ready in zip(order.labels, ahead, strict=True) if ready is None]
        wanted.setdefault(order.style, []).extend(found)
    for style, labels in wanted.items():
        _stamper(recipe, style).expect(labels)


def make(recipe: Recipe, order: Order) -> Made:
    """Return the parcel of an order; raises GuideError when a copy cannot be stamped or sealed."""
    stamper = _stamper(recipe, order.style)
    files: list[File] = []
    digests: list[str] = []
    ahead = order.ahead or (None,) * len(order.labels)
    for label, name, ready in zip(order.labels, order.names, ahead, strict=True):
        data, signature = stamper.copy(label, ready), None
        if recipe.encrypt or recipe.signature:
            wanted = Seal(signature=recipe.signature)
            if recipe.encrypt:
                wanted = Seal(password=order.recipient.password, signature=recipe.signature)
            sealed = seal(data, wanted)
            data, signature = sealed.data, sealed.signature
        files.append(File(name, data))
        digests.append(files[-1].digest)
        if signature is not None:
            files.append(File(f"{name}.p7s", signature))
    parcel = Parcel(order.parcel, tuple(files), order.secret, order.message_id)
    return Made(tuple(digests), parcel, notes=stamper.problems)


def _stamper(recipe: Recipe, how: tuple[str, str]) -> Stamper:
    """Return what stamps a document, by edition and language: it is made once in each process."""
    edition, language = how
    key = (recipe.key, edition, language)
    if key not in _stampers:
        if any(known[0] != recipe.key for known in _stampers):
            _stampers.clear()  # those of an earlier run in this process
        _stampers[key] = recipe.stampers.get(how) or Stamper(
            recipe.documents[edition], (), recipe.styles[how]
        )
    return _stampers[key]
