"""Every source that is not PostgreSQL, through SQLAlchemy; what each needs is in a room of its own."""
