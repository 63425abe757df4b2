"""Copies made, delivered and recorded: the ledger says of each what is being done before it is done."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from guide.delivery.ahead import Ahead
from guide.delivery.answers import Patience, faults
from guide.delivery.channels.base import Answer, Channel, ChannelClosed, Outcome
from guide.delivery.database import Ledger
from guide.delivery.dealing import key_of
from guide.delivery.ledger import record
from guide.delivery.letters import Letters, letters_for
from guide.delivery.orders import Made, Recipe, make_all
from guide.delivery.queries import history
from guide.delivery.recipe import AHEAD, CHUNK, copy_name, made_by, order_of, portions
from guide.delivery.records import Due, LedgerEntry, State
from guide.delivery.request import Task
from guide.diagnostics.diagnostic import Diagnostic, GuideError
from guide.system.pool import Workers

_MAIL = 100_000_000  # bytes of copies in one message: no server takes as many
_STATES = {Outcome.SENT: State.SENT, Outcome.FAILED: State.FAILED,
           Outcome.UNCERTAIN: State.UNCERTAIN, Outcome.LATER: State.MADE}  # fmt: skip


@dataclass(frozen=True)
class Sending:
    """All that delivering needs. `digests` are those of the documents, `secrets` of links by number.

    `problems` collects what is found; `counted` is called with how many copies are done with.
    """

    task: Task
    ledger: Ledger
    channels: Mapping[str, Channel]
    recipe: Recipe
    pool: Workers
    letters: Letters | None
    digests: Mapping[str, str]
    ahead: Ahead
    secrets: Mapping[int, str]
    problems: list[Diagnostic]
    counted: Callable[[int], None]


@dataclass(frozen=True)
class _Try:
    """A parcel that is handed over: for the how-manieth time, and when the first time was (s)."""

    due: Due
    made: Made
    number: int = 1
    since: float = 0.0


def deliver(sending: Sending, dues: Sequence[Due]) -> None:
    """Deliver by one channel after the other, those that stay on this machine first.

    Raises GuideError when copies cannot be made.
    """
    by_channel: dict[str, list[Due]] = {}
    for due in dues:
        by_channel.setdefault(due.recipient.channel, []).append(due)

    def turn(name: str) -> tuple[bool, bool, str]:
        channel = sending.channels[name]
        return not channel.repeatable, not channel.parallel, name

    for name in sorted(by_channel, key=turn):
        channel = sending.channels[name]
        try:
            if channel.parallel:
                _in_parallel(sending, channel, by_channel[name])
            else:
                _in_order(sending, channel, by_channel[name])
        except ChannelClosed as exc:
            sending.problems.extend(exc.diagnostics)
        finally:
            channel.close()


# Orders, records -------------------------------------------------------------------------------


def _message_id(sending: Sending, entry: LedgerEntry) -> str:
    """Return the Message-ID of a copy: the same for each try to deliver it.

    A copy that was sent, or refused for good, and is sent again gets another: programs that
    know the first would drop the second as a duplicate.
    """
    domain = next((each.domain for each in sending.channels.values() if each.mailing), None)
    ended = _times_ended(sending.ledger, entry.number) if domain and entry.message_id else 0
    if domain is None or (entry.message_id and not ended):
        return entry.message_id
    again = f".{ended}" if ended else ""
    return f"<guide.{entry.copy_id}.{entry.number}{again}@{domain}>"


def _times_ended(ledger: Ledger, number: int) -> int:
    """Return how often a copy was sent or refused for good before it was planned again."""
    ended = [e.state in {State.SENT, State.FAILED} for e in history(ledger, number)]
    return sum(before and not after for before, after in itertools.pairwise(ended))


def _record(
    sending: Sending, dues: Sequence[Due], state: State, made: Sequence[Made] = (),
    answer: Answer | None = None, message_id: str = "",
) -> None:  # fmt: skip
    known: list[dict[str, Any]] = []
    for number, due in enumerate(dues):
        result = made[number] if made else Made()
        said = answer or result.answer
        for place, entry in enumerate(due.entries):
            each: dict[str, Any] = {"number": entry.number}
            if result.digests:
                each["digest"] = result.digests[place]
                each["document"] = sending.digests[key_of(entry)]
            if message_id:
                each["message_id"] = message_id
            if said is not None:
                each["answer"] = said.text
                if stored := _stored(said.stored, copy_name(sending.task, entry)):
                    each["file"], each["file_digest"] = stored
            known.append(each)
    if known:
        record(sending.ledger, known, state)


def _stored(stored: Sequence[tuple[str, str]], name: str) -> tuple[str, str] | None:
    """Return the file that holds a copy: its own, or the one that holds all of a parcel."""
    for path, digest in stored:
        if path.rpartition("/")[2] == f"{name}.pdf":
            return path, digest
    return stored[0] if stored else None


def _note(sending: Sending, results: Iterable[Made]) -> None:
    """Report, once each, what making said of the copies, unless the list was told of it."""
    problems = sending.problems
    known = {d.code for d in problems if d.place.path == sending.task.list}
    for made in results:
        fresh = [each for each in made.notes if each not in problems]
        problems += [each for each in fresh if each.code not in known & {"missing-glyph"}]


# Channels of this machine ----------------------------------------------------------------------


def _in_parallel(sending: Sending, channel: Channel, dues: Sequence[Due]) -> None:
    """Make and deliver in all processes: here the ledger is written for many copies at once.

    A copy that is made again is the same file, so that nothing is lost by it.
    """
    for chunk, came in _results(sending, dues, channel, CHUNK, 2 * sending.pool.workers):
        results = _delivered_here(channel, chunk, came) if sending.pool.elsewhere else came
        both = [(due, made) for due, made in zip(chunk, results, strict=False) if made.answer]
        done = [due for due, _ in both]
        _note(sending, results)
        _record(sending, done, State.SENT, [made for _, made in both])
        sending.counted(_copies(done))
        _stop(results)


def _delivered_here(channel: Channel, chunk: Sequence[Due], results: Sequence[Made]) -> list[Made]:
    """Deliver what another machine made, which does not have the folder; raises GuideError."""
    done = []
    for due, made in zip(chunk, results, strict=False):
        answer = channel.deliver(made.parcel, due.recipient) if made.parcel is not None else None
        done.append(replace(made, parcel=None, answer=answer))
    channel.settle()
    return [*done, *results[len(done) :]]


def _results(
    sending: Sending, dues: Sequence[Due], channel: Channel, most: int, ahead: int
) -> Iterator[tuple[Sequence[Due], list[Made]]]:
    """Yield what jobs made of at most so many copies, while so many jobs `ahead` are under way.

    A parallel channel delivers in them, unless they run on other machines.
    """
    there = channel if channel.parallel and not sending.pool.elsewhere else None
    under_way: deque[tuple[Sequence[Due], Any]] = deque()
    for chunk in portions(dues, channel, sending.recipe, most):
        if channel.parallel:
            _record(sending, chunk, State.SENDING)
        under_way.append((chunk, _submit(sending, chunk, there)))
        if len(under_way) > ahead:
            yield _waited(*under_way.popleft())
    while under_way:
        yield _waited(*under_way.popleft())


def _submit(sending: Sending, dues: Sequence[Due], channel: Channel | None = None) -> Any:
    orders = []
    for due in dues:
        first = due.entries[0]
        secret, message_id = sending.secrets[first.number], _message_id(sending, first)
        orders.append(order_of(sending.task, due, secret, message_id, sending.ahead))
    return sending.pool.submit(make_all, sending.recipe, orders, channel)


def _waited(chunk: Sequence[Due], job: Any) -> tuple[Sequence[Due], list[Made]]:
    return chunk, made_by(job, _copies(chunk))


def _copies(dues: Sequence[Due]) -> int:
    return sum(len(due.entries) for due in dues)


def _stop(results: Sequence[Made]) -> None:
    """Raise GuideError when an order could not be made or delivered."""
    if results and results[-1].problems:
        raise GuideError(*results[-1].problems)


# Channels that are asked one parcel after the other --------------------------------------------


def _in_order(sending: Sending, channel: Channel, dues: Sequence[Due]) -> None:
    """Deliver one parcel after the other: what may go well later is tried again, up to a bound.

    Raises ChannelClosed when the channel takes nothing more.
    """
    waiting: list[tuple[float, _Try]] = []  # when it is due, and what was tried last
    patience = Patience(channel.tries, channel.wait)
    pace = _paced(sending.task.request.rate)

    def hand_over(attempt: _Try) -> None:
        answer = _handed_over(sending, channel, attempt, pace)
        now = time.monotonic()
        pause = None
        if answer.outcome == Outcome.LATER:
            pause = patience.pause(answer.text, attempt.number, now - attempt.since)
        if pause is None:
            _end(sending, attempt.due, answer)
        else:
            waiting.append((now + pause, replace(attempt, made=Made())))
            waiting.sort(key=lambda each: each[0])

    def again() -> None:
        _, last = waiting.pop(0)
        results = _waited([last.due], _submit(sending, [last.due]))
        for due, made in _ready(sending, channel, *results):
            hand_over(_Try(due, made, last.number + 1, last.since))

    small = _small_enough(sending, channel, dues)
    for chunk, results in _results(sending, small, channel, AHEAD, sending.pool.workers):
        for due, made in _ready(sending, channel, chunk, results):
            hand_over(_Try(due, made, since=time.monotonic()))
            while waiting and waiting[0][0] <= time.monotonic():
                again()
    while waiting:
        time.sleep(max(0.0, waiting[0][0] - time.monotonic()))
        again()


def _paced(rate: float) -> Callable[[], None]:
    """Return what waits so long that it returns `rate` times a minute; 0 is for no limit."""
    pause, due = (60 / rate if rate else 0.0), 0.0

    def pace() -> None:
        nonlocal due
        if pause:
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(time.monotonic(), due) + pause

    return pace


def _small_enough(sending: Sending, channel: Channel, dues: Sequence[Due]) -> list[Due]:
    """Return what can be sent; a message that no server takes is refused before it is made."""
    small = []
    for due in dues:
        size = sum(sending.recipe.size(key_of(entry)) for entry in due.entries)
        if channel.mailing and size > _MAIL:
            text = f"{len(due.entries)} copies, {size / 1e6:,.0f} MB, are too much for one mail"
            answer = Answer(Outcome.FAILED, text)
            _record(sending, [due], State.FAILED, (), answer)
            _end(sending, due, answer)
        else:
            small.append(due)
    return small


def _ready(
    sending: Sending, channel: Channel, chunk: Sequence[Due], results: Sequence[Made]
) -> Iterator[tuple[Due, Made]]:
    """Yield what a job made, after recording it; raises GuideError when it could not make all."""
    whole = [made for made in results if made.parcel is not None]
    _note(sending, results)
    _record(sending, chunk[: len(whole)], State.MADE, whole)
    if channel.mailing and sending.letters is not None:
        letters = letters_for(sending.task, sending.letters, chunk, whole, sending.ledger)
        whole = [
            replace(made, parcel=replace(made.parcel, letter=letter))
            for made, letter in zip(whole, letters, strict=True)
            if made.parcel is not None
        ]
    yield from zip(chunk, whole, strict=False)
    _stop(results)


def _handed_over(
    sending: Sending, channel: Channel, attempt: _Try, pace: Callable[[], None]
) -> Answer:
    """Give a parcel to the channel; write down that it is on its way, and what the channel said."""
    due, made, parcel = attempt.due, attempt.made, attempt.made.parcel
    assert parcel is not None
    message_id = parcel.message_id

    def leaving() -> None:
        _record(sending, [due], State.SENDING, [made], None, message_id)

    if channel.repeatable:
        leaving()
    else:
        parcel = replace(parcel, leaving=leaving)
    pace()
    answer = channel.deliver(parcel, due.recipient)
    _record(sending, [due], _STATES[answer.outcome], [made], answer)
    return answer


def _end(sending: Sending, due: Due, answer: Answer) -> None:
    """Be done with a parcel in this run; report what went wrong without naming anybody."""
    sending.counted(len(due.entries))
    if answer.outcome != Outcome.SENT:
        sending.problems.extend(faults(due, answer, sending.task.list))
