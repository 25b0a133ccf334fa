"""The dashboard without Power BI: the report's pages and numbers as one HTML file that needs no network."""
