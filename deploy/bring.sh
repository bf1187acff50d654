# shellcheck shell=sh
# shellcheck disable=SC2154 # $root comes from the script that sources this one
# Brings what a checkout needs, and nothing twice. Sourced by other scripts of this folder; $root is the checkout.
# A step that cannot be done ends the script with one line that says what to do.

environment=$root/.venv
log=$environment/install.log
packages=

say() {
    printf 'kentongan: %s\n' "$*"
}

stop() {
    printf 'kentongan: %s\n' "$*" >&2
    exit 1
}

# want PROGRAM PACKAGE: note the system package when the program is missing
want() {
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || packages="$packages $2"
}

# The system packages that were wanted, if any.
install_packages() {
    [ -n "$packages" ] || return 0
    command -v apt-get >/dev/null 2>&1 ||
        stop "missing:$packages. There is no apt-get here: install this with your package manager and start again"
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root='sudo -n'
    else
        stop "missing:$packages. Root is needed once: run 'apt-get install$packages' as root and start again"
    fi
    say "installing system packages:$packages"
    # Package lists of a fresh machine are empty, and those of an old one name versions that are gone.
    apt_install || { $as_root apt-get update -qq >/dev/null 2>&1 && apt_install; } ||
        stop "apt-get could not install$packages: run 'apt-get update && apt-get install$packages' as root to see why"
    case " $packages " in *' mosquitto '*) stop_packaged mosquitto.service ;; esac
    case " $packages " in *' prometheus '*) stop_packaged prometheus.service ;; esac
    packages=
}

apt_install() {
    # shellcheck disable=SC2086 # two lists of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o DPkg::Lock::Timeout=120 $packages >/dev/null 2>&1
}

# stop_packaged SERVICE: a package starts its own; ours is started by 'kentongan up' or a test, with our configuration.
stop_packaged() {
    [ -d /run/systemd/system ] || return 0
    $as_root systemctl disable --now --quiet "$1" 2>/dev/null || return 0
    say "the service $1 of the new package is switched off; Kentongan runs its own"
}

# fingerprint FILE: changes with the file, the project's metadata, the interpreter and the checkout's place
fingerprint() {
    {
        cat "$1" "$root/pyproject.toml"
        readlink -f "$environment/bin/python"
        printf '%s\n' "$root"
    } 2>/dev/null | sha256sum
}

stamp() {
    printf '%s\n' "$environment/installed-${1##*/}"
}

# is_installed LOCK: whether all of LOCK is there, at the cost of a few milliseconds
is_installed() {
    [ -x "$environment/bin/python" ] && [ -r "$(stamp "$1")" ] &&
        [ "$(cat "$(stamp "$1")")" = "$(fingerprint "$root/$1")" ]
}

# want_environment LOCK: note the system packages without which no virtual environment can be made
want_environment() {
    if is_installed "$1" || is_usable_environment; then
        return 0
    elif ! find_python; then
        packages="$packages python3 python3-venv"
    elif ! has_module ensurepip && ! has_module pip; then
        packages="$packages $("$python" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')"
    fi
}

# install_environment LOCK: a virtual environment with what LOCK pins, and the project in it
install_environment() {
    is_installed "$1" && return 0
    mkdir -p "$environment" 2>/dev/null || true
    [ -w "$environment" ] || stop "cannot write to $environment: start again from a checkout that is yours"
    # Two starts at once: the second waits, and then finds everything there.
    exec 9<"$root/pyproject.toml"
    if command -v flock >/dev/null 2>&1 && ! flock -n 9; then
        say "another installation is under way in this folder; waiting for it"
        flock 9
    fi
    is_installed "$1" || install_now "$1"
    exec 9<&-
}

install_now() {
    lock=$1
    if is_usable_environment; then
        rm -f "$environment"/installed-*
        : >"$environment/installing"
    else
        make_environment
    fi
    say "installing Python packages from $lock (about a minute the first time)"
    run_pip install --require-hashes -r "$root/$lock" >"$log" 2>&1 || explain_pip_failure
    run_pip install --no-deps --no-build-isolation -e "$root" >>"$log" 2>&1 || explain_pip_failure
    rm "$environment/installing"
    fingerprint "$root/$lock" >"$(stamp "$lock")"
    # The lock of the tests holds all that operation needs, in the same versions.
    fingerprint "$root/deploy/requirements.lock" >"$(stamp deploy/requirements.lock)"
}

# An environment that works, was not left half-made and has not been moved here from elsewhere.
is_usable_environment() {
    [ -f "$environment/pyvenv.cfg" ] && [ ! -e "$environment/installing" ] &&
        is_new_enough "$environment/bin/python" &&
        { [ ! -e "$environment/bin/kentongan" ] || grep -qF "$environment/bin/" "$environment/bin/kentongan"; }
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

make_environment() {
    find_python || stop "Python 3.11 or newer is missing: install it, or name one in KENTONGAN_PYTHON, and start again"
    without_pip=
    has_module ensurepip || without_pip=--without-pip
    rm -rf "$environment"
    mkdir "$environment"
    : >"$environment/installing"
    # shellcheck disable=SC2086 # an option or nothing
    "$python" -m venv $without_pip "$environment" >"$log" 2>&1 ||
        stop "$python cannot make a virtual environment: $(tail -n1 "$log")"
}

has_module() {
    "$python" -c "import $1" >/dev/null 2>&1
}

find_python() {
    if [ -n "${KENTONGAN_PYTHON:-}" ]; then
        python=$KENTONGAN_PYTHON
        command -v "$python" >/dev/null 2>&1 || stop "KENTONGAN_PYTHON=$python is not a program"
        is_new_enough "$python" || stop "KENTONGAN_PYTHON=$python is not Python 3.11 or newer: name one that is"
        return
    fi
    for python in python3.11 python3 python3.12 python3.13 python3.14; do
        is_new_enough "$python" && return
    done
    python=
    return 1
}

# pip of the environment, or an outer pip working on it where the environment has none
run_pip() {
    if "$environment/bin/python" -c 'import pip' >/dev/null 2>&1; then
        "$environment/bin/python" -m pip --no-input "$@"
    else
        [ -n "${python:-}" ] || find_python || return 1
        "$python" -m pip --python "$environment/bin/python" --no-input "$@"
    fi
}

log_says() {
    grep -qE "$1" "$log"
}

explain_pip_failure() {
    if log_says 'DO NOT MATCH THE HASHES'; then
        stop "a downloaded package is not the one pinned in $lock (its hash differs): check the index or mirror that" \
            "pip uses, then start again; details: $log"
    elif log_says 'No space left on device'; then
        stop "the disk is full: free about 1 GB and start again"
    elif log_says 'NewConnectionError|NameResolutionError|name resolution|ConnectTimeout|ReadTimeout|ProxyError|unreachable'; then
        stop "the Python package registry cannot be reached: check the network or pip's own settings and start again"
    elif log_says 'SSLError|CERTIFICATE_VERIFY_FAILED'; then
        stop "the Python package registry's certificate is not trusted here: check the clock and PIP_CERT; details: $log"
    elif log_says 'Permission denied|Read-only file system'; then
        stop "pip cannot write to $environment: make the folder yours or remove it, and start again"
    fi
    stop "pip failed: $(grep -m1 '^ERROR' "$log" || tail -n1 "$log"); details: $log"
}

# Third-party scripts and styles of the web pages, as pinned in the package lock; false when they cannot be had.
install_web_assets() {
    web=$root/alerting/web
    [ "$(sha256sum <"$web/package-lock.json")" = "$(cat "$web/static/vendor/package-lock.sha256" 2>/dev/null)  -" ] &&
        return 0
    say "fetching web assets"
    if ! command -v npm >/dev/null 2>&1; then
        # Node.js is a large download and only needed here, so it is no part of the environment's own lock.
        run_pip install --require-hashes -r "$root/deploy/requirements-node.lock" >"$log" 2>&1 || return 1
    fi
    (cd "$root" && "$environment/bin/python" -m alerting.web.assets) >"$log" 2>&1
}
