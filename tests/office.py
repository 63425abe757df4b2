"""A real mail server in this process, a certificate of its own, small PDFs and lists."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner, Result
from post_office import LOGIN, PASSWORD, PostOffice, made_pdf, opened

from guide.cli import guide

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import weasyprint  # noqa: F401  imports that warn, which the settings take for errors
    import ziamath  # noqa: F401

@pytest.fixture
def report_pdf(tmp_path: Path) -> Path:
    """A PDF to distribute."""
    path = tmp_path / "report.pdf"
    path.write_bytes(made_pdf())
    return path


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return a function that runs `guide` in tmp_path, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUIDE_CONFIG_DIR", str(tmp_path / "config"))
    for name in ("HOST", "PORT", "USER", "PASSWORD", "SENDER", "SECURITY", "CA"):
        monkeypatch.delenv(f"GUIDE_SMTP_{name}", raising=False)
    return lambda *words: CliRunner().invoke(guide, [str(word) for word in words], prog_name="guide")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-made certificate for localhost with its key, in one PEM file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., PostOffice]]:
    """Return a function that starts a mail server, and tells guide about it."""
    running: list[Controller] = []

    def started(tls: Path | None = None, login: bool = False, **more: Any) -> PostOffice:
        office = PostOffice()
        running.append(opened(office, tls, login, **more))
        settings = {
            "HOST": "localhost", "PORT": str(office.port), "SENDER": "Training <t@example.org>",
            "SECURITY": "starttls" if tls else "none", "WAIT": "0.02", "TIMEOUT": "5", "PATIENCE": "5",
            "CA": str(tls or ""), "USER": LOGIN if login else "", "PASSWORD": PASSWORD if login else "",
        }  # fmt: skip
        for name, value in settings.items():
            monkeypatch.setenv(f"GUIDE_SMTP_{name}", value)
        return office

    yield started
    for controller in running:
        controller.stop()
