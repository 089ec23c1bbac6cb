# SPDX-License-Identifier: Apache-2.0
"""`import shoal` is cheap and loads none of the large libraries."""
import subprocess
import sys

import shoal

QUIET = """
import sys, time
start = time.process_time()
import shoal
print(time.process_time() - start)
print([name for name in ("pandas", "sklearn", "torch", "onnx", "polars", "pyarrow") if name in sys.modules])
"""


def test_import_loads_no_large_library():
    done = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, check=True)
    seconds, loaded = done.stdout.split("\n")[:2]
    assert loaded == "[]"
    assert float(seconds) < 3.0  # processor time; 0.3 on a machine with nothing else to do


def test_names():
    for name in shoal.__all__:
        assert getattr(shoal, name) is not None
    assert shoal.__version__.count(".") == 2


def test_errors_are_those_of_python_too():
    for kind, code, base in ((shoal.InvalidArgument, 2, ValueError), (shoal.DataError, 3, ValueError), (shoal.ModelError, 4, ValueError),
                             (shoal.NumericError, 5, ArithmeticError), (shoal.ResourceError, 6, OSError)):  # fmt: skip
        assert issubclass(kind, shoal.Error) and issubclass(kind, base) and kind("x").exit_code == code
