# Shared by the scripts of this folder: telling, stopping, and asking the package manager for what is missing.

say() { printf '%s\n' "$@" >&2; }

stop() {
    say "" "STOPPED: $1"
    shift
    for line in "$@"; do say "  $line"; done
    exit 1
}

runs() { "$@" >/dev/null 2>&1; }

# Whether packages can be installed without asking anybody: apt-get there, and root or sudo without a password.
may_install() {
    runs command -v apt-get || return 1
    [ "$(id -u)" = 0 ] || runs sudo -n true
}

apt() {
    # Another package manager may be at work, as on a machine that has just started.
    set -- env DEBIAN_FRONTEND=noninteractive apt-get "$@" -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0
    if [ "$(id -u)" != 0 ]; then set -- sudo -n "$@"; fi
    say "+ $*"
    "$@" >&2
}

# Install Debian packages, having fetched the list of packages first.
apt_install() {
    apt update -q && apt install -y -q --no-install-recommends "$@"
}

# Where files may lie that nobody keeps: in memory when it has room for all of them and lets programs start, so that no
# disk is waited for.
scratch() {
    local free
    free=$(df --output=avail /dev/shm 2>/dev/null | tail -n 1) || free=0
    if [ -w /dev/shm ] && [ "${free:-0}" -ge 6000000 ] && ! grep -q '^[^ ]* /dev/shm [^ ]* [^ ]*noexec' /proc/mounts; then
        echo /dev/shm
    else
        echo /tmp
    fi
}
