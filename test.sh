#!/usr/bin/env bash
# Every check: sets up on first use, then formats, lint, types, import rules and tests. Arguments go to pytest.
# With `--env FILE` first, with ETL_ENV, or from a company's folder: that company's files and tests, and nothing else.
set -euo pipefail
umask 077
app=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$app/setup.sh"

env=
if [ "${1:-}" = --env ]; then
    [ -n "${2:-}" ] || fail "It is not said which settings file is meant." "./test.sh --env FILE [pytest arguments]" 2
    env=$2 && shift 2
fi
env=$(settings_file "$app" "$env")
[ -z "$env" ] || exec "$app/etl.sh" test --env "$env" "$@"
cd "$app"

needs() { # PROGRAM WITHOUT PACKAGES…: installs Debian's packages where root may; says what is not tested without it
    local program=$1 without=$2
    shift 2
    if ! [ -x "$program" ] && [ "$(id -u)" = 0 ] && grep -qx 'ID=debian' /etc/os-release; then
        echo "Installing $1" >&2
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"; } \
            >/dev/null 2>&1 || true
    fi
    [ -x "$program" ] || echo "$without: it needs $program, which is not here." >&2
}

needs /usr/bin/chromium "The dashboard will not be tested in a browser" chromium fonts-liberation
needs /usr/sbin/pgbouncer "Stage 1 will not be tested behind PgBouncer" pgbouncer
needs /usr/sbin/mariadbd "MariaDB will not be tested as a source" mariadb-server-core mariadb-client-core \
    libmariadb-dev gcc pkg-config python3-dev # the server without the service that would start it
# before the rest, and in a shell of its own: it may fail, and must not wait for the environment that we hold
if ! command -v mariadb_config >/dev/null || ! (set_up .venv requirements-mysqlclient.txt) >/dev/null 2>&1; then
    echo "mysqlclient will not be tested: it cannot be built here (apt-get install libmariadb-dev gcc pkg-config)." >&2
fi

set_up .venv requirements.txt requirements-sample.txt requirements-databases.txt requirements-dev.txt \
    requirements-powerbi.txt
if find_python 13 >/dev/null; then
    (LEAST_MINOR=13 set_up .venv-bigquery requirements-emulator.txt)
else
    echo "The BigQuery scenarios will not be run: their emulator needs Python 3.13 or newer, which is not here." >&2
fi
if command -v npm >/dev/null; then
    (set_up_node .node-powerbi tests/powerbi/package.json)
    if [ "${POWERBI_MODELING:-}" = yes ]; then
        (set_up_node .node-modeling tests/powerbi/modeling.json)
    elif [ ! -d .node-modeling ]; then
        echo "Microsoft's TMDL serializer will not be asked: POWERBI_MODELING=yes installs it (preview licence)." >&2
    fi
else
    echo "Microsoft's own checks of the Power BI project will not be run: they need npm, which is not here." >&2
fi

python=.venv/bin/python
"$python" -m ruff format --check --quiet .
"$python" -m ruff check --quiet .
"$python" -m mypy
"$python" -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
exec "$python" -m pytest --numprocesses 2 --dist worksteal "$@"
