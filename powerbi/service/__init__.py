"""A project in the Power BI service: published into a workspace from here, and its numbers held against SQL.

Plain REST calls, with the client that refreshes (etl.refresh). Microsoft's fabric-cicd does the publishing as well, and
is not used: it repeats calls that create after a fault of the server, takes no Python from 3.14 on, brings six packages
for two calls, and knows neither refreshes nor queries.
"""
