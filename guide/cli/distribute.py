"""`guide distribute`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from guide.cli.options import (
    FILE,
    FOLDER,
    FOUND,
    find_packs,
    flag,
    how_options,
    parsed,
    settings_of,
    text,
)
from guide.delivery.channels import registry

if TYPE_CHECKING:
    from guide.delivery.request import Request


def _copies(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> Any:
    from guide.delivery.records import selection

    return parsed(lambda _: selection(values, registry.names()), "")


def _lines(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> frozenset[int]:
    from guide.delivery.records import selection

    try:
        found = selection(values, {})
    except ValueError:
        found = None
    if found is None or bool(found) != bool(found.ranges):
        raise click.BadParameter("write the lines that the questions name: 3 or 3,7-9")
    return frozenset(found.numbers())


def _pairs(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[int, int]:
    pairs: dict[int, int] = {}
    for part in [part for value in values for part in value.replace(",", " ").split()]:
        line, _sign, copy = part.partition("=")
        if not (line.isascii() and line.isdigit() and copy.isascii() and copy.isdigit()):
            raise click.BadParameter(f"{part!r}: write LINE=COPY, such as 3=1")
        if pairs.setdefault(int(line), int(copy)) != int(copy):
            raise click.BadParameter(f"line {line} has two answers")
    return pairs


def _server(text: str) -> dict[str, str]:
    """Return host and port of `--smtp`, '' for no port."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit():  # an address of IPv6, or no port
        host, port = text, ""
    return {"host": host.strip("[]"), "port": port}


def _only(source: Path | None) -> Path:
    """Return what is given out: the pack below content/ where nothing is named."""
    packs = [source] if source is not None else find_packs(())
    if len(packs) > 1:
        raise click.UsageError("several packs below content/: say which one")
    return packs[0]


@click.command()
@click.argument("source", metavar="[PACK|PDF]", required=False, type=FOLDER)
@click.option("--to", "recipients", required=True, metavar="FILE", type=FILE,
              help="The list: CSV, TSV or YAML with the columns name, email, organisation, copies, "
              "channel, edition, language, password, ref. Only name is required.")  # fmt: skip
@flag("--send", help="Do it. Without --send nothing is sent or written.")
@click.option("-o", "out", type=FOLDER, default=None, metavar="DIR",
              help="Where copies land; build/PACK/copies when left out.")  # fmt: skip
@click.option("--channel", type=click.Choice(registry.choices()), default="folder",
              show_default=True, help="For rows that name none.")  # fmt: skip
@click.option("--kind", default="briefing", show_default=True, metavar="KIND",
              help="The document of the pack.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1), default=None, metavar="N",
              help="At most N recipients in this run.")  # fmt: skip
@click.option("--resend", multiple=True, callback=_copies, metavar="COPIES",
              help="Deliver these copies again, and nothing else: 7, 3-9,12, all, a state "
              "(failed), or channel:folder.")  # fmt: skip
@click.option("--mark-sent", multiple=True, callback=_copies, metavar="COPIES",
              help="Record that these copies arrived: 7, 3-9,12, or a state (uncertain).")  # fmt: skip
@click.option("--same", multiple=True, callback=_pairs, metavar="LINE=COPY",
              help="Answer a question: the row on this line is the person of that copy.")  # fmt: skip
@click.option("--new", multiple=True, callback=_lines, metavar="LINE",
              help="Answer a question: the person on this line is new.")  # fmt: skip
@flag("--merge", help="Also make one PDF for each class or organisation, for the printer: each "
      "copy begins on a new sheet. A second PDF lists who has which version.")  # fmt: skip
@text("--watermark", metavar="TEXT", help="Across every page, in grey.")
@flag("--encrypt", help="AES-256, with the password that each row must have.")
@click.option("--sign", type=FOUND, default=None, metavar="FILE",
              help="Sign each copy with this key (PKCS#12 or PEM).")  # fmt: skip
@flag("--visible", help="Show the signature on the first page.")
@flag("--detached", help="Write the signature beside the copy, as .p7s.")
@flag("--names-in-filenames", "names", help="Put the recipient's name into the file's name.")
@click.option("--ledger", type=FILE, default=None, metavar="FILE",
              help="The record of what was sent; beside the list when left out.")  # fmt: skip
@text("--encoding", metavar="NAME", help="Of the list, when it is not UTF-8: windows-1252.")
@text("--doc-version", "version", metavar="TEXT", help="The version of a PDF.")
@flag(
    "--same-version",
    help="The document changed in a way that does not matter to those who have it.",
)
@flag("--same-document", help="The document is the ledger's, under another name or title.")
@click.option("--rate", type=click.FloatRange(0), default=0.0, metavar="N",
              help="At most N messages a minute.")  # fmt: skip
@text("--smtp", "host", metavar="HOST[:PORT]", help="The mail server.")
@text("--smtp-security", "security", type=click.Choice(["", "starttls", "tls", "none"]),
      metavar="HOW", help="starttls (when left out), tls or none.")  # fmt: skip
@text("--from", "sender", metavar="ADDRESS", help="Who sends the mail.")
@text("--reply-to", metavar="ADDRESS", help="Who gets the answers.")
@text("--subject", metavar="TEXT", help="A Jinja2 template in one line.")
@click.option("--body", type=FOUND, default=None, metavar="FILE",
              help="A Jinja2 template of the mail's text.")  # fmt: skip
@click.option("--html", type=FOUND, default=None, metavar="FILE", help="The same as HTML.")
@text(
    "--link-base", metavar="URL", help="Where the folder links/ is served, for the index of links."
)
@text("--remote", metavar="URL",
      help="Storage for the channel remote: s3://bucket/folder, sftp://host/folder.")  # fmt: skip
@how_options
@flag("--json", "as_json", help="Print what is planned, or was done, as JSON.")
def distribute(
    source: Path | None, limit: int | None, host: str, security: str, sender: str, reply_to: str,
    as_json: bool, **asked: Any,
) -> None:  # fmt: skip
    """Give numbered copies to the people of a list, and record who has which.

    Without --send it shows who would get what by which channel, with every problem of the list. With
    --send it does it; interrupted and run again, it goes on where it was, and nobody gets two.

    The login of a mail server comes from GUIDE_SMTP_USER and GUIDE_SMTP_PASSWORD, or the keyring.

    \b
    Examples:
      guide distribute my-pack --to recipients.csv
      guide distribute my-pack --to recipients.csv --send
      guide distribute report.pdf --to staff.csv --channel zip -o copies --send
      guide distribute my-pack --kind quiz --to class.csv --merge --send
      guide distribute my-pack --to recipients.csv --encrypt --sign key.p12 --send
      guide distribute my-pack --to recipients.csv --channel smtp --smtp mail.example.org \\
            --from training@example.org --rate 60 --limit 1 --send
      guide distribute my-pack --to recipients.csv --resend 7 --send
      guide distribute my-pack --to recipients.csv --resend channel:folder --send
      guide distribute my-pack --to recipients.csv --mark-sent 7
      guide distribute my-pack --to recipients.csv --same 3=1 --new 9 --send
    """
    from guide.delivery.request import Request

    how = {
        name: asked.pop(name)
        for name in ("overrides", "jobs", "insecure_cluster", "cache", "strict")
    }
    mail = {**_server(host), "security": security, "sender": sender, "reply_to": reply_to}
    if asked["merge"] and (asked["encrypt"] or asked["sign"] is not None):
        raise click.UsageError("--merge cannot keep what --encrypt or --sign closes: leave one out")
    _run(
        Request(_only(source), **asked, limit=limit or 0, mail=mail, settings=settings_of(how)),
        as_json,
    )


def _run(request: Request, as_json: bool) -> NoReturn:
    """Plan or send, and say what came of it; end with 1 if anything failed."""
    import json

    from guide.actions import distribute
    from guide.diagnostics.formats import utf8
    from guide.screen.copies import report_distribution
    from guide.screen.progress import counter, progress_bars

    with progress_bars() as building, counter("copies") as count:
        done = distribute.distribute(request, count, building)
    if as_json:
        click.echo(utf8(json.dumps(done.as_json(), indent=1, ensure_ascii=False)))
    report_distribution(done, as_json)
    click.get_current_context().exit(int(done.failed))
