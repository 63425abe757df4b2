"""Who gets which copy, by which channel, recorded once."""
