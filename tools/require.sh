#!/bin/sh
# Makes sure that a program is there: tools/require.sh CHECK PACKAGE...
# CHECK is a shell command; where it fails, the Debian packages are installed and it must succeed.
set -eu
check=$1
shift

if sh -c "$check" >/dev/null 2>&1; then exit 0; fi

if ! command -v apt-get >/dev/null; then
    echo "This needs what the Debian packages '$*' hold, and there is no apt-get here: install it, then run make again." >&2
    exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then as_root=sudo; fi

echo "Installing $*"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 update
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
    install --yes --no-install-recommends "$@" >/dev/null
if ! sh -c "$check" >/dev/null 2>&1; then
    echo "Installed $*, and still this fails: $check" >&2
    exit 1
fi
