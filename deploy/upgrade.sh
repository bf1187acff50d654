#!/bin/sh
# Brings a server to the version of this checkout: sh deploy/upgrade.sh [--dry-run]
# Refused without a backup younger than a day. When the new version does not become ready, the old one starts again.
# Guide: docs/install.md. KENTONGAN_PYTHON names the interpreter for the virtual environment; pip's own settings hold.
set -eu
umask 022
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/deploy/bring.sh"
. "$root/deploy/server.sh"

case ${1:-} in
    '') is_dry='' ;;
    --dry-run) is_dry=1 ;;
    --help | -h)
        printf '%s\n' 'sh deploy/upgrade.sh [--dry-run]    as root, from a checkout of the newer version'
        exit 0
        ;;
    *) stop "$1: is no option; there is --dry-run" ;;
esac

look() {
    need_root
    need_systemd
    need_distribution
    name_version
    [ -L "$current" ] || stop "nothing is installed here: sh deploy/install.sh --help"
    before=$(readlink "$current")
    [ "$before" != "$version_folder" ] || stop "version $version is installed already: nothing to do"
    [ -r "$settings" ] || stop "$settings is missing: put it back from a backup, then start again"
    [ -e "$version_folder/complete" ] || need_room /opt 1500
    # Asked of the version that runs, whose files they are.
    at "$before" backup
}

# at VERSION_FOLDER VERB [ARGUMENT...]
at() {
    folder=$1
    shift
    as_user "$folder/.venv/bin/python" -m deploy.upgrade "$@" --settings "$settings"
}

# The broker goes on: it keeps for core what nodes send meanwhile.
stop_services() {
    systemctl stop kentongan-web.service kentongan-history.service kentongan-core.service
}

# The broker's own files may be others in the new version.
start_version() {
    install_units
    configuration_before=$(cksum <"$state/broker/mosquitto.conf")
    systemctl start kentongan-prepare.service || return 1
    [ "$configuration_before" = "$(cksum <"$state/broker/mosquitto.conf")" ] ||
        systemctl restart kentongan-broker.service || return 1
    start_all
}

go_back() {
    explain_start
    say "version $version did not become ready: going back to ${before##*/}" >&2
    stop_services || true
    at "$version_folder" back >&2 || stop "the journal could not be put back: see docs/install.md, 'When an upgrade fails'"
    switch_to "$before"
    start_version || {
        explain_start
        stop "version ${before##*/} does not become ready either: restore the backup (docs/backup.md)"
    }
    at "$version_folder" gap --wait 5 >&2 || true
    stop "version ${before##*/} runs again; $version is not installed: its reason stands above"
}

# The last two versions stay.
remove_old() {
    for folder in "$versions"/*; do
        case $folder in "$version_folder" | "$before") ;; *) rm -rf "$folder" ;; esac
    done
}

look
if [ -n "$is_dry" ]; then
    say "all is well: ${before##*/} would become $version. Nothing was changed"
    exit 0
fi
for package in $system_packages; do
    dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || packages="$packages $package"
done
install_packages
build_version
say "stopping ${before##*/}; nodes and the broker keep what is measured meanwhile"
stop_services
at "$version_folder" keep || {
    systemctl start kentongan-core.service kentongan-history.service kentongan-web.service
    stop "nothing was changed, and ${before##*/} runs again: see the line above"
}
switch_to "$version_folder"
start_version || go_back
at "$version_folder" gap
remove_old
say "version $version runs; examining it: kentongan check"
kentongan check || true
