#!/usr/bin/env bash
# The night: sets up on first use, then runs the three stages in order. Cron calls it; so may you.
#
#   ./nightly.sh               the sample company, into data/sample/
#   ./nightly.sh --env FILE    the company whose settings are in FILE
set -euo pipefail
umask 077
[ $# -ne 2 ] || [ -z "$2" ] || set -- "$1" "$(realpath --no-symlinks -- "$2")" # as seen from where we were called
cd "$(dirname "${BASH_SOURCE[0]}")"
. ./setup.sh

if [ $# -eq 0 ]; then
    set_up .venv requirements.txt requirements-sample.txt
    exec .venv/bin/python -m sample run -- "$PWD/.venv/bin/python" -m etl night
elif [ $# -eq 2 ] && [ "$1" = --env ] && [ -n "$2" ]; then
    set_up .venv requirements.txt
    exec .venv/bin/python -m etl night --env "$2"
fi
echo "Usage: ./nightly.sh [--env FILE]" >&2
exit 2
