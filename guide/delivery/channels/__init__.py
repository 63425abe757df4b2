"""How copies reach people: `base` says what a channel is, `registry` which ones there are."""
