"""Imported by the process that workers are forked from: it goes when the one that started it goes."""

from __future__ import annotations

from guide.jobs.ending import quiet, tie_to_namer
from guide.jobs.temporary import adopt

tie_to_namer()
adopt()
quiet()
