"""What a person sees in a terminal: problems, tables, progress."""
