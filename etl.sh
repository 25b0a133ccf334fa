#!/usr/bin/env bash
# The commands, from any folder: ./etl.sh COMMAND …, as .venv/bin/python -m etl COMMAND … is here. Sets up on first use.
set -euo pipefail
app=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$app/setup.sh"

env=
for argument in "$@"; do
    case $argument in --env=*) env=${argument#--env=} ;; esac
    [ "${last:-}" != --env ] || env=$argument
    last=$argument
done
env=$(settings_file "$app" "$env" 2>/dev/null) || env= # the command itself says what is wrong
environment=$(environment_of "$app" "$env")
if ! [ -x "$environment/bin/python" ]; then
    mapfile -t own < <(own_lists "$app" "$env")
    here=$PWD
    cd "$app"
    [ "$environment" != "$app/.venv" ] || environment=.venv
    (umask 077 && set_up "$environment" requirements.txt "${own[@]}")
    environment=$(realpath "$environment")
    cd "$here"
fi
# -P: no file of the folder where we are is taken for one of the program's
PYTHONPATH="$app${PYTHONPATH:+:$PYTHONPATH}" exec "$environment/bin/python" -P -m etl "$@"
