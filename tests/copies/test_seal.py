"""Copies encrypted and signed, opened by libraries that guide does not use for it."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from click.testing import Result
from post_office import made_pdf

from guide.copies.encrypt import encrypt, password_fault
from guide.copies.seal import Sealed, check_seal, sign, with_field
from guide.copies.stamp import Stamper
from guide.diagnostics.diagnostic import GuideError
from guide.model.copies import CopyLabel, Seal, Signature, StampStyle

Run = Callable[..., Result]
LABEL = CopyLabel(3, 9, "Jovan Petrović", "Ministry", "ab" * 16)


def seal(data: bytes, how: Seal) -> Sealed:
    """Return a copy encrypted, if it has a password, and signed."""
    password = how.password.get_secret_value()
    return sign(encrypt(data, password) if password else data, how)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with key.p12 (passphrase geheim), key.pem, cert.pem and an expired key, old.pem."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import pkcs12
    from cryptography.x509.oid import NameOID

    folder = tmp_path_factory.mktemp("keys")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Training Branch")])
    now = dt.datetime.now(dt.UTC)

    def certificate(first: int, last: int) -> Any:
        usage = x509.KeyUsage(True, True, False, False, False, True, False, False, False)
        return (
            x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now + dt.timedelta(days=first))
            .not_valid_after(now + dt.timedelta(days=last))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True).sign(key, hashes.SHA256())
        )  # fmt: skip

    made, old = certificate(-1, 30), certificate(-30, -1)
    secret = serialization.BestAvailableEncryption(b"geheim")
    (folder / "key.p12").write_bytes(pkcs12.serialize_key_and_certificates(b"g", key, made, None, secret))
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = serialization.Encoding.PEM
    (folder / "key.pem").write_bytes(plain + made.public_bytes(pem))
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "old.pem").write_bytes(plain + old.public_bytes(pem))
    return folder


@pytest.fixture(scope="module")
def copy() -> bytes:
    return Stamper(made_pdf(), [LABEL], StampStyle(version="1.0")).copy(LABEL)


def signature(keys: Path, **more: Any) -> Signature:
    return Signature(key=(keys / "key.p12").read_bytes(), passphrase="geheim", **more)


def validated(data: bytes, keys: Path, password: str = "") -> Any:
    from pyhanko.keys import load_cert_from_pemder
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    reader = PdfFileReader(io.BytesIO(data))
    if password:
        reader.decrypt(password)
    root = load_cert_from_pemder(str(keys / "cert.pem"))
    context = ValidationContext(trust_roots=[root], allow_fetching=False)
    return validate_pdf_signature(reader.embedded_signatures[0], context)


@pytest.mark.parametrize("password", ["abc", "drei Wörter hier", "пароль", "x" * 127])
def test_an_encrypted_copy_opens_with_its_password(copy: bytes, password: str) -> None:
    """In PDFium and in qpdf, with all of its text; and with no other."""
    closed = encrypt(copy, password)
    document = pypdfium2.PdfDocument(closed, password=password)
    for page in document:
        assert "Copy 3 of 9 · Jovan Petrović · Ministry" in page.get_textpage().get_text_range()
    document.close()
    for wrong in (None, password + "x"):
        with pytest.raises(pypdfium2.PdfiumError):
            pypdfium2.PdfDocument(closed, password=wrong)
    with pikepdf.open(io.BytesIO(closed), password=password) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert str(pdf.encryption.stream_method).endswith("aesv3")
        assert pdf.encryption.bits == 256
        assert pdf.allow.accessibility
        assert pdf.allow.print_highres
        assert not pdf.allow.modify_other
        assert str(pdf.docinfo["/GuideCopy"]) == LABEL.copy_id
    assert b"Jovan" not in closed


def test_an_encrypted_copy_is_never_the_same_twice(copy: bytes) -> None:
    """Key and vectors are new each time."""
    assert encrypt(copy, "abc") != encrypt(copy, "abc")


def test_a_copy_may_be_printed_and_read_aloud_but_not_changed(copy: bytes) -> None:
    """The permissions are in the file; viewers keep to them."""
    with pikepdf.open(io.BytesIO(encrypt(copy, "abc")), password="abc") as pdf:
        assert pdf.allow.print_highres and pdf.allow.accessibility
        assert not pdf.allow.extract and not pdf.allow.modify_other


@pytest.mark.parametrize("password", ["x" * 128, "a\u00adb", "tab\there", "non\u00a0breaking", "ﬁne"])
def test_passwords_that_viewers_read_differently(password: str) -> None:
    """They are refused rather than shut somebody out."""
    assert password_fault(password)


@pytest.mark.parametrize("visible", [False, True])
@pytest.mark.parametrize("password", ["", "abc"])
def test_a_signature_certifies_the_copy(keys: Path, visible: bool, password: str) -> None:
    """It fits, covers the whole file, is trusted, allows no change; the stamp is still readable."""
    how = signature(keys, visible=visible)
    base = with_field(made_pdf(), how)
    plain = Stamper(base, [LABEL], StampStyle()).copy(LABEL)
    signed = seal(plain, Seal(password=password, signature=how)).data
    status = validated(signed, keys, password)
    assert status.bottom_line
    assert status.coverage.name == "ENTIRE_FILE"
    assert status.docmdp_ok
    document = pypdfium2.PdfDocument(signed, password=password or None)
    document.init_forms()
    text = document[0].get_textpage().get_text_range()
    assert "Copy 3 of 9" in text
    document.close()
    with pikepdf.open(io.BytesIO(signed), password=password) as pdf:
        assert pdf.check_pdf_syntax() == []
        field = pdf.Root.AcroForm.Fields[0]
        assert str(field.V.SubFilter) == "/ETSI.CAdES.detached"
        assert int(pdf.Root.Perms.DocMDP.Reference[0].TransformParams.P) == 1
        x0, y0, x1, y1 = (float(side) for side in field.Rect)
        assert (x1 > x0 and y1 > y0) == visible


def test_a_detached_signature_leaves_the_copy_alone(copy: bytes, keys: Path) -> None:
    """OpenSSL's kind of file: CMS in DER."""
    from asn1crypto import cms

    sealed = seal(copy, Seal(signature=signature(keys, detached=True)))
    assert sealed.data == copy
    assert sealed.signature is not None
    assert cms.ContentInfo.load(sealed.signature)["content_type"].native == "signed_data"


@pytest.mark.parametrize(
    ("file", "passphrase", "code"),
    [("key.p12", "wrong", "bad-key"), ("cert.pem", "", "bad-key"), ("old.pem", "", "bad-key"),
     ("key.p12", "geheim", "")],
)  # fmt: skip
def test_keys(keys: Path, file: str, passphrase: str, code: str) -> None:
    """What cannot sign is refused before any copy is made."""
    how = Seal(signature=Signature(key=(keys / file).read_bytes(), passphrase=passphrase))
    if not code:
        check_seal(how, made_pdf(), "x.pdf")
        return
    with pytest.raises(GuideError) as caught:
        check_seal(how, made_pdf(), "x.pdf")
    assert caught.value.diagnostics[0].code == code


def test_contradictions(keys: Path, run: Run, report_pdf: Path, tmp_path: Path) -> None:
    """PDF/A is not encrypted, a detached signature is not visible: nothing is written."""
    (tmp_path / "r.csv").write_text("name,password\nAnna,abc\n")
    words = ("distribute", "report.pdf", "--to", "r.csv", "--send", "-o", "out")
    said = run(*words, "--sign", keys / "key.pem", "--visible", "--detached")
    assert said.exit_code == 1
    assert "error[seal-contradiction]" in said.output
    with pikepdf.open(io.BytesIO(made_pdf())) as pdf:
        with pdf.open_metadata() as meta:
            meta["pdfaid:part"] = "3"
        pdf.save(report_pdf)
    said = run(*words, "--encrypt")
    assert "error[seal-contradiction]" in said.output
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "r.ledger.db").exists()


# Verify --------------------------------------------------------------------------------------------


@pytest.fixture
def sent(run: Run, report_pdf: Path, tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Two signed and encrypted copies in out/; returns `guide verify` with the list."""
    monkeypatch.setenv("GUIDE_SIGN_PASSPHRASE", "geheim")
    (tmp_path / "r.csv").write_text("name,organisation,password\nAnna,College,one-1\nJovan,Ministry,two-2\n")
    said = run("distribute", "report.pdf", "--to", "r.csv", "--send", "-o", "out", "--encrypt",
               "--sign", keys / "key.p12", "--doc-version", "3.1")  # fmt: skip
    assert said.exit_code == 0, said.output
    return lambda *words: run("verify", *words)


def names(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.pdf"))


def test_verify_says_whose_copy_it_is(sent: Run, tmp_path: Path, keys: Path) -> None:
    """Number, person, version, bytes, signature and seal."""
    found = sent(*names(tmp_path / "out"), "--to", "r.csv", "--trust", keys / "cert.pem", "--json")
    assert found.exit_code == 0, found.output
    first, second = json.loads(found.output)
    assert (first["number"], first["total"], first["name"], first["version"]) == (1, 2, "Anna", "3.1")
    assert second["name"] == "Jovan"
    for each in (first, second):
        assert each["bytes"] == "intact"
        assert each["encryption"] == "AES-256"
        assert [(s["state"], s["trusted"]) for s in each["signatures"]] == [("intact", True)]
        assert list(each["pages"]) == [each["copy_id"]]
        assert not each["diagnostics"]


def test_verify_without_password_or_ledger(sent: Run, tmp_path: Path) -> None:
    """The id is read from the closed file; the manifest knows the bytes."""
    path = names(tmp_path / "out")[1]
    found = sent(path)
    assert found.exit_code == 0
    assert "Jovan" in found.output
    assert "warning[locked-pdf]" in found.output
    (tmp_path / "r.ledger.db").unlink()
    found = sent(path)
    assert "as they were given out" in found.output
    assert "Jovan" not in found.output


def test_verify_a_file_that_was_saved_again(sent: Run, tmp_path: Path) -> None:
    """By a viewer, as one page, put together, altered: still whose it is, and not as it was."""
    one, two = names(tmp_path / "out")
    with (
        pikepdf.open(one, password="one-1") as a,
        pikepdf.open(two, password="two-2") as b,
        pikepdf.new() as mixed,
        pikepdf.new() as page,
    ):
        page.pages.append(a.pages[-1])
        page.save(tmp_path / "page.pdf")
        for source in (a, b):
            mixed.add_pages_from(source, [0])
        mixed.save(tmp_path / "mixed.pdf")
        a.save(tmp_path / "again.pdf")
    for name in ("page.pdf", "again.pdf"):
        found = sent(name, "--to", "r.csv")
        assert found.exit_code == 1
        assert "1 of 2, Anna, College" in found.output
        assert "error[copy-changed]" in found.output
        gone = "encrypted and signed" if name == "page.pdf" else "encrypted"
        assert f"the copy was given out {gone}; this file is not" in found.output
    found = sent("mixed.pdf", "--to", "r.csv")
    assert "error[mixed-copies]" in found.output
    assert "page 2 from copy 2" in found.output


def test_verify_finds_a_broken_signature(run: Run, report_pdf: Path, tmp_path: Path, keys: Path) -> None:
    """One byte of the page is enough; so is anything added after signing."""
    (tmp_path / "r.csv").write_text("name\nAnna\n")
    said = run("distribute", "report.pdf", "--to", "r.csv", "--send", "-o", "out", "--sign", keys / "key.pem")
    assert said.exit_code == 0, said.output
    path = names(tmp_path / "out")[0]
    data = path.read_bytes()
    assert "fits the file" in run("verify", path, "--to", "r.csv").output
    at = data.index(b"stream\n") + 20
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert "error[broken-signature]" in run("verify", path, "--to", "r.csv").output
    path.write_bytes(data)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.save(path)
    found = run("verify", path, "--to", "r.csv")
    assert found.exit_code == 1
    assert "error[broken-signature]" in found.output


def test_verify_a_detached_signature(run: Run, report_pdf: Path, tmp_path: Path, keys: Path) -> None:
    """The file beside is found, for the copy and by its own name."""
    (tmp_path / "r.csv").write_text("name\nAnna\n")
    run("distribute", "report.pdf", "--to", "r.csv", "--send", "-o", "out", "--sign", keys / "key.pem", "--detached")
    path = names(tmp_path / "out")[0]
    for each in (path, f"{path}.p7s"):
        found = run("verify", each, "--to", "r.csv", "--trust", keys / "cert.pem")
        assert "fits the file, by Training Branch, trusted (beside the file)" in found.output
    path.write_bytes(path.read_bytes() + b"\n")
    assert "error[broken-signature]" in run("verify", path, "--to", "r.csv").output


def test_verify_what_is_no_copy(run: Run, report_pdf: Path, tmp_path: Path) -> None:
    """One bad file does not keep the others from being looked at."""
    (tmp_path / "note.txt").write_text("hello")
    found = run("verify", "note.txt", "missing.pdf", "report.pdf")
    assert found.exit_code == 1
    for code in ("not-a-pdf", "unreadable-file", "not-a-copy"):
        assert f"error[{code}]" in found.output


def test_verify_looks_into_zips(run: Run, report_pdf: Path, tmp_path: Path) -> None:
    """As they were sent."""
    (tmp_path / "r.csv").write_text("name,copies\nAnna,2\n")
    said = run("distribute", "report.pdf", "--to", "r.csv", "--send", "-o", "out", "--channel", "zip")
    assert said.exit_code == 0, said.output
    archive = next((tmp_path / "out").glob("*.zip"))
    found = run("verify", archive, "--to", "r.csv")
    assert found.exit_code == 0, found.output
    assert found.output.count("as they were given out") == 2


def foreign(rotate: int, own_field: bool) -> bytes:
    """A page whose box begins at 1000, 1000, cropped, turned; with its own empty field `Signature`."""
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(595, 842)).obj
        page.MediaBox = pikepdf.Array([1000, 1000, 1595, 1842])
        page.CropBox = pikepdf.Array([1050, 1100, 1595, 1842])
        page.Rotate = rotate
        if own_field:
            field = pikepdf.Dictionary(FT=pikepdf.Name.Sig, T=pikepdf.String("Signature"), Rect=pikepdf.Array([0] * 4),
                                       Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget)  # fmt: skip
            page.Annots = pikepdf.Array([pdf.make_indirect(field)])
            pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([page.Annots[0]]))
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


@pytest.mark.parametrize(("rotate", "own_field"), [(0, True), (90, False), (180, False), (270, False)])
def test_a_visible_signature_is_upright_at_the_lower_left(keys: Path, rotate: int, own_field: bool) -> None:
    """Of the page as a reader sees it; a field of the document's keeps its name to itself."""
    how = signature(keys, visible=True)
    base = with_field(foreign(rotate, own_field), how)
    signed = seal(base, Seal(signature=how)).data
    assert validated(signed, keys).bottom_line
    pictures = []
    for data in (base, signed):
        document = pypdfium2.PdfDocument(data)
        document.init_forms()
        pictures.append(document[0].render(scale=1).to_numpy().min(axis=-1).astype(int))
        document.close()
    changed = abs(pictures[0] - pictures[1]) > 30
    rows, columns = changed.any(axis=1).nonzero()[0], changed.any(axis=0).nonzero()[0]
    mm = 72 / 25.4
    high = changed.shape[0]
    assert 19 * mm < columns.min() < 24 * mm
    assert columns.max() - columns.min() < 59 * mm
    assert 41 * mm < high - rows.max() < 46 * mm
    assert columns.max() - columns.min() > 2 * (rows.max() - rows.min())  # lying, not standing
    with pikepdf.open(io.BytesIO(signed)) as pdf:
        names = [str(field.T) for field in pdf.Root.AcroForm.Fields]
        assert len(set(names)) == len(names) == 1 + own_field
        filled = [str(field.T) for field in pdf.Root.AcroForm.Fields if "/V" in field]
        assert filled == ["Signature2" if own_field else "Signature"]
