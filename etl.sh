#!/usr/bin/env bash
# The commands, from any folder: ./etl.sh COMMAND …, as .venv/bin/python -m etl COMMAND … is here. Sets up on first use.
set -euo pipefail
app=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$app/setup.sh"

check_new() { # FOLDER URL: refuses what `init` would, before an environment is set up in the folder for it to run in
    local other
    [ -z "$2" ] || [[ $2 =~ ^[A-Za-z][A-Za-z0-9+.-]*:|= ]] ||
        fail "What --from gives is no database's URL." "Write it as docs/sources.md does: postgresql://user@host/shop" 2
    [ ! -e "$1" ] || [ -d "$1" ] || fail "$1 is a file." "Name a folder for the company, which need not be there yet." 2
    compgen -G "$1/*.env" >/dev/null && return
    other=$(find "$1" -mindepth 1 -maxdepth 1 ! -name .git ! -name .venv ! -name .venv.lock -print -quit 2>/dev/null) || true
    [ -z "$other" ] || fail "$1 is not empty, and holds no company's settings: ${other##*/}." \
        "Name a new folder, an empty one, or that of a company, which gets what it lacks." 2
}

env= folder= last= url=
for argument in "$@"; do
    case $last:$argument in
    --from:*) [ "$1" != init ] || url=$argument ;;
    *:--from=*) [ "$1" != init ] || url=${argument#--from=} ;;
    --env:*) env=$argument ;;
    *:--env=*) env=${argument#--env=} ;;
    *:-* | *:init) ;;
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
    [ -z "$folder" ] || [ "$environment" = "$app/.venv" ] || check_new "${environment%/*}" "$url"
    mapfile -t own < <(own_lists "$app" "$env")
    here=$PWD
    cd "$app"
    [ "$environment" != "$app/.venv" ] || environment=.venv
    mkdir -p "${environment%/*}" 2>/dev/null || fail "The folder ${environment%/*} cannot be made." \
        "Name a folder where this user ($(id -un)) may write." 2
    (umask 077 && set_up "$environment" requirements.txt "${own[@]}")
    [ "$environment" != .venv ] || environment=$app/.venv
    cd "$here"
fi
# -P: no file of the folder where we are is taken for one of the program's
PYTHONPATH="$app${PYTHONPATH:+:$PYTHONPATH}" exec "$environment/bin/python" -P -m etl "$@"
