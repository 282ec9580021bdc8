# Sourced by hive, test, check and bench, with `here` set to the script's own path: gives `root`, the checkout, and
# `python`, the environment's interpreter. When all is in place this runs builtins alone and starts no process.

root=${here%/*}/..
root=${root%/scripts/..}
python=$root/.venv/bin/python

# environment [EXTRA]: returns when the environment stands, with the packages of EXTRA too; exits 3 when it cannot.
# A folder that was moved or copied is another folder than the one its environment was made for (-ef).
environment() {
    if [ "$root/.venv/ready${1:+-$1}" -nt "$root/pyproject.toml" ] &&
        [ "$root/.venv/checkout" -ef "$root" ] && [ -x "$python" ]; then
        return
    fi
    find_python
    "$found" -I "$root/scripts/set_up.py" "$root" "${1:-}" </dev/null >&2 || exit $?
}

# Prints the real interpreter behind a name, when it is 3.11 or newer. Asked of the interpreter itself: a pyenv shim
# may stand on the PATH and fail, and an environment made from a shim pays for the shim at every start.
ask_python() {
    "$1" -I -c '
import os, sys
if sys.version_info < (3, 11):
    sys.exit(1)
base = getattr(sys, "_base_executable", None) or sys.executable
versioned = os.path.join(os.path.dirname(base), "python%d.%d" % sys.version_info[:2])
print(versioned if os.access(versioned, os.X_OK) else base)
' </dev/null 2>/dev/null
}

find_python() {
    if [ -n "${HIVE_PYTHON:-}" ]; then
        found=$(ask_python "$HIVE_PYTHON") && [ -n "$found" ] && return
        echo "hive: HIVE_PYTHON=$HIVE_PYTHON is no Python 3.11 or newer that runs; name another, or: unset HIVE_PYTHON" >&2
        exit 3
    fi
    for name in python3.14 python3.13 python3.12 python3.11 python3 python; do
        found=$(ask_python "$name") && [ -n "$found" ] && return
    done
    echo "hive: needs Python 3.11 or newer, and found none on the PATH. Run: $(python_command)" >&2
    exit 3
}

python_command() {
    if command -v brew >/dev/null 2>&1; then
        echo "brew install python"
    elif command -v apt-get >/dev/null 2>&1; then
        echo "sudo apt-get install python3 python3-venv"
    elif command -v dnf >/dev/null 2>&1; then
        echo "sudo dnf install python3.12"
    elif command -v pacman >/dev/null 2>&1; then
        echo "sudo pacman -S python"
    else
        echo "HIVE_PYTHON=/path/to/python3.11 scripts/hive"
    fi
}
