"""Imported by the process that workers are forked from: it goes when the one that started it goes."""

from __future__ import annotations

from guide.jobs.ending import quiet, tie
from guide.jobs.temporary import adopt

tie()
adopt()
quiet()
