#!/bin/sh
# Installs what the tests need and runs them all: sh deploy/test.sh [arguments of pytest]
# Real services take part: Mosquitto, InfluxDB, Chromium, MicroPython, Gammu SMSD, Prometheus. Benchmarks (tests/bench) are run by hand.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/deploy/bring.sh"

influxd_version=v1.8.10
: "${KENTONGAN_INFLUXD:=$root/.tools/influxd}"
export KENTONGAN_INFLUXD

install_influxd() {
    [ -x "$KENTONGAN_INFLUXD" ] && return 0
    say "building InfluxDB $influxd_version (one or two minutes, once)"
    GOBIN=$root/.tools CGO_ENABLED=0 go install "github.com/influxdata/influxdb/cmd/influxd@$influxd_version" \
        >"$log" 2>&1 || stop "InfluxDB could not be built: $(tail -n1 "$log"); details: $log"
}

# heading NAME COMMAND...: every linter speaks before the first failure ends the run
heading() {
    printf '\n== %s\n' "$1"
    shift
    "$@" || failed=1
}

want mosquitto mosquitto
want chromium chromium
want strace strace
want faketime faketime
want gammu-smsd gammu-smsd
want gammu gammu
want promtool prometheus
want cc gcc
want openssl openssl
want systemd-analyze systemd
[ -x "$KENTONGAN_INFLUXD" ] || want go golang-go
want_environment deploy/requirements-test.lock
install_packages
install_environment deploy/requirements-test.lock
# What the firmware is type-checked against; its modules bear Python's own names, so it lies beside the environment.
[ -f "$environment/stubs/machine.pyi" ] ||
    run_pip install --no-deps --require-hashes --target "$environment/stubs" -r "$root/deploy/requirements-stubs.lock" \
        >"$log" 2>&1 || explain_pip_failure
install_web_assets || stop "web assets could not be fetched: $(tail -n1 "$log"); check the network and start again"
install_influxd

cd "$root"
# The tests start hundreds of processes; where the environment forbids Python to keep bytecode, each would compile anew.
.venv/bin/python -m compileall -q alerting broker deploy edge/gateway firmware_sim ingest
failed=
heading 'ruff check' .venv/bin/ruff check
heading 'ruff format' .venv/bin/ruff format --check
heading 'mypy --strict' .venv/bin/mypy
heading 'import-linter' .venv/bin/lint-imports --no-logo --no-cache
[ -z "$failed" ] || stop "the checks above failed, so the tests were not run"

printf '\n== pytest\n'
# Much of it waits for real services; a file stays with one worker, because its tests share them.
exec .venv/bin/python -m pytest --ignore=tests/bench --numprocesses="${KENTONGAN_TEST_WORKERS:-3}" --dist=loadfile "$@"
