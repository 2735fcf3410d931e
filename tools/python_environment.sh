# Sourced by setup.sh, setup_tune.sh and setup_cuda.sh: a Python, virtual environments made with it, and wheels in .venv. Uses their
# function `say`, and $PYTHON (the interpreter to use; default: the first suitable one found).

# Prints the first Python 3.11 or newer that can make a virtual environment with pip in it.
find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3.14 python3 /usr/bin/python3; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  return 1
}

environment_works() { "$1/bin/python" -c 'import pip' 2>/dev/null; }

# Makes the virtual environment in the folder $1 unless one that works is there; exits 2 without a suitable Python.
make_environment() {
  ! environment_works "$1" || return 0
  local python
  python=$(find_python) || {
    say "\`python3\` must be version 3.11 or newer with its \`venv\` module, but none was found; name one with PYTHON=/path/to/python3"
    exit 2
  }
  say "making $1 with $("$python" --version)"
  "$python" -m venv --clear "$1"
}

# Installs requirements/NAME.txt unless this very file is installed already. The stamp is written last.
install_wheels() {
  local file="requirements/$1.txt" stamp=".venv/.installed-$1" wanted
  grep -q '^[^#[:space:]]' "$file" || return 0
  wanted=$(sha256sum <"$file")
  if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
  say "installing the wheels of $file"
  rm -f "$stamp"
  .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check --no-deps -r "$file" </dev/null >&2 || {
    say "\`$file\` must be installable, but pip failed (its message is above); check that the package index can be reached, then repeat"
    exit 2
  }
  printf '%s\n' "$wanted" >"$stamp"
}
