"""Tables drawn in tests: a Markdown table is read into rows of texts."""

from etl.testing.drawing import cells_of

__all__ = ["cells_of"]
