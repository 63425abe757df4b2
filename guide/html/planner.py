"""The study plan: sessions of a Leitner schedule on the days from a start to a deadline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from guide.diagnostics.diagnostic import Diagnostic, GuideError, Place, error, warning
from guide.html.views import PlanDayView, PlanView
from guide.markup.labels import Labels
from guide.model.dates import Date
from guide.model.leitner import Schedule, schedule
from guide.model.pack import Pack

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKS = 6  # when no deadline is given
_LONGEST = 400  # days


def plan(
    pack: Pack, kind: str, options: Mapping[str, Any], numbers: Sequence[int], labels: Labels
) -> tuple[PlanView | None, list[Diagnostic]]:
    """Return the plan for the cards with these numbers, and what is wrong with its dates.

    Without `start` it begins on the pack's date; a pack without one has numbered days.
    """

    def place(name: str) -> Place:
        return pack.at(f"documents.{kind}.{name}")

    problems: list[Diagnostic] = []
    try:
        start, length = _dates(pack, options, place)
        rest = {DAYS.index(name) for name in options["rest"]}
        days = [start + dt.timedelta(days=n) if start else None for n in range(length)]
        if rest and not start:
            message = "`rest` has no effect: a plan without dates has numbered days"
            hint = "Give `start:` a day such as 2026-11-23, or pack.yaml a `date`."
            problems.append(warning("bad-value", message, place("rest"), hint))
        working = sum(each is None or each.weekday() not in rest for each in days)
        if not working:
            raise _wrong("no day is left for learning", place("rest"), "Rest on fewer days.")
    except GuideError as exc:
        return None, [*problems, *exc.diagnostics]
    if not numbers:
        message = "the deck has no cards to plan"
        hint = "Add cards, or derive them: `derive` of flashcards."
        return None, [error("nothing-to-print", message, pack.at(f"documents.{kind}"), hint)]
    cards = len(numbers)
    made = schedule(cards, working, int(options["boxes"]), int(options["new-per-day"]))
    if made.left:
        message = f"{made.left} of {cards} cards have no turn before the deadline"
        hint = "Take more new cards a day, a later deadline, or fewer cards with `tags`."
        problems.append(warning("plan-too-short", message, place("new-per-day"), hint))
    return _view(made, days, rest, labels, numbers), problems


def _wrong(message: str, place: Place, hint: str) -> GuideError:
    return GuideError(error("bad-value", message, place, hint))


def _dates(
    pack: Pack, options: Mapping[str, Any], place: Callable[[str], Place]
) -> tuple[dt.date | None, int]:
    """Return the first day, and the number of days; raises GuideError."""
    given: dict[str, dt.date] = {}
    wrong: list[Diagnostic] = []
    for name in ("start", "deadline"):
        try:
            if text := str(options[name]):
                given[name] = dt.date.fromisoformat(text)
        except ValueError:
            hint = "Write a day such as 2026-11-23."
            wrong.append(error("bad-value", f"`{name}` cannot be `{text}`", place(name), hint))
    if wrong:
        raise GuideError(*wrong)
    date = pack.manifest.date
    own = dt.date(date.year, date.month, date.day) if date and date.day and date.year > 0 else None
    start, deadline = given.get("start", own), given.get("deadline")
    if start is None:
        if deadline:
            message = "there is a deadline but no start"
            raise _wrong(message, place("deadline"), "Give `start:` too.")
        return None, 7 * _WEEKS
    length = (deadline - start).days + 1 if deadline else 7 * _WEEKS
    if not deadline and dt.date.max - start < dt.timedelta(days=length - 1):
        message = f"{_WEEKS} weeks after {start} is later than the year {dt.MAXYEAR}"
        hint = "Give `start:` or `deadline:` a day of the years that you plan for."
        raise _wrong(message, place("deadline"), hint)
    if not 2 <= length <= _LONGEST:
        message = f"{length} days are more than the {_LONGEST} of a plan"
        message = "the deadline is not after the start" if length < 2 else message
        raise _wrong(message, place("deadline"), "Choose another day.")
    return start, length


def _view(
    made: Schedule,
    days: list[dt.date | None],
    rest: set[int],
    labels: Labels,
    numbers: Sequence[int],
) -> PlanView:
    sessions = iter(made.sessions)
    rows = []
    for number, day in enumerate(days, 1):
        session = None if day and day.weekday() in rest else next(sessions)
        text = labels.weekday(day) if day else labels("Day %(number)s") % {"number": number}
        monday = day.weekday() == 0 if day else number % 7 == 1
        new = (
            _ranges(numbers[session.new[0] - 1 : session.new[1]]) if session and session.new else ""
        )
        rows.append(PlanDayView(text, session, monday, new))
    boxes = len(made.sessions[0].due)
    start, end = (
        labels.date(Date(day.year, day.month, day.day)) if day else ""
        for day in (days[0], days[-1])
    )
    return PlanView(
        rows, boxes, [2**n for n in range(boxes)], len(numbers), made.per_session, start, end
    )


def _ranges(numbers: Sequence[int]) -> str:
    """Return the numbers of cards in few words: `3, 17\u201319`; a selection from a deck has gaps."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ", ".join("\u2013".join(map(str, part)) for part in parts)
