"""`guide doctor`."""

from __future__ import annotations

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(as_json: bool) -> None:
    """Show what this machine has and lacks, and how to install what is missing.

    Ends with 1 when guide cannot work here; optional parts that are absent do not count.

    \b
    Examples:
      guide doctor
      guide doctor --json
    """
    from guide.actions.doctor import examine
    from guide.diagnostics.formats import plain_json
    from guide.screen.machine import findings_table

    findings = examine()
    if as_json:
        click.echo(plain_json([finding.as_json() for finding in findings]))
    else:
        click.echo(findings_table(findings))
    click.get_current_context().exit(int(any(finding.state == "missing" for finding in findings)))
