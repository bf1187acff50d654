#!/bin/sh
# The command for people: it acts as the installation's own user, so that no file of its becomes root's.
export KENTONGAN_SETTINGS="${KENTONGAN_SETTINGS:-/etc/kentongan/kentongan.toml}"
program=/opt/kentongan/current/.venv/bin/kentongan
case $(id -un) in
    kentongan) exec "$program" "$@" ;;
    root)
        # Who did it is written into the audit log.
        exec runuser -u kentongan -- env LOGNAME="${SUDO_USER:-${LOGNAME:-root}}" "$program" "$@"
        ;;
esac
printf 'kentongan: this is done as root: sudo kentongan %s\n' "$*" >&2
exit 2
