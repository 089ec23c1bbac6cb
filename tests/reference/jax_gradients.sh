#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs jax_gradients.py in an environment of its own: jax_gradients.sh SHOAL FOLDER (the environment is kept in FOLDER).
set -eu
[ -x "$2/bin/python" ] || python3 -m venv "$2"
"$2/bin/python" -c "import jax" 2>/dev/null || "$2/bin/pip" install --quiet "jax==0.10.2" numpy
exec "$2/bin/python" "$(dirname "$0")/jax_gradients.py" "$1"
