#!/bin/sh
# Makes or mends .venv: finds a Python, then hands over to environment.py.
#
# Needs no HOME, terminal, root or particular language. PYTHON=/path/to/python chooses one.

set -eu
cd "$(dirname "$0")/.."
unset PYTHONHOME PYTHONPATH

# The usual case first, in one short call: what is there is whole and current.
if [ -z "${PYTHON:-}" ] && [ -x .venv/bin/python ] && .venv/bin/python -I scripts/environment.py --is-current 2>/dev/null; then
    exit 0
fi

# Prints the interpreter behind a command (the base one, where it belongs to a virtual environment,
# which may be the very one that is about to be replaced), if this program can run on it.
interpreter() {
    "$1" -I -c '
import sys, sysconfig
fits = (3, 11) <= sys.version_info[:2] < (3, 15) and sys.implementation.name == "cpython"
fits = fits and not sysconfig.get_config_var("Py_GIL_DISABLED")
print(getattr(sys, "_base_executable", None) or sys.executable) if fits else sys.exit(1)
' 2>/dev/null
}

say_how_to_get_one() {
    cat >&2 <<END
$1
Open PDMP needs Python 3.11, 3.12, 3.13 or 3.14. To get one:
  Debian, Ubuntu    sudo apt install python3 python3-venv
                    (where that is older: sudo apt install python3.11 python3.11-venv)
  Fedora, RHEL      sudo dnf install python3.12
  macOS             brew install python@3.13
Then run make again. For a Python in another place: make PYTHON=/path/to/python3.12 COMMAND
END
    exit 1
}

bare= # a Python that fits but cannot make virtual environments
hand_over_to() {
    if "$1" -I -c 'import ensurepip, venv' 2>/dev/null; then
        exec "$1" -I scripts/environment.py
    fi
    bare=${bare:-$1}
}

if [ -n "${PYTHON:-}" ]; then
    python=$(interpreter "$PYTHON") || say_how_to_get_one "PYTHON=$PYTHON is not a Python that can be used here."
    hand_over_to "$python"
else
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if python=$(interpreter "$name"); then
            hand_over_to "$python"
        fi
    done
fi

if [ -z "$bare" ]; then
    say_how_to_get_one "No Python from 3.11 to 3.14 was found."
fi
version=$("$bare" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])')
cat >&2 <<END
$bare is Python $version without its venv and ensurepip modules, so it cannot make an environment.
  Debian, Ubuntu    sudo apt install python$version-venv
  elsewhere         install the full Python $version package
Then run make again.
END
exit 1
