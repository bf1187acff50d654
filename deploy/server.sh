# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # read by, and $root comes from, the scripts that source this one
# A server's installation: where everything lies, what is looked at before anything is changed, and how a version is
# put in place. Sourced by install.sh, upgrade.sh and uninstall.sh, after bring.sh.

user=kentongan
versions=/opt/kentongan/versions
current=/opt/kentongan/current
configuration=/etc/kentongan
settings=$configuration/kentongan.toml
state=/var/lib/kentongan
backups=/var/backups/kentongan
units=/etc/systemd/system
command=/usr/local/bin/kentongan
contents='alerting broker deploy docs edge firmware_sim ingest pyproject.toml README.md ARCHITECTURE.md CHANGELOG.md LICENSE'

need_root() {
    [ "$(id -u)" -eq 0 ] || stop "root is needed: sudo sh $0"
}

need_systemd() {
    [ -d /run/systemd/system ] ||
        stop "systemd does not run here: install on a server with systemd, or use deploy/compose.yaml"
}

# The distributions that this was made for; the packages of each.
need_distribution() {
    [ -r /etc/os-release ] || stop "/etc/os-release is missing: Debian 12 or 13, or Ubuntu 22.04 or 24.04 is needed"
    distribution=$(. /etc/os-release && printf '%s %s' "${ID:-?}" "${VERSION_ID:-?}")
    case $distribution in
        'debian 12' | 'debian 13' | 'ubuntu 24.04') system_packages='python3 python3-venv' ;;
        'ubuntu 22.04') system_packages='python3.11 python3.11-venv' ;;
        *) stop "this is $distribution: Debian 12 or 13, or Ubuntu 22.04 or 24.04 is needed" ;;
    esac
    system_packages="$system_packages mosquitto ca-certificates openssl iproute2"
}

# need_room FOLDER MEGABYTES: on the disk where FOLDER lies or will lie
need_room() {
    place=$1
    while [ ! -d "$place" ]; do place=$(dirname "$place"); done
    free=$(df -Pm "$place" | awk 'NR == 2 {print $4}')
    [ "$free" -ge "$2" ] || stop "$1: only $free MB are free and $2 MB are needed: make room, or mount a larger disk there"
}

# is_listened PORT: whether any program of this machine listens there
is_listened() {
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
        awk -v port="$(printf ':%04X' "$1")" '$4 == "0A" && substr($2, length($2) - 4) == port {found = 1} END {exit !found}'
}

# need_port PORT UNIT OPTION: free, or held by our own UNIT
need_port() {
    case $1 in '' | *[!0-9]*) stop "$3 $1: is no port; write a number from 1 to 65535" ;; esac
    { [ "$1" -ge 1 ] && [ "$1" -le 65535 ]; } || stop "$3 $1: is no port; write a number from 1 to 65535"
    is_listened "$1" || return 0
    systemctl is-active --quiet "$2" && return 0
    [ "$2" != kentongan-broker.service ] || ! systemctl is-active --quiet mosquitto.service ||
        stop "port $1 is taken by Debian's own broker: 'systemctl disable --now mosquitto' when nobody uses it, or give another $3"
    stop "port $1 is taken by another program ('ss -ltnp sport = :$1' says which): stop it, or give another $3"
}

need_host() {
    [ -n "$host" ] || stop "--host is missing: by which name or address do nodes find this server?"
    case $host in *[!A-Za-z0-9.:-]*) stop "--host $host: is neither a name nor an address" ;; esac
    [ "$(getent ahosts "$host" | wc -l)" -gt 0 ] ||
        stop "--host $host: this name has no address in DNS: have it entered there first, or give this server's address"
}

need_listen() {
    case $listen in
        0.0.0.0 | *:*) ;; # an address of IPv6 is tried by the broker itself
        *) is_own_address "$listen" ||
            stop "--listen $listen: is no address of this machine ('ip -brief address' shows them); 0.0.0.0 is every interface" ;;
    esac
}

# is_own_address ADDRESS: as the kernel's own table of local addresses has it
is_own_address() {
    awk -v wanted="$1" '$2 ~ /^[0-9.]+$/ {last = $2} /host LOCAL/ && last == wanted {found = 1} END {exit !found}' \
        /proc/net/fib_trie 2>/dev/null
}

# need_certificate: that browsers would refuse $certificate for $host is found before it is installed; $key is its key
need_certificate() {
    [ -n "$certificate$key" ] || return 0
    { [ -n "$certificate" ] && [ -n "$key" ]; } || stop "--certificate and --key belong together: give both, or none"
    command -v openssl >/dev/null 2>&1 || stop "openssl is needed to look at the certificate: apt-get install openssl"
    openssl x509 -in "$certificate" -noout 2>/dev/null || stop "--certificate $certificate: is no certificate in PEM"
    openssl pkey -in "$key" -passin pass: -noout 2>/dev/null || stop "--key $key: is no key in PEM without a password"
    openssl x509 -in "$certificate" -noout -checkend 0 >/dev/null ||
        stop "--certificate $certificate: has ended ($(openssl x509 -in "$certificate" -noout -enddate)): ask for a new one"
    [ "$(openssl x509 -in "$certificate" -noout -pubkey)" = "$(openssl pkey -in "$key" -passin pass: -pubout)" ] ||
        stop "--key $key: does not belong to --certificate $certificate: give the key that it was asked for with"
    # Asked for an address, openssl takes whatever is none for a match.
    case $host in
        *:*) kind=-checkip ;;
        *[!0-9.]*) kind=-checkhost ;;
        *) kind=-checkip ;;
    esac
    openssl x509 -in "$certificate" -noout "$kind" "$host" | grep -q 'does match' ||
        stop "--certificate $certificate: is not for $host: ask for one with that name, or give the name that it has"
}

# setting TABLE KEY: a plain value of the settings file, without its quotes
setting() {
    awk -v table="[$1]" -v key="$2" '
        /^\[/ {here = ($0 == table)}
        here && $1 == key && $2 == "=" {sub(/^[^=]*= */, ""); gsub(/"/, ""); print; exit}' "$settings"
}

# as_user COMMAND...: as the installation's own user, so that no file becomes root's
as_user() {
    (cd "$state" && exec runuser -u "$user" -- env KENTONGAN_SETTINGS="$settings" "$@")
}

kentongan() {
    as_user "$current/.venv/bin/kentongan" "$@"
}

# What this checkout holds, as a name: its version and a digest of every file.
name_version() {
    number=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/pyproject.toml")
    [ -n "$number" ] || stop "$root/pyproject.toml names no version: is this a whole checkout?"
    digest=$(pack | sha256sum | cut -c1-10)
    version=$number-$digest
    version_folder=$versions/$version
}

pack() {
    # shellcheck disable=SC2086 # a list of names
    (cd "$root" && tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u+w,go-w,a+rX \
        --exclude=__pycache__ --exclude='*.so' --exclude=node_modules $contents)
}

# The version's files and its environment in a folder of their own, beside what runs.
build_version() {
    if [ ! -e "$version_folder/complete" ]; then
        say "putting version $version into $version_folder"
        umask 022
        mkdir -p "$version_folder"
        pack | tar --extract --directory="$version_folder" --no-same-owner ||
            stop "$version_folder could not be written: is the disk full?"
        (
            root=$version_folder
            environment=$root/.venv
            log=$environment/install.log
            install_environment deploy/requirements.lock
            install_web_assets || say "web assets could not be fetched, so pages have no charts; run this again later ($log)"
            "$environment/bin/python" -m compileall -q "$root/alerting" "$root/broker" "$root/deploy" \
                "$root/edge/gateway" "$root/firmware_sim" "$root/ingest"
        ) || exit 1
        : >"$version_folder/complete"
    fi
}

# switch_to FOLDER: that version is the one that starts
switch_to() {
    ln -sfn "$1" "$current.new"
    mv -T "$current.new" "$current"
}

# Units and the command, from the version that starts.
install_units() {
    for unit in "$current"/deploy/systemd/kentongan*; do
        install -m 644 "$unit" "$units/${unit##*/}"
    done
    mkdir -p /etc/systemd/journald.conf.d
    install -m 644 "$current/deploy/systemd/journald.conf" /etc/systemd/journald.conf.d/kentongan.conf
    install -m 755 "$current/deploy/systemd/kentongan.sh" "$command"
    systemctl daemon-reload
}

# start_all: false when a part does not become ready
start_all() {
    for unit in broker core history web; do
        systemctl start "kentongan-$unit.service" || return 1
    done
    systemctl start kentongan.target
}

# The last words of the units that are not well.
explain_start() {
    for unit in prepare broker core history web; do
        ! systemctl is-active --quiet "kentongan-$unit.service" || continue
        [ "$(systemctl show --property=Result --value "kentongan-$unit.service")" != success ] || continue
        say "kentongan-$unit.service is not well; its last words:" >&2
        journalctl --no-pager --output=cat --lines=5 --unit="kentongan-$unit.service" >&2 || true
    done
}
