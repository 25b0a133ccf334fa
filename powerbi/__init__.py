"""The Power BI project of the company: semantic model and report as code, generated from contracts and catalogue.

`python -m powerbi` writes it into `powerbi/CloudServices/`.
"""
