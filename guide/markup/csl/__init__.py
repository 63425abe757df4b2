"""Citations and bibliographies by CSL 1.0.2: the rendering that citeproc-py lacks.

citeproc-py finds and reads styles and locales; this package renders. Its text is a list of runs,
so punctuation is joined where two pieces meet, and nothing is replaced in finished text.
"""

from guide.markup.csl.position import positioned
from guide.markup.csl.processor import Cite, Entry, Processor
from guide.markup.csl.rich import plain, to_html
from guide.markup.csl.style import Style, read_style

__all__ = ["Cite", "Entry", "Processor", "Style", "plain", "positioned", "read_style", "to_html"]
