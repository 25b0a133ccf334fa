"""Guards: what a stage refuses although it could go on, because a person ought to look first.

`guard.py` says what a guard is, `every.py` lists them all, docs/trust.md explains them to those who run the nights. A
new guard is a function with `@guard(…)` on top, in a file here, and its name in `every.py`. The option that it reads is
declared in `etl.contract.options` (a contract's) or in `Tolerance` (a query's header); `--accept`, docs/trust.md and
the dictionary know it by that.
"""
