"""Tests of a company's own tables, drawn in Markdown: see docs/tables.md. `python -m etl test` runs them."""

from etl.testing.company import TONIGHT, Built, Company
from etl.testing.drawing import NULL

__all__ = ["NULL", "TONIGHT", "Built", "Company"]
