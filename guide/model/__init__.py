"""The frozen types that stages hand to one another; they know no tool and touch no disk."""
