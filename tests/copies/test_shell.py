"""Encrypted copies that one process makes of documents held open: each has its own, and nothing else."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator

import pikepdf
import pypdfium2
import pytest
from post_office import made_pdf

from guide.delivery import orders as making
from guide.copies.encrypt import Shell, encrypt
from guide.copies.parts import Draft, compose
from guide.copies.stamp import Stamper
from guide.model.copies import CopyLabel, Recipient, StampStyle

SECRET = "open sesame"
NAMES = (
    "Wilhelmina Featherstonehaugh-Cholmondeley the Younger of Saxe-Coburg", "Ed",
    "山田太郎", "نور الهدى Петровић", "Anna Krasniqi",
)  # fmt: skip
STYLE = StampStyle(version="7 0 R", control="Version 1.0")
LABELS = tuple(
    CopyLabel(n, len(NAMES), name, "Staff College" if n % 3 else "", f"{n:02x}" * 16)
    for n, name in enumerate(NAMES, 1)
)


@pytest.fixture(scope="module")
def stampers() -> dict[str, Stamper]:
    """Two documents of one run: they have different numbers of pages, and of objects."""
    documents = {"one": made_pdf(), "two": made_pdf(pages=5, title="Another")}
    return {key: Stamper(data, LABELS, STYLE) for key, data in documents.items()}


@pytest.fixture(scope="module")
def copies(stampers: dict[str, Stamper]) -> dict[tuple[str, int], bytes]:
    """All copies of both documents, in turn, as one process makes them."""
    ready = {(key, ""): stamper for key, stamper in stampers.items()}
    recipe = making.Recipe("run", {}, {}, encrypt=True, stampers=ready)
    orders = [
        making.Order(
            Recipient(name=label.name, password=SECRET), (label, label), ("one", "two"), ("a.pdf", "b.pdf"), "p", ""
        )
        for label in LABELS
    ]
    made = making.make_all(recipe, orders, None)
    assert not [each.problems for each in made if each.problems]
    return {
        (key, label.number): file.data
        for label, each in zip(LABELS, made, strict=True)
        if each.parcel is not None
        for key, file in zip(("one", "two"), each.parcel.files, strict=True)
    }


def everything(data: bytes) -> list[bytes]:
    """All objects of a file, also those that no page leads to, decrypted and decompressed."""
    with pikepdf.open(io.BytesIO(data), password=SECRET) as pdf:
        return [
            each.unparse(resolved=True) + (each.read_bytes() if isinstance(each, pikepdf.Stream) else b"")
            for each in pdf.objects
            if not (isinstance(each, pikepdf.Stream) and each.get("/Type") in ("/XRef", "/ObjStm"))
        ]


def plain(data: bytes) -> bytes:
    """A file without its encryption, in an order that only its content decides."""
    with pikepdf.open(io.BytesIO(data), password=SECRET) as pdf:
        out = io.BytesIO()
        pdf.save(
            out, encryption=False, static_id=True, compress_streams=False,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )  # fmt: skip
        return out.getvalue()


def read(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data, password=SECRET)
    try:
        return "".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def test_a_copy_has_nothing_of_those_before_it(copies: dict[tuple[str, int], bytes]) -> None:
    """Not their id in any spelling, and no more objects than a copy that was made alone."""
    for (_, number), data in copies.items():
        whole = b"\n".join(everything(data))
        for other in LABELS:
            i = other.copy_id
            spelt = (i, "-".join((i[:8], i[8:12], i[12:16], i[16:20], i[20:])))
            assert [each.encode() in whole for each in spelt] == [other.number == number] * 2
    for number, name in ((2, "Ed"), (5, "Anna Krasniqi")):
        said = read(copies["two", number])
        assert f"Copy {number} of 5 · {name}" in said
        assert "Featherstonehaugh" not in said
        assert "太郎" not in said


def test_a_copy_is_what_its_file_encrypted_would_be(
    copies: dict[tuple[str, int], bytes], stampers: dict[str, Stamper]
) -> None:
    """Object by object, whoever came before; in both documents and all scripts."""
    for (key, number), data in copies.items():
        alone = encrypt(stampers[key].copy(LABELS[number - 1]), SECRET)
        assert plain(data) == plain(alone)
        assert len(everything(data)) == len(everything(alone))


@pytest.fixture
def shell(stampers: dict[str, Stamper]) -> Iterator[tuple[Shell, list[Draft]]]:
    """A document held open, and the drafts of its copies."""
    drafts = [stampers["one"].draft(label) for label in LABELS[:3]]
    making._shells.clear()
    opened = Shell(drafts[0])
    yield opened, drafts
    opened.close()


def test_permissions_and_keys_are_as_for_a_copy_made_alone(shell: tuple[Shell, list[Draft]]) -> None:
    """AES-256 in its last revision; no two files have the same key."""
    opened, drafts = shell
    closed = opened.encrypted(drafts[0], SECRET)
    assert closed != opened.encrypted(drafts[0], SECRET)
    with (
        pikepdf.open(io.BytesIO(closed), password=SECRET) as one,
        pikepdf.open(io.BytesIO(encrypt(compose(drafts[0]), SECRET)), password=SECRET) as two,
    ):
        assert one.allow == two.allow
        assert one.allow.print_highres and not one.allow.extract
        assert (one.encryption.R, one.encryption.bits) == (6, 256)
        assert one.check_pdf_syntax() == []
        keys = {bytes(pdf.trailer.Encrypt.UE) for pdf in (one, two)}
        assert len(keys) == 2
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(io.BytesIO(closed))


def test_a_copy_that_leaves_a_place_empty_opens_the_document_anew(shell: tuple[Shell, list[Draft]]) -> None:
    """What the copy before had there would stay; so would a document's that is another."""
    opened, (first, second, _) = shell
    assert opened.fits(second)
    slots = [part for part in second.own if part.number < second.base.size]
    for slot in slots:
        less = dataclasses.replace(second, own=tuple(part for part in second.own if part is not slot))
        assert not opened.fits(less)
        assert plain(making._encrypted(less, SECRET)) == plain(encrypt(compose(less), SECRET))
    assert not opened.fits(dataclasses.replace(first, base=dataclasses.replace(first.base)))


def test_a_copy_that_cannot_be_made_spoils_none_after_it(
    shell: tuple[Shell, list[Draft]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had filled already is not used again."""
    _, (first, second, third) = shell
    making._encrypted(first, SECRET)

    def fail(*_: object) -> None:
        raise OSError("no room")

    with monkeypatch.context() as broken:
        broken.setattr("guide.copies.encrypt._saved", fail)
        with pytest.raises(OSError, match="no room"):
            making._encrypted(second, SECRET)
    assert not [each for each in making._shells if each.base is first.base]
    assert plain(making._encrypted(third, SECRET)) == plain(encrypt(compose(third), SECRET))


def test_few_documents_are_open_at_a_time(stampers: dict[str, Stamper]) -> None:
    """Each takes memory; and one that is used for long is opened anew, for it only ever grows."""
    draft = stampers["one"].draft(LABELS[1])
    for _ in range(making._OPEN + 2):
        making._encrypted(dataclasses.replace(draft, base=dataclasses.replace(draft.base)), SECRET)
    assert len(making._shells) == making._OPEN
    making._encrypted(draft, SECRET)
    used = making._shells[-1]
    used.copies = making._REUSED
    assert plain(making._encrypted(draft, SECRET)) == plain(encrypt(compose(draft), SECRET))
    assert making._shells[-1] is not used
