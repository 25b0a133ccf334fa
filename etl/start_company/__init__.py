"""The folder of a new company: made from templates, with its settings, ready for its first queries."""
