"""One text to HTML: Markdown, formulas, charts, citations, labels."""
