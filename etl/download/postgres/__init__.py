"""PostgreSQL as a source: one snapshot, read by COPY."""
