"""Drafting queries and table files from a source's catalogue, and telling what it changed since."""
