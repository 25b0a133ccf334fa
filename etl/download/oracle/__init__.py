"""Oracle as a source."""
