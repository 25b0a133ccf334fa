"""How the sample company's reports write money."""

MONEY = "#,0.00"
