"""What this machine has, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from guide.diagnostics.formats import plain

if TYPE_CHECKING:
    from guide.actions.doctor import Finding


def findings_table(findings: Sequence[Finding]) -> str:
    """Return a line for each finding, its remedy below it, and a sentence on the whole."""
    width = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.state:<8}{finding.name:<{width}}  {plain(finding.detail)}")
        if finding.remedy:
            lines.append(f"{'':<{8 + width}}  {plain(finding.remedy)}")
    missing = [finding.name for finding in findings if finding.state == "missing"]
    whole = (
        f"guide cannot work here without: {', '.join(missing)}"
        if missing
        else "guide can work here"
    )
    return "\n".join((*lines, "", whole))
