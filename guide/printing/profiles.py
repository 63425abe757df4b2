"""The user's printers in the user's configuration: queue, tray, price, and how far off backs are."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from math import degrees, isfinite
from pathlib import Path
from typing import Any

from guide.diagnostics.diagnostic import GuideError, Place, error
from guide.model.printers import Profile, Registration
from guide.system import output
from guide.units import parse_length

_OFFSET = re.compile(r"\s*([-+]?[\d.]+\s*[a-z]*)\s*[,;]\s*([-+]?[\d.]+\s*([a-z]*))\s*")
MOST = 15.0  # mm; more is not registration but the wrong edge
_MOVES = {each.name for each in dataclasses.fields(Registration)}
_COSTS = {"cost_per_sheet", "cost_per_side"}
_DEAREST = 1_000_000


def config_folder() -> Path:
    """Return the user's folder for guide's configuration; `GUIDE_CONFIG_DIR` overrides it."""
    named = os.environ.get("GUIDE_CONFIG_DIR")
    if named:
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("guide")


def _file() -> Path:
    return config_folder() / "printers.json"


def profiles() -> dict[str, Profile]:
    """Return the stored profiles by name; raises GuideError when the file cannot be read."""
    path = _file()
    try:
        data = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        return {name: _profile(entry) for name, entry in data.items()}
    except (OSError, ValueError, TypeError, AttributeError, InvalidOperation) as exc:
        message = f"the printer profiles cannot be read ({exc})"
        hint = "Fix or delete the file; guide calibrate --save makes it again."
        raise GuideError(error("bad-profile", message, Place(str(path), 1, 1), hint)) from exc


def _profile(entry: Mapping[str, Any]) -> Profile:
    """Return the profile of one entry of the file; raises ValueError or TypeError."""
    moved = {key: value for key, value in entry.items() if key in _MOVES}
    rest = {key: value for key, value in entry.items() if key not in _MOVES}
    for key in _COSTS & {*rest}:
        rest[key] = parse_cost(str(rest[key]))
    found = Profile(_checked(Registration(**moved)), **rest)
    if not all(isinstance(each, str) for each in (found.queue, found.tray, found.currency)):
        raise ValueError("queue, tray and currency must be text")
    if not isinstance(found.default, bool) or found.duplex not in {None, True, False}:
        raise ValueError("default and duplex must be true or false")
    return found


def parse_cost(text: str) -> Decimal:
    """Return a price for `0.02` or `0,02`; raises ValueError with the remedy."""
    try:
        cost = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        cost = Decimal("NaN")
    if not (cost.is_finite() and 0 <= cost <= _DEAREST):
        raise ValueError(f"{text!r} is not a price such as 0.02")
    return cost


def _plain(profile: Profile) -> dict[str, Any]:
    """Return a profile as the file holds it: only what was said of the printer."""
    values = {**dataclasses.asdict(profile.registration), **dataclasses.asdict(profile)}
    del values["registration"]
    if profile.registration.is_none:
        values = {key: value for key, value in values.items() if key not in _MOVES}
    said = {key: value for key, value in values.items() if value not in {None, ""}}
    if not profile.default:
        del said["default"]
    return {key: str(value) if key in _COSTS else value for key, value in said.items()}


def _checked(found: Registration) -> Registration:
    """Return a registration that a printer can have; raises ValueError for any other."""
    values = dataclasses.astuple(found)
    if not all(isinstance(each, int | float) and isfinite(each) for each in values):
        raise ValueError("right, down, scale and rotation must be numbers")
    if max(abs(found.right), abs(found.down)) > MOST:
        raise ValueError(f"more than {MOST:g} mm is not registration")
    if not 90 <= found.scale <= 110 or abs(found.rotation) > 5:
        raise ValueError("scale must be 90 to 110 %, rotation at most 5 degrees")
    return found


def profile(name: str) -> Profile:
    """Return a stored profile; raises GuideError when there is none of that name."""
    known = profiles()
    if name in known:
        return known[name]
    names = ", ".join(f"`{each}`" for each in sorted(known))
    hint = f"Store it: guide calibrate --save {name} --read C=0.4,-0.8"
    hint = f"Known are {names}." if known else hint
    message = f"there is no printer profile `{name}`"
    raise GuideError(error("unknown-printer", message, Place("--printer"), hint))


def save(name: str, stored: Profile) -> Path:
    """Store a profile and return the file; raises GuideError when it cannot be written.

    A profile that is the default takes that from the one that was.
    """
    known = profiles()
    if stored.default:
        known = {key: dataclasses.replace(value, default=False) for key, value in known.items()}
    return _write({**known, name: stored})


def forget(name: str) -> Path:
    """Delete a profile and return the file; raises GuideError when there is none of that name."""
    profile(name)
    return _write({key: value for key, value in profiles().items() if key != name})


def _write(known: Mapping[str, Profile]) -> Path:
    plain = {key: _plain(value) for key, value in sorted(known.items())}
    output.write(_file(), (json.dumps(plain, indent=1, ensure_ascii=False) + "\n").encode())
    return _file()


def parse_offset(text: str) -> tuple[float, float]:
    """Return (right, down) in mm for `0.4,-0.8mm`; raises ValueError with the remedy."""
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an offset such as 0.4,-0.8mm (right, down)")
    first, second, unit = match.groups()
    first = first if re.search("[a-z]", first) else f"{first}{unit}"
    right, down = parse_length(first), parse_length(second)
    if max(abs(right), abs(down)) > MOST:
        question = "does the printer turn about the other edge?"
        raise ValueError(f"{text!r} is more than {MOST:g} mm: {question}")
    return right, down


def crosses(width: float, height: float) -> dict[str, tuple[float, float]]:
    """Return the crosses of the calibration sheet, in mm from its middle, y downwards."""
    x, y = width / 2 - 25, height / 2 - 25
    return {"C": (0, 0), "TL": (-x, -y), "TR": (x, -y), "BL": (-x, y), "BR": (x, y)}


def fitted(
    readings: Mapping[str, tuple[float, float]], width: float, height: float
) -> Registration:
    """Return the registration that explains readings at the crosses best, by least squares.

    A reading is (right, down) in mm by which the back must move there. From one cross only the
    offset can be told; rotation and scale need two or more.
    """
    points = crosses(width, height)
    at = [(points[name], reading) for name, reading in readings.items()]
    count = len(at)
    x0, y0 = (sum(p[axis] for p, _ in at) / count for axis in (0, 1))
    dx0, dy0 = (sum(d[axis] for _, d in at) / count for axis in (0, 1))
    spread = sum((x - x0) ** 2 + (y - y0) ** 2 for (x, y), _ in at)
    if not spread:
        return Registration(round(dx0, 3), round(dy0, 3))
    grow = sum((x - x0) * (dx - dx0) + (y - y0) * (dy - dy0) for (x, y), (dx, dy) in at) / spread
    turn = sum((x - x0) * (dy - dy0) - (y - y0) * (dx - dx0) for (x, y), (dx, dy) in at) / spread
    right = dx0 - grow * x0 + turn * y0
    down = dy0 - grow * y0 - turn * x0
    return Registration(
        round(right, 3), round(down, 3), round(100 * (1 + grow), 4), round(degrees(turn), 4)
    )
