"""What numbered copies say on every page, in the document's language."""

from __future__ import annotations

from guide.markup.labels import Labels
from guide.model.copies import StampPlace, StampStyle
from guide.model.dates import Date


def stamp_style(
    place: StampPlace, lang: str, *, version: str = "", date: str = "", marking: str = "",
    supersedes: str = "", valid_until: str = "", watermark: str = "",
) -> StampStyle:  # fmt: skip
    """Return how copies are stamped: their label, and the document control line under it.

    `date` and `valid_until` are dates as a pack has them, or any text; '' leaves a part out.
    """
    labels = Labels(lang)
    control = [
        labels("Version %(version)s") % {"version": version} if version else "",
        _date(date, labels),
        marking,
        f"{labels('Supersedes')} {supersedes}" if supersedes else "",
        f"{labels('Valid until')} {_date(valid_until, labels)}" if valid_until else "",
    ]
    return StampStyle(
        place=place,
        words=labels("Copy %(number)s of %(total)s"),
        alone=labels("Copy %(number)s"),
        lang=lang,
        direction=labels.direction,
        version=version,
        control=" · ".join(part for part in control if part),
        watermark=watermark,
    )


def _date(text: str, labels: Labels) -> str:
    try:
        return labels.date(Date.parse(text)) if text else ""
    except ValueError:
        return text


def signature_caption(lang: str) -> str:
    """Return what is above the name in a visible signature."""
    return Labels(lang)("Digitally signed by")
