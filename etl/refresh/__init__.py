"""A client of the Power BI service that refreshes a dataset and waits for the end. It knows nothing of the stages."""
