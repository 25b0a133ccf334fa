"""The sample company: a seeded source database in an embedded PostgreSQL. See `python -m sample --help`."""
