"""The user's printers: how far off each prints the back of a sheet, in the user's configuration."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from math import degrees, isfinite
from pathlib import Path

from guide import output
from guide.errors import GuideError, Place, error
from guide.model.printers import Registration
from guide.units import parse_length

_OFFSET = re.compile(r"\s*([-+]?[\d.]+\s*[a-z]*)\s*[,;]\s*([-+]?[\d.]+\s*([a-z]*))\s*")
MOST = 15.0  # mm; more is not registration but the wrong edge


def config_folder() -> Path:
    """Return the user's folder for guide's configuration; `GUIDE_CONFIG_DIR` overrides it."""
    named = os.environ.get("GUIDE_CONFIG_DIR")
    if named:
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("guide")


def _file() -> Path:
    return config_folder() / "printers.json"


def profiles() -> dict[str, Registration]:
    """Return the stored profiles by name; raises GuideError when the file cannot be read."""
    path = _file()
    try:
        data = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        return {name: _checked(Registration(**entry)) for name, entry in data.items()}
    except (OSError, ValueError, TypeError, AttributeError) as exc:
        message = f"the printer profiles cannot be read ({exc})"
        hint = "Mend or delete the file; guide calibrate --save makes it again."
        raise GuideError(error("bad-profile", message, Place(str(path), 1, 1), hint)) from exc


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


def profile(name: str) -> Registration:
    """Return a stored profile; raises GuideError when there is none of that name."""
    known = profiles()
    if name in known:
        return known[name]
    names = ", ".join(f"`{each}`" for each in sorted(known))
    hint = (
        f"Known are {names}."
        if known
        else f"Store it: guide calibrate --save {name} --read C=0.4,-0.8"
    )
    message = f"there is no printer profile `{name}`"
    raise GuideError(error("unknown-printer", message, Place("--printer"), hint))


def save(name: str, registration: Registration) -> Path:
    """Store a profile and return the file; raises GuideError when it cannot be written."""
    known = profiles()
    known[name] = registration
    plain = {key: dataclasses.asdict(value) for key, value in sorted(known.items())}
    output.write(_file(), (json.dumps(plain, indent=1) + "\n").encode())
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
        raise ValueError(
            f"{text!r} is more than {MOST:g} mm: does the printer turn about the other edge?"
        )
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
