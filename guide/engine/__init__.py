"""WeasyPrint and pydyf as guide needs them: `install` applies every patch of `patches`."""

import os
from functools import lru_cache

from guide.system import shared_libraries

# What Pango and fontconfig ask for the reader's language, before LANGUAGE, LC_ALL and LANG: it would
# choose among fonts of the machine for what has no language, such as Chinese in English.
_LANGUAGE = {"PANGO_LANGUAGE": "en", "FC_LANG": "en"}


@lru_cache
def install(*libraries: str) -> None:
    """Apply all patches to this process, or those of some libraries, which alone are imported then.

    Raises GuideError where Pango is missing, and RuntimeError, which names the patch and the name, where one does not fit.
    """
    from guide.engine.patches import PATCHES, apply

    if not libraries:
        shared_libraries.require()
    os.environ.update(_LANGUAGE)
    for patch in PATCHES:
        if not libraries or patch.library in libraries:
            apply(patch)
