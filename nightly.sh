#!/usr/bin/env bash
# The night: runs the three stages in order. Cron calls it; so may you. It sets up on first use; an environment that is
# out of date it updates only at a terminal, and else says so and uses it (setup.sh).
#
#   ./nightly.sh                             the sample company, into data/sample/; called from a company's folder, that one
#   ./nightly.sh --env FILE                  the company whose settings are in FILE; so does ETL_ENV
#   … --due HH:MM                            run only if nothing was published since the last HH:MM
#   … --full                                 extract all rows, also of queries that are read by their changes
#   … --since YYYY-MM-DD                     extract what changed from that day on, not only since the last night
#   … --accept TABLE:GUARD=FIGURE …           let pass what guards refused, as they printed it, after you looked
set -euo pipefail
umask 077
for stream in 0 1 2; do # of closed ones the numbers are other files': bash's own, which reads this script, takes the first
    [ -e /dev/fd/$stream ] && [ ! /dev/fd/$stream -ef "${BASH_SOURCE[0]}" ] || eval "exec $stream<>/dev/null"
done

usage="Usage: ./nightly.sh [--env FILE] [--due HH:MM] [--full | --since YYYY-MM-DD] [--accept TABLE:GUARD=FIGURE …] | --version"
usage() { # says first what is wrong
    printf 'Error: %s\n%s\n' "$1" "$usage" >&2
    exit 2
}

version() {
    sed -n 's/^__version__ = "\(.*\)"/etl \1/p' "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/etl/__init__.py"
    exit
}

env= options=()
while [ $# -gt 0 ]; do
    case $1 in
    --env | --due | --since) [ $# -ge 2 ] && [ -n "$2" ] || usage "$1 needs a value." ;;&
    --env) env=$2 && shift 2 ;;
    --due) options+=(--due "$2") && shift 2 ;;
    --since) options+=(--since "$2") && shift 2 ;;
    --full) options+=(--full) && shift ;;
    --accept)
        options+=(--accept) && shift
        [ $# -gt 0 ] || usage "--accept needs a value."
        while [ $# -gt 0 ] && [[ $1 != --* ]]; do options+=("$1") && shift; done
        ;;
    -h | --help) echo "$usage" && exit ;;
    --version) version ;;
    --*=*) usage "$1: write ${1%%=*} ${1#*=}, without the equals sign." ;;
    *) usage "$1 is not an option of nightly.sh." ;;
    esac
done
app=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$app/setup.sh"
env=$(settings_file "$app" "$env")
called_from=$PWD
cd "$app"

environment=$(environment_of "$app" "$env")
mapfile -t own < <(own_lists "$app" "$env")
if [ -z "$env" ]; then
    set_up_by_night "$environment" requirements.txt requirements-sample.txt "${own[@]}"
    exec .venv/bin/python -m sample run -- "$PWD/.venv/bin/python" -m etl night "${options[@]}"
fi
set_up_by_night "$environment" requirements.txt "${own[@]}"
python=$(realpath --no-symlinks "$environment")/bin/python
cd "$called_from" # for the commands that it tells
PYTHONPATH="$app${PYTHONPATH:+:$PYTHONPATH}" exec "$python" -P -m etl night --env "$env" "${options[@]}"
