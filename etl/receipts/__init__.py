"""What a table holds, as figures that everybody computes alike: the receipt.

`arrow` computes it in memory, `sql` writes the SQL of it, and each database has a file with its own words.
"""
