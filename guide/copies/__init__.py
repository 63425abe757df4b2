"""A PDF to a numbered copy: label, seal, hidden id; and the check of a copy that was found."""
