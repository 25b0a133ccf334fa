"""Imports pandera as if dask were not installed: it looks for frames of dask, which takes each process half a second.

Where EXECUTOR is a cluster, dask is installed, but no table has its frames. Import this module before pandera.
"""

import sys

_absent = [name for name in ("dask", "dask.dataframe") if name not in sys.modules]
sys.modules.update(dict.fromkeys(_absent))  # type: ignore[arg-type]  # None: not to be found
try:
    import pandera.pandas
    import pandera.typing.dask  # noqa: F401 -- notes once whether there is dask
finally:
    for _name in _absent:
        del sys.modules[_name]
