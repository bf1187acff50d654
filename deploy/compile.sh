#!/bin/sh
# Compiles the path of a reading to machine code: sh deploy/compile.sh. It takes a minute or two, and is done anew after
# each upgrade; 'python -m deploy.compiled --remove' takes it back.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/deploy/bring.sh"

want cc gcc
install_packages
install_environment deploy/requirements.lock
"$root/.venv/bin/python" -c 'import os, sysconfig; open(os.path.join(sysconfig.get_paths()["include"], "Python.h")).close()' \
    2>/dev/null || packages=" python3-dev"
install_packages
"$root/.venv/bin/python" -c 'import mypyc, setuptools' 2>/dev/null ||
    run_pip install --require-hashes -r "$root/deploy/requirements-compile.lock" >"$log" 2>&1 || explain_pip_failure
say "compiling (one or two minutes)"
cd "$root"
exec .venv/bin/python -m deploy.compiled
