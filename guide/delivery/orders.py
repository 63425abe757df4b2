"""Copies made and, where the channel allows it, delivered: by one process or by several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from guide.copies.encrypt import Shell, can_share, encrypt
from guide.copies.labels import SetLabel
from guide.copies.parts import Draft, compose
from guide.copies.seal import sign
from guide.copies.stamp import Stamper
from guide.delivery.channels.base import Answer, Channel, File, Parcel
from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error
from guide.model.copies import CopyLabel, Recipient, Seal, Signature, StampStyle


@dataclass(frozen=True)
class Recipe:
    """What all copies of a run are made of: it goes along with every order, and holds no list.

    `documents` are PDFs by key (`guide.delivery.dealing.document_key`); `styles` how they are stamped, by
    that key and language. `key` names the recipe within this run. `stampers` are ready for documents that came
    from elsewhere, by the same; those documents are not read again. `sizes` are the bytes of those, by key.
    """

    key: str
    documents: Mapping[str, bytes] = field(repr=False)
    styles: Mapping[tuple[str, str], StampStyle]
    signature: Signature | None = None
    encrypt: bool = False
    stampers: Mapping[tuple[str, str], Stamper] = field(default_factory=dict, repr=False)
    sizes: Mapping[str, int] = field(default_factory=dict)

    def size(self, document: str) -> int:
        """Return the bytes of a document by its key; of the largest, if there is no such document."""
        known = {key: len(data) for key, data in self.documents.items()} | dict(self.sizes)
        return known.get(document, max(known.values(), default=1))


@dataclass(frozen=True)
class Order:
    """The copies that one recipient is due: a label, a document's key and a file name for each.

    `ahead` has the labels that are in type already.
    """

    recipient: Recipient
    labels: tuple[CopyLabel, ...]
    documents: tuple[str, ...]
    names: tuple[str, ...]
    parcel: str
    secret: str
    message_id: str = ""
    ahead: tuple[SetLabel | None, ...] = ()


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


_OPEN = 4  # documents that are held open; one of 60 pages takes some 40 MB
_REUSED = 256  # copies that are made before a document is opened anew

_stampers: dict[tuple[str, str, str], Stamper] = {}
_shells: list[Shell] = []  # the one that was used last is last


def make_all(recipe: Recipe, orders: Sequence[Order], channel: Channel | None) -> list[Made]:
    """Make the copies of some orders; with a `channel`, deliver them and keep nothing of them.

    Stops at the first order that cannot be made or delivered: the last result then says why.
    """
    results: list[Made] = []
    try:
        _expect(recipe, orders)
        for order in orders:
            results.append(_delivered(recipe, order, channel) if channel else make(recipe, order))
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
        for label, document, ready in zip(order.labels, order.documents, ahead, strict=True):
            how = (document, order.recipient.language)
            done = ready is not None and _stamper(recipe, how).takes(ready)
            wanted.setdefault(how, []).extend([] if done else [label])
    for style, labels in wanted.items():
        _stamper(recipe, style).expect(labels)


def make(recipe: Recipe, order: Order) -> Made:
    """Return the parcel of an order; raises GuideError when a copy cannot be stamped or sealed."""
    digests: list[str] = []
    notes: list[Diagnostic] = []
    files = tuple(_files(recipe, order, digests, notes))
    parcel = Parcel(order.parcel, files, order.secret, order.message_id)
    return Made(tuple(digests), parcel, notes=tuple(dict.fromkeys(notes)))


def _delivered(recipe: Recipe, order: Order, channel: Channel) -> Made:
    """Make the parcel of an order and deliver it, one file at a time if the channel takes it so."""
    if not channel.streams:
        made = make(recipe, order)
        assert made.parcel is not None
        return replace(made, parcel=None, answer=channel.deliver(made.parcel, order.recipient))
    digests: list[str] = []
    notes: list[Diagnostic] = []
    parcel = Parcel(order.parcel, (), order.secret, order.message_id,
                    stream=lambda: _files(recipe, order, digests, notes))  # fmt: skip
    answer = channel.deliver(parcel, order.recipient)
    return Made(tuple(digests), answer=answer, notes=tuple(dict.fromkeys(notes)))


def _files(
    recipe: Recipe, order: Order, digests: list[str], notes: list[Diagnostic]
) -> Iterator[File]:
    """Yield the copies of an order, each with its signature; write down their digests, and notes."""
    ahead = order.ahead or (None,) * len(order.labels)
    copies = zip(order.labels, order.documents, order.names, ahead, strict=True)
    for label, document, name, ready in copies:
        stamper = _stamper(recipe, (document, order.recipient.language))
        draft = stamper.draft(label, ready)
        notes += stamper.problems
        password = order.recipient.password.get_secret_value() if recipe.encrypt else ""
        data = _encrypted(draft, password) if password else compose(draft)
        sealed = sign(data, Seal(password=password, signature=recipe.signature))
        file = File(name, sealed.data)
        digests.append(file.digest)
        yield file
        if sealed.signature is not None:
            yield File(f"{name}.p7s", sealed.signature)


def _stamper(recipe: Recipe, how: tuple[str, str]) -> Stamper:
    """Return what stamps a document, by key and language: it is made once in each process."""
    document, language = how
    key = (recipe.key, document, language)
    if key not in _stampers:
        if any(known[0] != recipe.key for known in _stampers):
            _stampers.clear()  # those of an earlier run in this process
            while _shells:
                _shells.pop().close()
        _stampers[key] = recipe.stampers.get(how) or Stamper(
            recipe.documents[document], (), recipe.styles[how]
        )
    return _stampers[key]


def _encrypted(draft: Draft, password: str) -> bytes:
    """Return an encrypted copy, made of a document that is held open between copies."""
    if not can_share(draft):
        return encrypt(compose(draft), password)
    shell = next((each for each in _shells if each.fits(draft)), None)
    if shell is not None:
        _shells.remove(shell)
    if shell is None or shell.copies >= _REUSED:
        if shell is not None:
            shell.close()
        shell = Shell(draft)
    try:
        data = shell.encrypted(draft, password)
    except BaseException:  # who knows what it is filled with
        shell.close()
        raise
    while len(_shells) >= _OPEN:
        _shells.pop(0).close()
    _shells.append(shell)
    return data
