"""A pack in an editor: problems on save, completion, definitions and corrections (LSP 3.17)."""
