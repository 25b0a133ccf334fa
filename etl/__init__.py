"""The engine of the nightly ETL: one package a stage, and the small core that they share."""
