"""Guards: what a stage refuses although it could go on, because a person ought to look first.

guard    what it refuses                                                       declared in
empty    a source table without a row                                          the query: `-- may be empty: yes`
shrank   fewer rows than last night or a week before, beyond the tolerance     the query: `-- may shrink: 10 %`
grew     more rows than last night or a week before, beyond the tolerance      the query: `-- may grow: 100 %`
newest   the greatest date, time or number of a column went back               the query: `-- newest: updated_at`
types    a column has another type in the source, or is gone                   -
disk     the disk has less room than the night will need, by estimate           -
fast     a stage took less than a quarter of its usual time                    -
keys     a natural key has another type: members would get other keys           -
lost     a published table would lose all its rows, or too many               the contract: lost=0.5
rejects  too many rows of a table were rejected                                the contract: rejects=0.01
unknown  too many references match no member, or many more than before         the contract: unknown=0.01
origin   what is published comes from other sources or another data folder     -
months   sums of closed months changed too much                                the contract: closed_months=, tolerance=
"""
