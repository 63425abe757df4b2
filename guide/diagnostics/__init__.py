"""What can be wrong and where: places, diagnostics, and the formats in which they are reported."""
