#!/bin/sh
# Takes Kentongan off a server: sh deploy/uninstall.sh --yes
# Program, services and command go; what the city knows stays, and where it lies is said.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/deploy/bring.sh"
. "$root/deploy/server.sh"

need_root
need_systemd
[ -L "$current" ] || [ -e "$units/kentongan-core.service" ] || stop "nothing is installed here"
[ "${1:-}" = --yes ] ||
    stop "nobody is warned from then on. Program and services would go, data would stay; to do it: sh deploy/uninstall.sh --yes"

systemctl disable --now --quiet kentongan.target kentongan-watch.service kentongan-web.service \
    kentongan-history.service kentongan-core.service kentongan-broker.service 2>/dev/null || true
systemctl stop 'kentongan*' 2>/dev/null || true
rm -f "$units"/kentongan*.service "$units/kentongan.target" "$command" /etc/systemd/journald.conf.d/kentongan.conf
rm -rf "$current" "$versions"
rmdir "${versions%/*}" 2>/dev/null || true
systemctl daemon-reload
if [ -L /etc/nginx/conf.d/kentongan.conf ]; then
    rm -f /etc/nginx/conf.d/kentongan.conf
    systemctl reload nginx.service 2>/dev/null || true
fi
say "Kentongan is off this server. What it knew is still here:"
say "  $state   journal, history, keys, credentials, photos"
say "  $configuration   settings and secrets; $backups   backups"
say "Installed again, it goes on from there: sh deploy/install.sh. To remove it for good, delete these three and the user $user."
