#!/bin/sh
# Installs Kentongan on a server (Debian 12 or 13, Ubuntu 22.04 or 24.04): sh deploy/install.sh --host NAME [...]
# Everything is looked at before anything is changed; what is there already is left as it is, so it may be run again.
# Guide: docs/install.md. KENTONGAN_PYTHON names the interpreter for the virtual environment; pip's own settings hold.
set -eu
umask 022
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$root/deploy/bring.sh"
. "$root/deploy/server.sh"

usage() {
    cat <<'TEXT'
sh deploy/install.sh --host NAME [...]        as root, from a checkout
  --host NAME          name or address by which nodes and browsers find this server (needed the first time)
  --site TEXT          name of the city, as pages and messages say it (Kota Pasuruan)
  --listen ADDRESS     where nodes reach the broker (0.0.0.0: every interface)
  --tls-port PORT      broker, for nodes (8883)
  --loopback-port PORT broker, for our own services on this machine (1883)
  --web-port PORT      pages, on this machine, behind a server that speaks https (8080)
  --admin NAME         the first administrator (admin); the password is drawn and shown once
  --watch-only         only the dead-man's switch, for another machine than core's; needs no --host
  --nginx              also install nginx in front of the pages, with https
  --certificate FILE   the pages' certificate, from a public authority, with its chain (PEM); with --key FILE
  --key FILE           its key. Without the two, an authority of the pages' own makes one
  --dry-run            look at everything, say what would be done, and change nothing
Options describe the first installation; later the settings in /etc/kentongan/kentongan.toml hold.
TEXT
}

site='Kota Pasuruan' listen=0.0.0.0 admin=admin host='' certificate='' key=''
tls_port=8883 loopback_port=1883 web_port=8080 with_nginx='' is_dry='' only_watch=''

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --help | -h) usage && exit 0 ;;
            --nginx) with_nginx=1 ;;
            --watch-only) only_watch=1 ;;
            --dry-run) is_dry=1 ;;
            --host | --site | --listen | --admin | --tls-port | --loopback-port | --web-port | --certificate | --key)
                { [ $# -ge 2 ] && [ -n "$2" ]; } || stop "$1: a value is missing; see sh deploy/install.sh --help"
                case $1 in
                    --host) host=$2 ;;
                    --site) site=$2 ;;
                    --listen) listen=$2 ;;
                    --admin) admin=$2 ;;
                    --tls-port) tls_port=$2 ;;
                    --loopback-port) loopback_port=$2 ;;
                    --web-port) web_port=$2 ;;
                    --certificate) certificate=$2 ;;
                    --key) key=$2 ;;
                esac
                shift
                ;;
            *) stop "$1: is no option; see sh deploy/install.sh --help" ;;
        esac
        shift
    done
}

# What the settings of an earlier run say, instead of the options.
read_settings() {
    [ -e "$settings" ] || return 0
    host=$(setting broker node_host)
    listen=$(setting broker listen)
    tls_port=$(setting broker tls_port)
    loopback_port=$(setting broker loopback_port)
    web_port=$(setting web port)
}

need_version() {
    name_version
    [ -L "$current" ] || return 0
    installed=$(readlink "$current")
    [ "${installed##*/}" = "$version" ] ||
        stop "version ${installed##*/} is installed here: sh deploy/upgrade.sh brings it to $version"
}

need_nginx() {
    [ -n "$with_nginx" ] || return 0
    system_packages="$system_packages nginx"
    for port in 80 443; do
        if is_listened "$port" && ! systemctl is-active --quiet nginx.service; then
            stop "port $port is taken by another program ('ss -ltnp sport = :$port' says which): leave --nginx out, and let that serve $configuration/nginx.conf"
        fi
    done
}

look() {
    need_root
    need_systemd
    need_distribution
    need_version
    [ -e "$version_folder/complete" ] || need_room /opt 1500
    [ -z "$only_watch" ] || return 0
    read_settings
    need_host
    need_listen
    need_port "$tls_port" kentongan-broker.service --tls-port
    need_port "$loopback_port" kentongan-broker.service --loopback-port
    need_port "$web_port" kentongan-web.service --web-port
    [ "$tls_port" != "$loopback_port" ] || stop "--tls-port and --loopback-port are both $tls_port: give two"
    need_certificate
    need_nginx
    need_room "$state" 500
}

plan() {
    cat <<TEXT
All is well. This would be done on $distribution:
  packages      $system_packages (those that are missing)
  user          $user, without a login
  program       $version_folder, and $current pointing there
  settings      $settings$([ -e "$settings" ] && echo ' (is there, and stays as it is)')
  state         $state; backups $backups, sealed with $configuration/secrets/backup.key
  broker        $listen:$tls_port with TLS, as $host; 127.0.0.1:$loopback_port for our own services
  pages         http://127.0.0.1:$web_port, for a server in front; sample $configuration/nginx.conf${with_nginx:+, installed in nginx}
  services      kentongan-broker, -core, -history, -web in kentongan.target; mosquitto.service stays off
  administrator $admin, if there is none
Nothing was changed.
TEXT
}

# Debian's package would start a broker of its own, open on 1883.
bring_packages() {
    systemctl is-active --quiet mosquitto.service || systemctl mask --quiet mosquitto.service 2>/dev/null
    for package in $system_packages; do
        dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            packages="$packages $package"
    done
    install_packages
}

make_places() {
    getent passwd "$user" >/dev/null ||
        useradd --system --user-group --home-dir "$state" --no-create-home --shell /usr/sbin/nologin "$user"
    install -d -m 750 -o root -g "$user" "$configuration"
    install -d -m 700 -o "$user" -g "$user" "$configuration/secrets" "$configuration/watch" "$state" "$backups"
}

make_settings() {
    [ -e "$configuration/secrets/backup.key" ] || kentongan backup key --out "$configuration/secrets/backup.key" >/dev/null
    if [ -e "$settings" ]; then
        say "$settings is there and stays as it is"
        return 0
    fi
    "$current/.venv/bin/kentongan" settings --set "site.name=$site" --set "site.state_dir=$state" \
        --set "broker.node_host=\"$host\"" --set "broker.listen=\"$listen\"" --set "broker.tls_port=$tls_port" \
        --set "broker.loopback_port=$loopback_port" --set "web.port=$web_port" \
        --set "backup.folder=$backups" --set "backup.key_file=$configuration/secrets/backup.key" >"$settings.new" ||
        stop "the settings could not be made: see the line above"
    chown "root:$user" "$settings.new"
    chmod 640 "$settings.new"
    mv "$settings.new" "$settings"
    say "settings: $settings"
}

make_proxy() {
    if [ -n "$certificate" ]; then
        cmp -s "$certificate" "$configuration/tls/pages.pem" ||
            install -D -m 644 "$certificate" "$configuration/tls/pages.pem"
        cmp -s "$key" "$configuration/tls/pages.key" || install -m 600 "$key" "$configuration/tls/pages.key"
    elif [ ! -e "$configuration/tls/pages.pem" ]; then
        kentongan certificates pages --name "$host" --out "$state/pages.pem" >/dev/null
        mkdir -p "$configuration/tls"
        (umask 077 && openssl pkey -in "$state/pages.pem" -out "$configuration/tls/pages.key")
        openssl x509 -in "$state/pages.pem" -out "$configuration/tls/pages.pem"
        install -m 644 "$state/pages.pem.ca.pem" "$configuration/tls/authority-of-pages.pem"
        rm -f "$state/pages.pem" "$state/pages.pem.ca.pem"
    fi
    sed -e "s|@HOST@|$host|g" -e "s|@PORT@|$web_port|g" -e "s|@CERTIFICATE@|$configuration/tls/pages.pem|g" \
        -e "s|@KEY@|$configuration/tls/pages.key|g" "$current/deploy/systemd/nginx.conf" >"$configuration/nginx.conf"
    [ -e /proc/net/if_inet6 ] || sed -i '/listen \[::\]/d' "$configuration/nginx.conf"
    [ -n "$with_nginx" ] || return 0
    ln -sfn "$configuration/nginx.conf" /etc/nginx/conf.d/kentongan.conf
    nginx -t >"$configuration/nginx.log" 2>&1 || {
        rm -f /etc/nginx/conf.d/kentongan.conf
        stop "nginx does not accept $configuration/nginx.conf and goes on without it: $(tail -n1 "$configuration/nginx.log")"
    }
    rm -f "$configuration/nginx.log"
    systemctl enable --quiet nginx.service
    systemctl reload-or-restart nginx.service
}

start() {
    systemctl enable --quiet kentongan.target kentongan-broker.service kentongan-core.service \
        kentongan-history.service kentongan-web.service kentongan-watch.service
    start_all || {
        explain_start
        stop "not every service is ready: correct what stands above, then start again: sh deploy/install.sh"
    }
}

first_admin() {
    kentongan user list | grep -v '^nobody may log in' | grep -qE ' admin( |$)' ||
        kentongan user add "$admin" --role admin --one-time
}

next_page() {
    cat <<TEXT

Kentongan $version runs. What to do next:
  1. Copy $configuration/secrets/backup.key to a place outside of this machine, today: without it no backup can be read.
  2. Take the first backup: kentongan backup run. From then on one is taken each night.
  3. Pages: https://$host/ through a server with https in front; sample: $configuration/nginx.conf (or --nginx).
$([ ! -e "$configuration/tls/authority-of-pages.pem" ] || echo "     Browsers are to be given $configuration/tls/authority-of-pages.pem.")
  4. Stations: kentongan station sample > $configuration/stations.toml, write yours, kentongan station import FILE --dry-run.
  5. Channels: [channels] in $settings, secrets in $configuration/secrets; then systemctl restart kentongan.target.
  6. Officers and residents: kentongan recipient; duty: kentongan roster.
  7. The dead-man's switch, on another machine if there is one: docs/watch.md.
  8. After each change: kentongan check. Logs: journalctl -u 'kentongan-*'. Alarms: docs/runbook.md.
  Upgrade: sh deploy/upgrade.sh from a newer checkout. Open the port $tls_port to nodes in the firewall.
TEXT
}

# Another machine than core's: the program and one service, which waits for what `kentongan watch new` makes at core's.
install_watch() {
    systemctl enable --quiet kentongan-watch.service
    systemctl start kentongan-watch.service
    say "version $version is here. Next: on core's machine 'kentongan watch new', bring its folder to $configuration/watch,"
    say "chown -R $user: $configuration/watch, and systemctl start kentongan-watch; guide: docs/watch.md"
}

read_options "$@"
look
if [ -n "$is_dry" ]; then
    if [ -n "$only_watch" ]; then
        say "all is well: version $version and kentongan-watch would be installed. Nothing was changed"
    else
        plan
    fi
    exit 0
fi
bring_packages
build_version
switch_to "$version_folder"
make_places
if [ -n "$only_watch" ]; then
    install_units
    install_watch
    exit 0
fi
make_settings
install_units
make_proxy
start
admin_said=$(first_admin)
say "examining the installation: kentongan check"
kentongan check || true
printf '\n%s\n' "$admin_said"
next_page
