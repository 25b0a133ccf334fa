#!/usr/bin/env bash
# Sets up the virtual environments: each holds what its lists (requirements*.txt) name, and nothing else. Packages come
# with the versions and hashes of locks/, which --lock writes anew.
#
#   ./setup.sh                           the nights' environment, .venv, after an update or to repair it
#   ./setup.sh requirements-cluster.txt  … and, from now on, what this list names
#   ./setup.sh --env /srv/shop/prod.env  … that of this company's nights, with the drivers that its requirements.txt names
#   ./setup.sh --lock                    locks/, after a change of requirements*.txt or constraints.txt
#
# nightly.sh, test.sh and etl.sh source it, and call `set_up ENVIRONMENT LIST…`. While a night runs, it holds the environment:
# nothing changes it underneath.

unset PYTHONHOME PYTHONINSPECT PYTHONOPTIMIZE PYTHONSAFEPATH PYTHONWARNINGS # which make another language of Python

_installed=${BASH_SOURCE[0]%/*}/etl/core/installed.py

find_python() { # MINOR: the least 3.MINOR; prints the path of a Python that can make environments
    local candidate pyenv=${PYENV_ROOT:-${HOME:-/root}/.pyenv}
    for candidate in "${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11 \
        "$pyenv"/versions/3.*/bin/python3; do
        if "$candidate" -c "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, $1))" >/dev/null 2>&1; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    return 1
}

fail() { # SENTENCE ADVICE CODE
    printf 'Error: %s\nTry: %s\n' "$1" "$2" >&2
    exit "$3"
}

settings_file() { # APP FILE: prints which settings file is meant, nothing for the sample's; etl/core/chosen.py has the rule
    local app=$1 named=${2:-${ETL_ENV:-}} here file found=()
    if [ -n "$named" ]; then
        realpath --no-symlinks -- "$named" || exit 2 # as seen from the caller
        return
    fi
    here=$(pwd -P) || exit 2
    [ "$here" != "$app" ] || return 0
    for file in "$here"/*.env "$here"/.env; do
        [ -f "$file" ] || continue
        if ! [ -r "$file" ] || grep -qE '^\s*(export\s+)?WAREHOUSE\s*=' "$file"; then found+=("$file"); fi
    done
    case ${#found[@]} in
    1) echo "${found[0]}" ;;
    0) case "$here/" in "$app"/*) ;; *)
        fail "It is not said which company is meant: no settings file is in $here, nor named by --env or ETL_ENV." \
            "Add --env and its settings file; the sample company runs in $app" 2 ;;
    esac ;;
    *) here=$(printf ', %s' "${found[@]##*/}")
        fail "Several companies' settings are here: ${here:2}." "Name the one that you mean: --env $(printf %q "${found[0]##*/}")" 2 ;;
    esac
}

own_lists() { # APP SETTINGS: prints the lists of what a company needs besides, such as a database's driver
    local folder=${2%/*}
    [ ! -f "$1/requirements-own.txt" ] || echo requirements-own.txt
    if [ -z "$2" ] || [ "$folder" -ef "$1" ] || [ "$folder" -ef "$1/config" ]; then return; fi
    if grep -qsE '^[^#[:space:]]' "$folder/requirements.txt"; then echo "$folder/requirements.txt"; fi
}

environment_of() { # APP SETTINGS: prints the environment: .venv of APP, or the company's own where APP is another user's
    if [ -w "$1" ] || [ -z "$2" ]; then echo .venv; else echo "${2%/*}/.venv"; fi
}

runs() { # ENVIRONMENT: whether its Python runs
    "$1/bin/python" -c '' 2>/dev/null
}

once() { # TEXT…: prints each, the first time
    printf '%s\n' "$@" | awk '!seen[$0]++'
}

lock_of() { # LIST: prints the file that is installed: the list's lock, or the list itself, as a company's own has none
    local lock=locks/${1%.txt}.lock
    [ -f "$lock" ] && echo "$lock" || echo "$1"
}

record_of() { # ENVIRONMENT LIST: prints the path of the copy of what was installed
    echo "$1/installed/${2//\//%}"
}

lists_of() { # ENVIRONMENT: prints the lists that were installed, as far as they are still there
    local record list
    for record in "$1"/installed/*; do
        list=$(basename "${record%.sha256}") # so ended the records before version 1.0
        [ ! -f "${list//%//}" ] || echo "${list//%//}"
    done
}

stale_lists() { # ENVIRONMENT LIST…: prints the lists that are not installed as they are now; with ALL=yes all
    local environment=$1 list
    shift
    once "$@" | while IFS= read -r list; do
        [ -z "${ALL:-}" ] && runs "$environment" &&
            cmp --quiet "$(lock_of "$list")" "$(record_of "$environment" "$list")" || echo "$list"
    done
}

hold() { # ENVIRONMENT: no other run changes it as long as this one lasts
    local folder=${1%/*} owner
    if [ "$folder" != "$1" ] && ! [ -w "$folder" ] && ! [ -w "$1.lock" ]; then
        [ -d "$folder" ] || fail "There is no folder $folder, where the settings file is to be." "Look at --env." 2
        owner=$(stat -c %U -- "$folder")
        fail "$folder is the company of the user $owner, and this user ($(id -un)) may not write there." \
            "Call it as $owner, or name a company of yours with --env." 1
    fi
    { exec 8>>"$1.lock"; } 2>/dev/null || fail "This user may not write $1.lock, beside the environment that is to be made."\
 "Name your company's settings with --env: the environment is made beside them." 1
    flock --shared --wait 900 8 || fail "Another run is setting $1 up." "Wait until it has ended." 75
}

set_up() { # ENVIRONMENT LIST…
    local environment=$1 list stale
    shift
    hold "$environment"
    mapfile -t stale < <(stale_lists "$environment" "$@")
    [ ${#stale[@]} -eq 0 ] && return
    flock --exclusive --wait 900 8 || fail "Another run is using $environment." "Wait until it has ended." 75
    echo "Setting up $environment" >&2
    runs "$environment" || make_environment "$environment"
    mkdir -p "$environment/installed"
    for list in "$@"; do # a company's own again, whose drivers may need what is replaced now
        [ "$(lock_of "$list")" != "$list" ] || stale+=("$list")
    done
    if compgen -G "$environment/installed/*.sha256" >/dev/null; then # as before version 1.0: what is there is not known
        mapfile -t -O ${#stale[@]} stale < <(lists_of "$environment")
    fi
    mapfile -t stale < <(once "${stale[@]}")
    install_lists "$environment" "${stale[@]}"
    remove_others "$environment"
    flock --shared 8
}

make_environment() { # ENVIRONMENT
    local least=${LEAST_MINOR:-11} python
    python=$(find_python "$least") || fail "There is no Python 3.$least or newer with venv." \
        "apt-get install python3 python3-venv, or set PYTHON to one." 1
    rm -rf "$1"
    "$python" -m venv "$1" || fail "The environment $1 could not be made." "See above." 1
}

install_lists() { # ENVIRONMENT LIST…: locks by their hashes; then a company's own, which change none of the pins
    local environment=$1 list locked=() own=() pins=()
    shift
    for list in "$@"; do
        [ "$(lock_of "$list")" = "$list" ] && own+=(-r "$list") || locked+=(-r "$(lock_of "$list")")
    done
    for list in requirements.txt constraints.txt; do [ ! -f "$list" ] || pins+=(-c "$list"); done
    [ ${#locked[@]} -eq 0 ] || pip "$environment" --require-hashes --no-deps "${locked[@]}"
    [ ${#own[@]} -eq 0 ] || pip "$environment" "${own[@]}" "${pins[@]}"
    for list in "$@"; do
        cp "$(lock_of "$list")" "$(record_of "$environment" "$list")"
    done
}

pip() { # ENVIRONMENT ARGUMENTS…
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check "${@:2}" || fail \
        "The requirements could not be installed." "Look at pip's message above; the package index must be reachable." 1
}

remove_others() { # ENVIRONMENT: removes the packages that none of its lists names any more
    local environment=$1 record list others
    for record in "$environment"/installed/*; do
        list=$(basename "$record")
        [ -f "${list//%//}" ] || rm -f "$record"
    done
    mapfile -t others < <("$environment/bin/python" -I "$_installed" others "$environment"/installed/*)
    [ ${#others[@]} -gt 0 ] || return 0
    echo "Removing from $environment what no list names (requirements-own.txt is for yours): ${others[*]}" >&2
    "$environment/bin/python" -m pip uninstall --quiet --disable-pip-version-check --yes "${others[@]}" 2>/dev/null ||
        fail "They could not be removed." "Look who may write in $environment." 1
}

set_up_by_night() { # ENVIRONMENT LIST…: as set_up, but installs only where somebody looks on, or nothing is there yet
    local environment=$1 cure=./setup.sh stale lacking
    shift
    hold "$environment"
    mapfile -t stale < <(stale_lists "$environment" "$@")
    [ ${#stale[@]} -gt 0 ] || return 0
    if [ -t 0 ] || [ ! -d "$environment" ]; then
        set_up "$environment" "$@"
        return
    fi
    case "$environment ${stale[*]}" in */*) cure=$(printf "%q --env %q" "$PWD/setup.sh" "${env:-}") ;; esac # of a company's folder
    runs "$environment" || fail "The environment $environment does not work: its Python does not start." "$cure" 1
    mapfile -t lacking < <(for list in "$@"; do lock_of "$list"; done)
    lacking=$("$environment/bin/python" -I "$_installed" lacking "${lacking[@]}" | tr '\n' ' ')
    [ -z "$lacking" ] || fail "The environment $environment is out of date, and lacks ${lacking% }." \
        "$([ "$cure" = ./setup.sh ] && echo "$cure ${stale[*]}" || echo "$cure")" 1
    export ETL_STALE="The environment $environment is out of date: ${stale[*]} changed since it was set up."
    ETL_STALE+=" This night uses what is installed; $cure updates it."
    echo "Warning: $ETL_STALE" >&2
}

write_locks() { # writes the lock of each list; a line `# lock: …` of the list holds uv's options
    local list options
    set_up .venv-lock requirements-lock.txt
    mkdir -p locks
    for list in requirements.txt requirements-*.txt; do
        [ "$list" != requirements-own.txt ] || continue
        options=$(sed -n 's/^# lock: //p' "$list")
        [[ $options = *--python-version* ]] || options+=" --python-version 3.11"
        .venv-lock/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header $options \
            --output-file "locks/${list%.txt}.lock" "$list" >/dev/null || fail \
            "The lock of $list could not be written." "Look at uv's message above; the package index must be reachable." 1
    done
}

set_up_node() { # FOLDER PACKAGES: installs what a package.json lists, of exact versions, and runs no script of theirs
    local folder=$1 packages=$2
    exec 8>>"$folder.lock"
    flock --exclusive --wait 900 8 || fail "Another run is setting $folder up." "Wait until it has ended." 75
    sha256sum --check --status "$folder/installed.sha256" 2>/dev/null && return
    echo "Setting up $folder" >&2
    rm -rf "$folder"
    mkdir "$folder"
    cp "$packages" "$folder/package.json"
    npm install --prefix "$folder" --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null ||
        fail "The packages of $packages could not be installed." "Look at npm's message above." 1
    sha256sum "$packages" >"$folder/installed.sha256"
}

renew() { # ENVIRONMENT LIST…: as all of its lists say, these among them, whatever was done to it
    local environment=$1 list lists=(requirements.txt)
    shift
    [ ! -f requirements-own.txt ] || lists+=(requirements-own.txt)
    for list in "$@"; do
        [ -f "$list" ] || fail "There is no list $list." "Name one of: $(ls -m requirements*.txt)" 2
    done
    mapfile -t lists < <(once "${lists[@]}" "$@"; lists_of "$environment")
    ALL=yes set_up "$environment" "${lists[@]}"
}

renew_company() { # FILE: the environment of this company's nights
    local app env
    app=$(pwd -P)
    env=$(cd "$called_from" && settings_file "$app" "$1")
    [ -z "$env" ] || [ -f "$env" ] || fail "There is no settings file $env." \
        "Name your company's: ./setup.sh --env FILE; for the engine's own environment call ./setup.sh alone." 2
    mapfile -t own < <(own_lists "$app" "$env")
    renew "$(environment_of "$app" "$env")" "${own[@]}"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -euo pipefail
    umask 077
    called_from=$PWD
    cd "$(dirname "$(readlink -f "$0")")"
    _installed=etl/core/installed.py
    case ${1:-} in
    --lock) write_locks ;;
    --env) renew_company "${2:-}" ;;
    -*) echo "Usage: ./setup.sh [--lock | --env FILE | LIST…]" >&2 && exit 2 ;;
    *) renew .venv "$@" ;;
    esac
fi
