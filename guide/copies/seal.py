"""Copies closed: encrypted for their recipient, signed by the person who issues them."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import itertools
import re
from dataclasses import dataclass
from typing import Any

from guide.copies.anchors import spot_of
from guide.copies.original import archival
from guide.diagnostics.calling import install
from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.foreign.apart import apart
from guide.foreign.forms import names_of_fields
from guide.model.copies import Seal, Signature
from guide.model.pageview import PageView, apply, view_of
from guide.units import POINTS_PER_MM

FIELD = "Signature"  # the name of our signature field
_BOX = (58.0, 14.0)  # mm: the visible signature
_CORNER = (20.0, 42.0)  # mm: its lower left corner on a first page without a box for the number
_GAP = 4.0  # mm between it and the box for the copy's number
_KEY_HINT = (
    "Give a PKCS#12 file (.p12, .pfx), or one PEM file with the key and its certificate; "
    "put its passphrase into the environment variable GUIDE_SIGN_PASSPHRASE"
)


@dataclass(frozen=True)
class Sealed:
    """A sealed copy, and its detached signature if that was asked for (CMS, DER)."""

    data: bytes
    signature: bytes | None = None


def check_seal(seal: Seal, pdf: bytes, path: str) -> None:
    """Raise GuideError when a document cannot be sealed so, before any copy is made.

    PDF/A forbids encryption (ISO 19005-1, 6.1.3, and the later parts alike). The key is read, and a
    certificate that is not valid today is refused: nobody could trust what it signs.
    """
    at = Place(path)
    if seal.password.get_secret_value() and (
        part := apart(_archival, pdf, name=path, size=len(pdf))
    ):
        message = f"the document is PDF/A-{part}, which must not be encrypted"
        hint = "Leave --encrypt out, or distribute the document that is not for the archive."
        raise GuideError(error("seal-contradiction", message, at, hint))
    if seal.signature is None:
        return
    if seal.signature.visible and seal.signature.detached:
        message = "a detached signature has no place on a page: it cannot be visible"
        hint = "Leave --visible or --detached out."
        raise GuideError(error("seal-contradiction", message, at, hint))
    certificate = signer_of(seal.signature).signing_cert
    valid = certificate["tbs_certificate"]["validity"]
    now = dt.datetime.now(dt.UTC)
    if not valid["not_before"].native <= now <= valid["not_after"].native:
        message = f"the certificate was valid until {valid['not_after'].native:%Y-%m-%d}"
        if now < valid["not_before"].native:
            message = f"the certificate is valid from {valid['not_before'].native:%Y-%m-%d}"
        hint = "Sign with a certificate that is valid today."
        raise GuideError(error("bad-key", message, Place("--sign"), hint))


def sign(data: bytes, how: Seal) -> Sealed:
    """Return a copy signed that is encrypted already, if it is to be; raises GuideError.

    The signature comes last and covers the encrypted file. Embedded it certifies the copy (PAdES
    B-B; DocMDP 1, ISO 32000-2, 12.8.2.2: no change is allowed). It fills the field that `with_field`
    put into the document before it was stamped.
    """
    password = how.password.get_secret_value()
    if how.signature is None:
        return Sealed(data)
    signer = signer_of(how.signature)
    if how.signature.detached:
        signed = asyncio.run(signer.async_sign_general_data(data, "sha256", detached=True))
        return Sealed(data, signed.dump())
    return Sealed(_signed(data, password, how.signature, signer))


def with_field(data: bytes, how: Signature) -> bytes:
    """Return a document with an empty field for the signature on its first page.

    A visible one is above the box for the copy's number, where there is one; one without size
    is not seen. It is upright on a page that is turned, and its name is free in the document. Both are
    in the structure tree as a Form (ISO 14289-1, 7.18.4): pyHanko, which fills it, knows nothing of tags.
    """
    import pikepdf

    with pikepdf.open(io.BytesIO(data)) as pdf:
        page = pdf.pages[0].obj
        view = view_of(page)
        wide, high = (side * POINTS_PER_MM if how.visible else 0.0 for side in _BOX)
        box, label = _placed(pdf, view, wide, high), how.caption
        field = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Sig,
                T=pikepdf.String(_free_name(pdf)), TU=pikepdf.String(label), F=132, P=page,
                Rect=pikepdf.Array([round(side, 2) for side in box]), GuideSeal=True,
                MK=pikepdf.Dictionary(R=view.turn),
            )
        )  # fmt: skip
        page.Annots = pikepdf.Array([*page.get("/Annots", []), field])
        form = pdf.Root.get("/AcroForm", pikepdf.Dictionary())
        form.Fields = pikepdf.Array([*form.get("/Fields", []), field])
        pdf.Root.AcroForm = form
        tree = pdf.Root.get("/StructTreeRoot")
        if isinstance(tree, pikepdf.Dictionary) and "/ParentTree" in tree:
            _tag(pdf, page, tree, field, label)
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True, fix_metadata_version=False)
    return out.getvalue()


def _tag(pdf: Any, page: Any, tree: Any, field: Any, label: str) -> None:
    """Put a field at the end of the document's structure."""
    import pikepdf

    numbers = pikepdf.NumberTree(tree.ParentTree)
    key = max([int(tree.get("/ParentTreeNextKey", 0)), *(number + 1 for number in numbers)])
    above = tree.get("/K")
    while isinstance(above, pikepdf.Array) and len(above) == 1:
        above = above[0]
    top = above if isinstance(above, pikepdf.Dictionary) else tree
    element = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.StructElem, S=pikepdf.Name.Form, P=top, Pg=page,
            Alt=pikepdf.String(label),
            K=pikepdf.Dictionary(Type=pikepdf.Name.OBJR, Obj=field, Pg=page),
        )
    )  # fmt: skip
    kids = top.get("/K")
    known = [] if kids is None else list(kids) if isinstance(kids, pikepdf.Array) else [kids]
    top.K = pikepdf.Array([*known, element])
    field.StructParent = key
    numbers[key] = element
    tree.ParentTreeNextKey = key + 1
    page.Tabs = pikepdf.Name.S


def _free_name(pdf: Any) -> str:
    taken = names_of_fields(pdf)
    return next(name for n in itertools.count(1) if (name := FIELD + str(n) * (n > 1)) not in taken)


def _placed(pdf: Any, view: PageView, wide: float, high: float) -> tuple[float, ...]:
    """Return the rectangle of the signature in user space; `wide` and `high` are in pt as read."""
    left, foot = (side * POINTS_PER_MM for side in _CORNER)
    # A page that is smaller than corner and box keeps the box inside.
    left, foot = max(0.0, min(left, view.width - wide)), max(0.0, min(foot, view.height - high))
    box = spot_of(pdf, "copy-box")
    if box is not None and box[0] == pdf.pages[0].obj.objgen:
        left, foot = apply(view.outward, box[1], box[2])
        foot += _GAP * POINTS_PER_MM
    x0, y0 = apply(view.inward, left, foot)
    x1, y1 = apply(view.inward, left + wide, foot + high)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _signed(data: bytes, password: str, how: Signature, signer: Any) -> bytes:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign import fields, signers

    reader = PdfFileReader(io.BytesIO(data), strict=False)
    if password:
        reader.decrypt(password)
    name, turn = _own_field(reader)
    meta = signers.PdfSignatureMetadata(
        field_name=name,
        md_algorithm="sha256",
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        subfilter=fields.SigSeedSubFilter.PADES,
    )
    style = None
    if how.visible:
        from pyhanko.pdf_utils.layout import AxisAlignment, Margins, SimpleBoxLayoutRule
        from pyhanko.stamp import StaticStampStyle

        style = StaticStampStyle(
            border_width=0,
            background=_drawn(_appearance(signer, how), turn),
            background_layout=SimpleBoxLayoutRule(
                x_align=AxisAlignment.ALIGN_MIN,
                y_align=AxisAlignment.ALIGN_MIN,
                margins=Margins(0, 0, 0, 0),
            ),
        )
    try:
        writer = IncrementalPdfFileWriter.from_reader(reader)
        out = io.BytesIO()
        made = signers.PdfSigner(meta, signer, stamp_style=style)
        asyncio.run(made.async_sign_pdf(writer, existing_fields_only=True, output=out))
    except (PdfError, ValueError, KeyError, TypeError) as exc:
        message = f"the copy cannot be signed: {' '.join(str(exc).split())[:160]}"
        hint = "Sign beside the copy: --detached"
        raise GuideError(error("bad-key", message, Place("--sign"), hint)) from exc
    return out.getvalue()


def _own_field(reader: Any) -> tuple[str, int]:
    """Return the name of the field that `with_field` made, and how far its content is turned."""
    from pyhanko.sign.fields import enumerate_sig_fields

    for name, _, reference in enumerate_sig_fields(reader, filled_status=False):
        field = reference.get_object()
        if "/GuideSeal" in field:
            return name, int(field.get("/MK", {}).get("/R", 0))
    return FIELD, 0


def _drawn(pdf: bytes, turn: int) -> Any:
    """Return a page as what pyHanko puts into a box; pyHanko itself reads pages from files only.

    `turn` is in degrees, counterclockwise: it undoes that of the page.
    """
    from pyhanko.pdf_utils.content import PdfContent
    from pyhanko.pdf_utils.layout import BoxConstraints
    from pyhanko.pdf_utils.reader import PdfFileReader

    class Drawn(PdfContent):
        def render(self) -> bytes:
            form = self._ensure_writer.import_page_as_xobject(PdfFileReader(io.BytesIO(pdf)))
            self.resources.xobject["/Signed"] = form
            x0, y0, x1, y1 = form.get_object()["/BBox"]
            wide, high = abs(x1 - x0), abs(y1 - y0)
            matrix = {
                90: b"0 1 -1 0 %.2f 0" % high,
                180: b"-1 0 0 -1 %.2f %.2f" % (wide, high),
                270: b"0 -1 1 0 0 %.2f" % wide,
            }.get(turn, b"1 0 0 1 0 0")
            sides = (high, wide) if turn in {90, 270} else (wide, high)
            self.box = BoxConstraints(width=sides[0], height=sides[1])
            return b"q %s cm /Signed Do Q" % matrix

    return Drawn()


_signers: dict[tuple[bytes, str], Any] = {}


def signer_of(how: Signature) -> Any:
    """Return pyHanko's signer for a key; raises GuideError. It is read once in each process."""
    passphrase = how.passphrase.get_secret_value()
    known = (how.key, passphrase)
    if known not in _signers:
        read = _from_pem if b"-----BEGIN" in how.key else _from_pkcs12
        try:
            _signers[known] = read(how.key, passphrase.encode() or None)
        except ImportError as exc:
            hint = f"Install it: `{install('sign')}`."
            message = "to sign needs pyHanko"
            raise GuideError(error("missing-extra", message, Place("--sign"), hint)) from exc
        except (ValueError, TypeError, KeyError, OSError) as exc:
            said = " ".join(str(exc).split())[:120] or type(exc).__name__
            message = f"the key cannot be used: {said}"
            raise GuideError(error("bad-key", message, Place("--sign"), _KEY_HINT)) from exc
    return _signers[known]


def _from_pkcs12(data: bytes, secret: bytes | None) -> Any:
    from cryptography.hazmat.primitives.serialization import pkcs12
    from pyhanko.sign.signers import SimpleSigner

    pkcs12.load_key_and_certificates(data, secret)  # says more clearly than pyHanko what is wrong
    made = SimpleSigner.load_pkcs12_data(data, [], secret)
    if made is None or made.signing_cert is None:
        raise ValueError("it holds no key with a certificate")
    return made


def _from_pem(data: bytes, secret: bytes | None) -> Any:
    from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    certificates = list(load_certs_from_pemder_data(_only(data, b"CERTIFICATE")))
    key = load_private_key_from_pemder_data(_only(data, b"PRIVATE KEY"), secret)
    own = next((c for c in certificates if _fits(c, key)), None)
    if own is None:
        raise ValueError("no certificate in it belongs to the key")
    store: Any = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple(certificates)
    return SimpleSigner(own, key, store)


def _only(pem: bytes, kind: bytes) -> bytes:
    """Return the blocks of a PEM file whose name ends in `kind`."""
    block = rb"-----BEGIN ([A-Z0-9 ]*?)%b-----.*?-----END \1%b-----" % (kind, kind)
    found = [match[0] for match in re.finditer(block, pem, re.S)]
    if not found:
        raise ValueError(f"it holds no {kind.decode().lower()}")
    return b"\n".join(found) + b"\n"


def _fits(certificate: Any, key: Any) -> bool:
    from cryptography.hazmat.primitives import serialization
    from cryptography.x509 import load_der_x509_certificate

    def spki(public: Any) -> bytes:
        coded: bytes = public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return coded

    private = serialization.load_der_private_key(key.dump(), None)
    return spki(load_der_x509_certificate(certificate.dump()).public_key()) == spki(
        private.public_key()
    )


def _archival(pdf: bytes) -> str:
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            return archival(opened)
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError):
        return ""


def _appearance(signer: Any, how: Signature) -> bytes:
    """Return a page of the size of the box that says who signed; set in the bundled fonts."""
    from html import escape

    from guide.copies.labels import label_page, plain
    from guide.pdf.typeset import typeset

    subject = signer.signing_cert.subject.native
    name = str(subject.get("common_name") or signer.signing_cert.subject.human_friendly)
    body = (
        f'<div class="stamp-signature"><p>{escape(how.caption)}</p>'
        f'<p class="name">{escape(plain(name, 80))}</p></div>'
    )
    return typeset(label_page(how.lang, body, _BOX)).data
