#!/usr/bin/env bash
# The commands, from any folder: ./etl.sh COMMAND …, as .venv/bin/python -m etl COMMAND … is here. Sets up on first use.
set -euo pipefail
app=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$app/setup.sh"

env= folder= last=
for argument in "$@"; do
    case $last:$argument in
    --env:*) env=$argument ;;
    *:--env=*) env=${argument#--env=} ;;
    --from:* | *:-* | *:init) ;;
    *) [ "$1" != init ] || folder=$argument ;;
    esac
    last=$argument
done
if [ -n "$folder" ]; then # of a new company
    env=$(realpath --canonicalize-missing --no-symlinks -- "$folder")/prod.env
else
    env=$(settings_file "$app" "$env" 2>/dev/null) || env= # the command itself says what is wrong
fi
environment=$(environment_of "$app" "$env")
[ "$environment" != .venv ] || environment=$app/.venv
if ! [ -x "$environment/bin/python" ]; then
    mapfile -t own < <(own_lists "$app" "$env")
    here=$PWD
    cd "$app"
    [ "$environment" != "$app/.venv" ] || environment=.venv
    mkdir -p "$(dirname "$environment")"
    (umask 077 && set_up "$environment" requirements.txt "${own[@]}")
    [ "$environment" != .venv ] || environment=$app/.venv
    cd "$here"
fi
# -P: no file of the folder where we are is taken for one of the program's
PYTHONPATH="$app${PYTHONPATH:+:$PYTHONPATH}" exec "$environment/bin/python" -P -m etl "$@"
