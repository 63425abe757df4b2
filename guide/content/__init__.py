"""People's files to a Pack, with the place of every value and every problem in one run."""
