"""The stages joined: a pack to finished files. What other rooms ask for is here, and imports no stage."""

from guide.pipeline.child import fence, render_limit, worker_died
from guide.pipeline.folder import extra_files, printed_cards, target_of
from guide.pipeline.jobs import SHARED_MODULES, typeset_job
from guide.pipeline.packs import build_all, workers_of
from guide.pipeline.record import Built, Output
from guide.pipeline.run import Made, build, check, make, write
from guide.pipeline.settings import Progress, Settings, silent

__all__ = [
    "SHARED_MODULES", "Built", "Made", "Output", "Progress", "Settings", "build", "build_all", "check",
    "extra_files", "fence", "make", "printed_cards", "render_limit", "silent", "target_of",
    "typeset_job", "worker_died", "workers_of", "write",
]  # fmt: skip
