"""Files of other programs as entries of a pack: a module for each format, and one model of what was read."""
