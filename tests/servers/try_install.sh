#!/bin/sh
# Tries the server's scripts on a fresh machine with a real systemd, in a container: sudo sh tests/servers/try_install.sh
# Needs debootstrap and systemd-nspawn (apt-get install debootstrap systemd-container), a network for packages, 4 GB of
# disk and some ten minutes. Prints what was tried and how long it took; ends with 1 at the first thing that is not so.
#   --suite NAME   bookworm (Debian 12), trixie (Debian 13)
#   --keep FOLDER  use this folder and leave the machine there
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
suite=bookworm folder=''
while [ $# -gt 0 ]; do
    case $1 in
        --suite) suite=$2 ;;
        --keep) folder=$2 ;;
        *) echo "try_install.sh: $1 is no option" >&2 && exit 2 ;;
    esac
    shift 2
done
for program in debootstrap systemd-nspawn nsenter; do
    PATH=$PATH:/usr/sbin command -v "$program" >/dev/null ||
        { echo "try_install.sh: $program is missing: apt-get install debootstrap systemd-container util-linux" >&2 && exit 2; }
done
PATH=$PATH:/usr/sbin:/sbin
kept=$folder
: "${folder:=$(mktemp -d)}"
machine=$folder/$suite
# The machine shares this one's network: ports that nobody has.
ports=$(python3 -c 'import socket
found = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*[each.getsockname()[1] for each in found])')
tls=${ports%% *} web=${ports##* } loopback=${ports#* }
loopback=${loopback% *}
options="--host 127.0.0.1 --tls-port $tls --loopback-port $loopback --web-port $web"

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }
fail() { say "NOT SO: $*" && exit 1; }

# in_machine COMMAND...: as root inside
in_machine() {
    nsenter --target "$leader" --mount --pid --uts --ipc --cgroup env -i HOME=/root LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PIP_CERT="${PIP_CERT:-}" "$@"
}

boot() {
    systemd-nspawn --quiet --directory="$machine" --boot --register=no --keep-unit --resolv-conf=copy-host \
        --bind-ro=/etc/ssl/certs --bind-ro=/usr/share/ca-certificates --bind-ro=/usr/local/share/ca-certificates \
        >"$folder/console.log" 2>&1 </dev/null &
    nspawn=$!
    trap stop_machine EXIT INT TERM
    for _ in $(seq 60); do
        leader=$(pgrep --parent "$nspawn" | head -n1 || true)
        [ -z "$leader" ] || ! in_machine systemctl is-system-running --quiet 2>/dev/null || return 0
        sleep 1
    done
    fail "the machine did not boot: $folder/console.log"
}

stop_machine() {
    trap - EXIT INT TERM
    [ -z "${leader:-}" ] || in_machine systemctl poweroff >/dev/null 2>&1 || true
    wait "$nspawn" 2>/dev/null || true
    [ -n "$kept" ] || rm -rf "$folder"
}

# refused WORDS COMMAND...: ends with one sentence that has WORDS
refused() {
    words=$1
    shift
    if in_machine "$@" >"$folder/said" 2>&1; then fail "was not refused: $*"; fi
    grep -qF -e "$words" "$folder/said" || fail "$* said: $(cat "$folder/said")"
    say "refused: $(tail -n1 "$folder/said")"
}

# checkout NAME: this checkout inside the machine
checkout() {
    mkdir -p "$machine/srv/$1"
    tar -C "$root" -c --exclude=.git --exclude=.venv --exclude=var --exclude=.tools --exclude=__pycache__ \
        --exclude='*.so' . | tar -C "$machine/srv/$1" -x
}

[ -e "$machine/etc/os-release" ] || {
    say "making a machine: $suite"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,ca-certificates,iproute2,procps,netbase \
        "$suite" "$machine" >"$folder/debootstrap.log" 2>&1 || fail "debootstrap: $folder/debootstrap.log"
}
boot
checkout one

refused '--host is missing' sh /srv/one/deploy/install.sh
refused 'has no address in DNS' sh /srv/one/deploy/install.sh --host no.such.name.invalid

python3 -c "import socket, time; s = socket.create_server(('127.0.0.1', $web)); time.sleep(30)" &
listener=$!
sleep 2
# shellcheck disable=SC2086 # a list of options
refused "port $web is taken by another program" sh /srv/one/deploy/install.sh $options
kill "$listener"

began=$(date +%s)
# shellcheck disable=SC2086
in_machine sh /srv/one/deploy/install.sh $options --nginx || fail "install.sh"
say "installed in $(($(date +%s) - began)) s, downloads included (allowed: 300 s without them)"
for unit in broker core history web; do
    in_machine systemctl is-active --quiet "kentongan-$unit" || fail "kentongan-$unit is not active"
    say "$(in_machine systemd-analyze security --no-pager "kentongan-$unit" 2>/dev/null | tail -n1)"
done
[ "$(in_machine systemctl is-active mosquitto || true)" != active ] || fail "Debian's own broker runs as well"
began=$(date +%s)
# shellcheck disable=SC2086
in_machine sh /srv/one/deploy/install.sh $options >/dev/null || fail "install.sh a second time"
say "a second run changed nothing, in $(($(date +%s) - began)) s"
in_machine kentongan node new percobaan --station x >/dev/null 2>&1 || true # there is no such station: a refusal, and no crash

core=$(in_machine systemctl show --property=MainPID --value kentongan-core)
began=$(date +%s)
in_machine kill -STOP "$core"
until [ "$(in_machine systemctl show --property=MainPID --value kentongan-core)" != "$core" ] &&
    in_machine systemctl is-active --quiet kentongan-core; do
    [ $(($(date +%s) - began)) -lt 60 ] || fail "a core that hangs was not started anew in 60 s"
    sleep 1
done
say "a core that hangs was ready again after $(($(date +%s) - began)) s (watchdog: 30 s)"

checkout two
echo '# a newer version' >>"$machine/srv/two/deploy/__init__.py"
in_machine mv /var/lib/kentongan/backup.json /srv/backup.json 2>/dev/null || true
refused 'kentongan backup run' sh /srv/two/deploy/upgrade.sh
in_machine kentongan backup run >/dev/null || fail "kentongan backup run"
in_machine sh /srv/two/deploy/upgrade.sh || fail "upgrade.sh"

checkout three
sed -i 's/^    channels = channels_of(/    raise RuntimeError("broken on purpose")\n&/' "$machine/srv/three/deploy/run_core.py"
refused 'runs again' sh /srv/three/deploy/upgrade.sh
in_machine systemctl is-active --quiet kentongan-core || fail "the old version does not run after a failed upgrade"

in_machine sh /srv/two/deploy/uninstall.sh --yes || fail "uninstall.sh"
in_machine test -s /var/lib/kentongan/journal.db || fail "uninstall.sh took the journal along"
# shellcheck disable=SC2086
in_machine sh /srv/two/deploy/install.sh $options >/dev/null || fail "install.sh over what was left"
in_machine systemctl is-active --quiet kentongan-core || fail "core does not go on from what was left"
say "uninstalled, installed again: it went on from its data. All is so."
