"""`guide verify`."""

from __future__ import annotations

from pathlib import Path

import click

from guide.cli.options import FILE, flag, text


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=FILE)
@click.option("--to", "chosen", type=FILE, default=None, metavar="FILE",
              help="The list the copies went to, or its ledger.")  # fmt: skip
@text("--password-env", metavar="NAME",
      help="The variable of the environment that holds the password.")  # fmt: skip
@click.option("--trust", multiple=True, type=FILE, metavar="FILE",
              help="A certificate to trust (PEM or DER).")  # fmt: skip
@flag("--json", "as_json", help="Print what was found as JSON.")
def verify(
    files: tuple[Path, ...], chosen: Path | None, password_env: str, trust: tuple[Path, ...],
    as_json: bool,
) -> None:  # fmt: skip
    """Say whose copy a file is, of which version, and whether it is as it was given out.

    It works for a file that a viewer saved again, and for a single page. Without --to, a ledger in
    the current folder is asked, and the report says so; one beside the file is named, but not
    believed, for it may have come with the file. Exit 1 when a file is not as it was.

    \b
    Examples:
      guide verify found-on-a-train.pdf --to recipients.csv
      guide verify build/kosovo/copies/*.pdf
      guide verify copy-007.pdf --to recipients.csv --trust our-ca.pem
      guide verify copy-007.pdf --password-env PDF_PASSWORD --json
    """
    import json
    import os

    from guide.actions import verify
    from guide.diagnostics.diagnostic import Severity
    from guide.diagnostics.formats import utf8
    from guide.screen.copies import report_finding

    if password_env and password_env not in os.environ:
        raise click.BadParameter(
            f"the environment has no {password_env}", param_hint="--password-env"
        )
    password = os.environ[password_env] if password_env else ""
    held = verify.sources(chosen, files, password, trust)
    findings = list(verify.check(files, held))
    if as_json:
        found = verify.as_json(findings)
        click.echo(utf8(json.dumps(found, indent=1, ensure_ascii=False)))
    else:
        for finding in findings:
            report_finding(finding)
    bad = any(d.severity == Severity.ERROR for f in findings for d in f.problems)
    click.get_current_context().exit(int(bad or not findings))
