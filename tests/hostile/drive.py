"""Builds packs one after the other in a process that has all libraries at hand, and tells of each."""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import citeproc  # noqa: E402, F401
import weasyprint  # noqa: E402, F401  each build is a fork: what is imported here is not again

import guide.content.load  # noqa: E402, F401
import guide.pipeline.stages  # noqa: E402, F401
import guide.html.faces  # noqa: E402, F401
import guide.html.render  # noqa: E402, F401
import guide.pdf.typeset  # noqa: E402, F401
from guide import pipeline  # noqa: E402
from guide.diagnostics.diagnostic import GuideError  # noqa: E402
from guide.diagnostics.formats import diagnostic_json  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[1]))
from warm import warm  # noqa: E402


def computing() -> float:
    """Return the seconds that this process and those it started have computed."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    warm()
    for line in sys.stdin:
        name, folder, out, edition = json.loads(line)
        started, computed = time.monotonic(), computing()
        said: dict[str, Any] = {}
        try:
            settings = pipeline.Settings(jobs=1, edition=edition)
            built = pipeline.build(Path(folder), Path(out), settings)
            said["diagnostics"] = [diagnostic_json(d) for d in built.diagnostics]
            said["outputs"] = [made.path for made in built.outputs]
        except GuideError as exc:
            said["diagnostics"] = [diagnostic_json(d) for d in exc.diagnostics]
        except Exception as exc:  # a bug: the test says so
            said["bug"] = f"{type(exc).__name__}: {exc}"
        said["seconds"] = time.monotonic() - started
        said["computing"] = computing() - computed
        said["memory"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
        print(json.dumps([name, said]), flush=True)
