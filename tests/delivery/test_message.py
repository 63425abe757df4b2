"""Messages as bytes: no text becomes a header, and the finished bytes are what was meant."""

from __future__ import annotations

import email
import email.policy
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import example, given, settings
from hypothesis import strategies as st
from post_office import PostOffice, made_pdf

from guide.delivery import message
from guide.delivery.channels.base import File
from guide.delivery.message import Content, clean, composed
from guide.delivery.answers import Patience, named_wait

ATTACK = "=?utf-8?q?News=0D=0AReply-To:_thief=40evil.org=0D=0A=0D=0AClick_http://evil.org?="
HEADERS = ["From", "To", "Subject", "Date", "Message-ID"]
MIME = {"MIME-Version", "Content-Type", "Content-Transfer-Encoding"}


def content(text: str) -> Content:
    """Return a message with a text in every place that a pack or a list can fill."""
    return Content(
        sender="Training <t@example.org>", to_name=text, to_address="j@example.org", subject=text,
        message_id="<guide.1@example.org>", text=text, html=f"<p>{text}</p>",
        files=(File(f"{text}.pdf", b"%PDF" * 99),),
    )  # fmt: skip


words = st.text(
    st.sampled_from('=?utf8Q_bcqB:\r\n\0 \x0b\x85\u2028\u202e0DA@<>"\\,;éж\ud800-'), max_size=60
)
pieces = st.lists(
    st.sampled_from(
        [
            "=?utf-8?q?",
            "=?utf-8?b?",
            "?=",
            "=0D=0A",
            "Bcc:_x=40y.z",
            "DQpCY2M6IHg=",
            "\r\n",
            " ",
            "a",
            "=3D=3F",
            "=?x*en?Q?",
        ]
    ),
    max_size=14,
).map("".join)


@settings(max_examples=30)
@given(text=st.one_of(words, pieces, st.text(max_size=80)))
@example(text=ATTACK)
@example(text="=?utf-8?b?DQpCY2M6IHRoaWVmQGV2aWwub3Jn?=")
@example(text="=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=0D=0ABcc:x=3F=3D?=")
@example(text="=?utf-8*en?q?a=0ABcc:_x?=")
@example(text="x" * 500)
def test_no_text_adds_or_ends_a_header(text: str) -> None:
    """Whatever stands in a title, a name or a file's name: the same headers, and one tree of parts."""
    data = composed(content(text))
    head, _, _ = data.partition(b"\r\n\r\n")
    names = [
        line.partition(b":")[0].decode() for line in head.split(b"\r\n") if line[:1] not in b" \t"
    ]
    assert [name for name in names if name not in MIME] == HEADERS
    read = email.message_from_bytes(data, policy=email.policy.default)
    assert [part.get_content_type() for part in read.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf",
    ]  # fmt: skip
    assert read["Reply-To"] is None and read["Bcc"] is None
    assert data.isascii() and b"\0" not in data


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (ATTACK, "News Reply-To: thief@evil.org Click http://evil.org"),
        ("A plain title", "A plain title"),
        ("Prüfung  für\u2028Ćirić", "Prüfung für Ćirić"),
        ("why =? not", "why =? not"),
        ('"Doc" Holliday, <b>', '"Doc" Holliday, <b>'),
    ],
)
def test_a_title_is_shown_as_it_is_meant(written: str, shown: str) -> None:
    """Decoded, in one line; a reader sees it so in the subject and beside the address."""
    assert clean(written) == shown
    read = email.message_from_bytes(composed(content(written)), policy=email.policy.default)
    assert read["Subject"] == shown
    assert read["To"].addresses[0].display_name == shown
    assert read["To"].addresses[0].addr_spec == "j@example.org"


def test_finished_bytes_that_are_not_what_was_meant_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The check does not trust what wrote the headers."""
    monkeypatch.setattr(message, "clean", lambda text: text)
    monkeypatch.setattr(message, "_text", lambda text: text)
    for bad in ("x\r\nBcc: thief@evil.org", "x\r\n\r\nanother body", "x\ny", "x" * 2000):
        with pytest.raises(ValueError, match=r"meant|line|header"):
            composed(content("a plain title").__class__(**{**vars(content("a")), "subject": bad}))


def test_mail_of_a_document_that_attacks(
    run: Callable[..., Result], serve: Callable[..., PostOffice], tmp_path: Path
) -> None:
    """A title and a name that are encoded words, over the wire."""
    office = serve()
    (tmp_path / "attack.pdf").write_bytes(made_pdf(title=ATTACK))
    (tmp_path / "list.csv").write_text(
        f"name,email,ref\n{ATTACK},h@example.org,{ATTACK}\n", "utf-8"
    )
    done = run(
        "distribute", "attack.pdf", "--to", "list.csv", "--channel", "smtp", "--send"
    )
    assert done.exit_code == 0, done.output
    (raw,) = office.raw["h@example.org"]
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0].lower()
    assert b"\nreply-to:" not in head
    (letter,) = office.boxes["h@example.org"]
    assert letter["Reply-To"] is None
    assert letter.get_content_type() == "multipart/mixed"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
def test_a_template_cannot_take_this_processs_memory(tmp_path: Path) -> None:
    """A pack's own letter is written in a child within limits; a preview says so and ends."""
    pack = tmp_path / "greedy"
    (pack / "templates" / "mail").mkdir(parents=True)
    (pack / "pack.yaml").write_text("format: 1\nlang: en\ntitle: T\nversion: '1'\n", "utf-8")
    (pack / "templates" / "mail" / "body.txt").write_text(
        "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% for j in range(99999) %}"
        "{% set ns.x = ns.x + ['%09d' % i * 5000] %}{% endfor %}{% endfor %}", "utf-8"
    )  # fmt: skip
    (tmp_path / "list.csv").write_text("name,email\nA,a@example.org\n", "utf-8")
    program = (
        "from guide.cli import guide\n"
        "try: guide()\n"
        "finally: print(*(line for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    words = ["distribute", str(pack), *["--to", "list.csv", "--channel", "smtp", "--smtp", "localhost", "--from", "t@example.org"]]
    environment = {**os.environ, "GUIDE_LIMITS": "memory=200,seconds=5"}
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "error[render-limit]" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert int(done.stdout.split("VmHWM:")[1].split()[0]) < 150_000, "kB"
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("450 4.2.0 Greylisted, please come back in 300 seconds", 300),
        ("451 4.7.1 Greylisting in action, try again in 00:04:30", 270),
        ("450 try again in 5 minutes", 300),
        ("450 Greylisted for 1 hour and 30 min", 5400),
        ("451 Please retry after 240s", 240),
        ("450 4.7.1 greylisted, retry-after=120", 120),
        ("450 wait 2 min 5 sec, then come back", 125),
        ("450 4.2.0 Greylisted, see http://postgrey.example.org/", None),
        ("452 4.2.2 mailbox full", None),
        ("450 4.7.1 5 messages in the queue", None),
    ],
)
def test_the_servers_own_time_is_read(text: str, seconds: float | None) -> None:
    """Times as Postgrey, Exim, Exchange and others write them."""
    assert named_wait(text) == seconds


def test_mail_is_tried_for_a_quarter_of_an_hour() -> None:
    """In the default; a server that names a time is asked then, but not for ever."""
    from guide.delivery.mail import Server

    server = Server("localhost", "t@example.org")
    patience = Patience(server.tries, server.wait)
    assert patience.span >= 900

    def told(text: str) -> list[float]:
        times, attempt = [0.0], 1
        while (pause := patience.pause(text, attempt, times[-1])) is not None:
            times.append(times[-1] + pause)
            attempt += 1
        return times

    assert 900 <= told("450 later")[-1] < 1200 and any(time > 300 for time in told("450 later"))
    named = told("450 come back in 300 seconds")
    assert named[1] == 301 and named[-1] >= 900
    assert 900 <= told("450 come back in 1 second")[-1] < 1200
    assert told("450 come back in 2 hours") == [0.0], "that is for another run"


def test_a_copy_that_never_arrived_is_sent_again_under_another_id(
    run: Callable[..., Result], serve: Callable[..., PostOffice], report_pdf: Path, tmp_path: Path
) -> None:
    """The first id is known to the recipient's server, which would drop the second mail."""
    office = serve()
    (tmp_path / "list.csv").write_text("name,email\nA,a@example.org\n", "utf-8")
    words = ("distribute", report_pdf, "--to", "list.csv", "--channel", "smtp", "--send")
    assert run(*words).exit_code == 0
    office.drop_after = {"a@example.org": 1}
    assert run(*words, "--resend", "1").exit_code == 1
    assert run(*words, "--resend", "1").exit_code == 0
    ids = [letter["Message-ID"] for letter in office.boxes["a@example.org"]]
    assert ids[0] != ids[1], "it is sent anew"
    assert ids[1] == ids[2], "it is uncertain whether the second arrived"
    assert office.boxes["a@example.org"][0]["Subject"] == "A Report: copy 1", "no version that nobody named"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("HOST", "mail..example.org"), ("HOST", "a b"), ("TIMEOUT", "0"), ("PATIENCE", "0"), ("PATIENCE", "nan"),
        ("SENDER", "t@" + "x" * 70 + ".é"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused_before_copies_are_made(
    setting: str, value: str, run: Callable[..., Result], serve: Callable[..., PostOffice], report_pdf: Path,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Each with the setting's name, and nothing written."""
    serve()
    monkeypatch.setenv(f"GUIDE_SMTP_{setting}", value)
    (tmp_path / "list.csv").write_text("name,email\nA,a@example.org\n", "utf-8")
    done = run("distribute", report_pdf, "--to", "list.csv", "--channel", "smtp", "--send")
    assert done.exit_code == 1
    assert f"error[bad-mail-settings]: `{setting.lower()}`" in done.output, done.output
    assert not (tmp_path / "list.ledger.db").exists() and not (tmp_path / "build").exists()


def test_a_password_and_a_sender_beyond_ascii(
    run: Callable[..., Result], serve: Callable[..., PostOffice], certificate: Path, report_pdf: Path,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The one goes as UTF-8 (RFC 4616), the other's domain as IDNA."""
    monkeypatch.setattr("post_office.PASSWORD", "pässwort")
    office = serve(certificate, login=True)
    monkeypatch.setenv("GUIDE_SMTP_PASSWORD", "pässwort")
    monkeypatch.setenv("GUIDE_SMTP_SENDER", "Büro <info@münchen.example>")
    (tmp_path / "list.csv").write_text("name,email\nA,a@example.org\n", "utf-8")
    done = run("distribute", report_pdf, "--to", "list.csv", "--channel", "smtp", "--send")
    assert done.exit_code == 0, done.output
    (raw,) = office.raw["a@example.org"]
    assert b"<info@xn--mnchen-3ya.example>" in raw and raw.isascii()
    assert office.boxes["a@example.org"][0]["From"].addresses[0].display_name == "Büro"
