"""The report as data: measures, said in DAX and in SQL, and pages of visuals that show them.

What is told here is read by the Power BI project, by the dashboard without Power BI and by the data dictionary.
"""
