# SPDX-License-Identifier: Apache-2.0
"""Every public name has a docstring that numpydoc's validation passes, and the stubs of the engine are those of the built module."""
import importlib
import importlib.util
import inspect
import os
import pathlib
import re
import subprocess
import sys

import pytest
import shoal
from numpydoc.validate import validate

MODULES = ["shoal", "shoal.callbacks", "shoal.finance", "shoal.torch", "shoal.onnx"]
# Not asked for: a See Also section, an extended summary, where the first line begins, and the grammatical mood of summaries.
# Examples are asked for where EXAMPLES says so.
NOT_ASKED = {"SA01", "ES01", "GL01", "GL02", "SS05", "EX01"}
EXAMPLES = {"shoal.MetaRegressor", "shoal.MetaClassifier", "shoal.QuantileMetaRegressor", "shoal.TaskBatch", "shoal.MetaLearner", "shoal.train",
            "shoal.load", "shoal.function_source", "shoal.batch_source", "shoal.callbacks.Callback", "shoal.finance.volatility_features",
            "shoal.finance.VolatilityForecaster", "shoal.torch.meta_loss", "shoal.onnx.export"}  # fmt: skip
OPTIONAL = {"shoal.torch": "torch", "shoal.onnx": "onnx"}


def own(member):
    """Whether a member of a class is documented here: not one that scikit-learn adds."""
    function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    return inspect.isfunction(function) and function.__module__.startswith("shoal")


def public_names(module):
    found = importlib.import_module(module)
    for name in getattr(found, "__all__", [one for one in vars(found) if not one.startswith("_")]):
        value = getattr(found, name)
        if inspect.ismodule(value) or not getattr(value, "__module__", "").startswith("shoal"):
            continue
        yield f"{module}.{name}"
        if inspect.isclass(value):
            for member in dir(value):
                if not member.startswith("_") and own(inspect.getattr_static(value, member)):
                    yield f"{module}.{name}.{member}"


def findings(name):
    found = [f"{name}: {code} {text}" for code, text in validate(name)["errors"] if code not in NOT_ASKED]
    if name in EXAMPLES and not any(code == "EX01" for code, _ in validate(name)["errors"]):
        return found
    return found + ([f"{name}: has no example"] if name in EXAMPLES else [])


@pytest.mark.parametrize("module", MODULES)
def test_numpydoc(module):
    if module in OPTIONAL:
        pytest.importorskip(OPTIONAL[module])
    names = list(public_names(module))
    assert len(names) >= (20 if module == "shoal" else 1)
    assert not [text for name in names for text in findings(name)]


def test_every_example_belongs_to_a_public_name():
    modules = [module for module in MODULES if module not in OPTIONAL]
    known = {name for module in modules for name in public_names(module)}
    assert {name for name in EXAMPLES if name.rpartition(".")[0] not in OPTIONAL} <= known


def test_numpydoc_finds():
    assert any(code == "PR01" for code, _ in validate("inspect.getdoc")["errors"])


# What differs in every module of nanobind: its functions and classes are not those of Python.
OF_NANOBIND = ("is not a function", "is inconsistent, metaclass differs", "is a disjoint base at runtime, but isn't marked with @disjoint_base in the stub",
               "is inconsistent, stub is a staticmethod but runtime is not", 'is inconsistent, stub does not have *args parameter "args"')  # fmt: skip
# What scikit-learn adds to estimators, torch's decorator of a private class, and bridges to packages that are not there.
OF_LIBRARIES = re.compile(r"shoal\.estimators\.\S*\.set_\w+_request is not present in stub|shoal\.torch\._MetaLoss\b")
ABSENT = tuple(f"shoal.{name} failed to import" for name in ("onnx", "torch") if importlib.util.find_spec(name) is None)
STUBTEST = """[mypy]
[mypy-pandas.*,polars.*,pyarrow.*,narwhals.*,sklearn.*,tqdm.*,torch.*,onnx.*]
follow_imports = skip
ignore_missing_imports = True
"""


def test_annotations_and_stubs_are_what_runs(tmp_path):
    (tmp_path / "mypy.ini").write_text(STUBTEST)
    package = pathlib.Path(shoal.__file__).parents[1]
    asked = [sys.executable, "-m", "mypy.stubtest", "shoal", "--mypy-config-file", str(tmp_path / "mypy.ini"), "--concise"]
    environment = {**os.environ, "MYPY_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(asked, capture_output=True, text=True, cwd=package, env=environment, check=False)
    assert not done.stderr, done.stderr
    of_engine = [line for line in done.stdout.splitlines() if line.startswith("shoal._shoal.") and line.endswith(OF_NANOBIND)]
    assert len(of_engine) > 20, done.stdout  # it did look
    assert not [line for line in done.stdout.splitlines() if line not in of_engine and not OF_LIBRARIES.match(line) and not line.startswith(ABSENT)]
