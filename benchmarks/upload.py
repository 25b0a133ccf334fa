"""Stage 3 up to the network: the newest star of a settings file as Parquet. Run as a script: FOLDER --env FILE.

The same work as the stage's own: side by side, checked against each file's hash and each table's rows.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def main(settings_file: Path, target: Path) -> None:
    """Prepare every table. Raises RuntimeError where rows are missing."""
    from etl.core.memory import give_back

    give_back()
    import config
    from etl.company.tables import contracts
    from etl.core.runs import Store
    from etl.load.parquet import conversions, ready
    from etl.receipts.arrow import add

    settings = config.load(settings_file)
    store = Store.of(settings)
    star = store.star.newest("TablesTransformMain.py")
    known = contracts(settings.tables_dir)
    with ThreadPoolExecutor(settings.workers) as executor:
        under_way = {}
        for name in sorted(known.keys() & star.tables.keys(), key=lambda name: -star.tables[name].rows):
            table = star.tables[name]
            folder = store.star.path(star.run)
            parts = conversions(known[name], table.files, folder, target, superseded=table.superseded)
            under_way[name] = [executor.submit(ready, part) for part in parts]
        for name, futures in under_way.items():
            found = add([future.result()[1] for future in futures], known[name].schema)
            if found.rows != star.tables[name].rows:
                raise RuntimeError(f"{name}: {found.rows:,} rows")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    main(Path(sys.argv[3]), Path(sys.argv[1]))
