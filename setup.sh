# Sourced by nightly.sh and test.sh, then called: settings_file APP FILE, and set_up ENVIRONMENT REQUIREMENTS…
# set_up makes the virtual environment on first use, and installs again whatever requirements have changed.
# While a night runs, it holds the environment, so that no other one changes it underneath.

unset PYTHONHOME PYTHONINSPECT PYTHONOPTIMIZE PYTHONSAFEPATH PYTHONWARNINGS # which make another language of Python

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
        fail "Several companies' settings are here: ${here:2}." "Name the one that you mean: --env ${found[0]##*/}" 2 ;;
    esac
}

set_up() { # ENVIRONMENT REQUIREMENTS…
    local environment=$1 least=${LEAST_MINOR:-11} file python stale=()
    shift
    exec 8>>"$environment.lock"
    flock --shared --wait 900 8 || fail "Another run is setting $environment up." "Wait until it has ended." 75
    if ! "$environment/bin/python" -c '' 2>/dev/null; then stale=("$@"); fi
    for file in "$@"; do
        sha256sum --check --status "$environment/installed/$file.sha256" 2>/dev/null || stale+=("$file")
    done
    [ ${#stale[@]} -eq 0 ] && return
    flock --exclusive --wait 900 8 || fail "Another run is using $environment." "Wait until it has ended." 75
    echo "Setting up $environment" >&2
    if ! "$environment/bin/python" -c '' 2>/dev/null; then
        python=$(find_python "$least") || fail "There is no Python 3.$least or newer with venv." \
            "apt-get install python3 python3-venv, or set PYTHON to one." 1
        rm -rf "$environment"
        "$python" -m venv "$environment" || fail "The environment $environment could not be made." "See above." 1
    fi
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check $(printf -- '-r %s ' "${stale[@]}") ||
        fail "The requirements could not be installed." "Look at pip's message above; the package index must be reachable." 1
    mkdir -p "$environment/installed"
    for file in "${stale[@]}"; do
        sha256sum "$file" $([ ! -f constraints.txt ] || echo constraints.txt) >"$environment/installed/$file.sha256"
    done
    flock --shared 8
}

set_up_node() { # FOLDER PACKAGES: installs what a package.json lists, each of an exact version, and runs no script of theirs
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
