"""The doctor: everything that would fail the first night, found before it, each fault with its cure.

`check.py` says what a check is. A new one is a function with `@check(…)` on top, in a file here: it is found, not
registered. A check looks and changes nothing. What a stage checks by itself is called and not written again.
"""
