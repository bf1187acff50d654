#!/bin/sh
# Installs what is missing, then starts everything for one machine with a demonstration storm:
#   sh deploy/quickstart.sh [--scenario NAME] [--speed N] ...    as 'kentongan up --demo' takes them
# KENTONGAN_PYTHON names the interpreter for a new virtual environment. pip's own settings hold.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/deploy/bring.sh"

want mosquitto mosquitto
want_environment deploy/requirements.lock
install_packages
install_environment deploy/requirements.lock
install_web_assets || say "web assets could not be fetched, so pages have no charts; the next start tries again ($log)"

cd "$root"
exec "$environment/bin/kentongan" up --demo "$@"
