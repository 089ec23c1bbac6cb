# SPDX-License-Identifier: Apache-2.0
"""Trainings that are interrupted or killed, here and in the program, go on to the bytes of those that were not."""
import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import shoal
from clients import clients, config

INSTANTS = int(os.environ.get("SHOAL_INTERRUPTS", "4"))
ITERATIONS = 1500
FAST = {"key": "client", "support": 6, "query": 4, "hidden": (5,), "inner_lr": 0.05, "tasks_per_batch": 6, "backend": "cpu", "n_jobs": 1}
FILES = ("model.safetensors", "metrics.jsonl")


def estimator(**parameters):
    return shoal.MetaRegressor(**{**FAST, "iterations": ITERATIONS, **parameters})


def data():
    frame = clients(1)
    return frame.drop(columns="y"), frame["y"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a run that nobody disturbed, and how long it took."""
    folder = tmp_path_factory.mktemp("whole") / "RUN"
    began = time.perf_counter()
    estimator().fit(*data(), run=folder)
    return folder, time.perf_counter() - began


def assert_same_files(one, other):
    for name in FILES:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


@pytest.mark.parametrize("instant", range(INSTANTS))
def test_ctrl_c_at_a_random_instant(instant, whole, tmp_path):
    X, y = data()
    model = estimator()
    timer = threading.Timer(whole[1] * random.Random(instant).random(), lambda: os.kill(os.getpid(), signal.SIGINT))
    interrupted = False
    try:
        timer.start()
        model.fit(X, y, run=tmp_path / "RUN")
        timer.join()  # the training was faster: the signal comes here
        time.sleep(0.01)
    except KeyboardInterrupt:
        interrupted = True
    assert interrupted
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if hasattr(model, "n_iter_"):
        assert 0 < model.n_iter_ <= ITERATIONS and np.isfinite(model.predict(X)).all()
    finished = (tmp_path / "RUN" / "model.safetensors").exists()
    if not finished:
        again = estimator().fit(X, y, run=tmp_path / "RUN", resume=True)
        assert again.n_iter_ == ITERATIONS
    assert_same_files(tmp_path / "RUN", whole[0])


class Killed(shoal.callbacks.Callback):
    def __init__(self, at):
        self.at = at

    def after_iteration(self, model, metrics):
        if metrics["iteration"] >= self.at:
            os.kill(os.getpid(), signal.SIGKILL)


CHILD = """
import sys
sys.path.insert(0, {tests!r})
from test_interrupts import Killed, data, estimator
estimator(checkpoint_every=50, log_every=10).fit(*data(), run=sys.argv[1], callbacks=[Killed(70)])
"""


def program_config(folder):
    X, y = data()
    X.assign(y=y).to_csv(folder / "t.csv", index=False)
    keys = {"tasks__key": ["client"], "tasks__features": [name for name in X.columns if name != "client"], "tasks__targets": ["y"],
            "tasks__support": 6, "tasks__query": 4, "model__hidden": [5], "algorithm__inner_lr": 0.05, "train__iterations": ITERATIONS,
            "train__tasks_per_batch": 6, "train__checkpoint_every": 50, "train__log_every": 10}  # fmt: skip
    (folder / "c.toml").write_text(config(folder / "t.csv", **keys), encoding="utf-8")


def test_killed_here_resumed_in_the_program(shoal_program, whole, tmp_path):
    program_config(tmp_path)
    child = subprocess.run([sys.executable, "-c", CHILD.format(tests=os.path.dirname(__file__)), str(tmp_path / "RUN")], check=False)
    assert child.returncode == -signal.SIGKILL
    assert (tmp_path / "RUN/checkpoints/checkpoint-50.safetensors").exists() and not (tmp_path / "RUN/model.safetensors").exists()
    shoal_program("train", "--config", "c.toml", "--out", "STRAIGHT", "--quiet")
    shoal_program("train", "--config", "c.toml", "--out", "RUN", "--resume", "--quiet")
    assert_same_files(tmp_path / "RUN", tmp_path / "STRAIGHT")
    assert "goes on from iteration 50" in (tmp_path / "RUN/train.log").read_text()
    for name, value in shoal.load(whole[0]).parameters_.items():
        np.testing.assert_array_equal(value, shoal.load(tmp_path / "RUN").parameters_[name])


def test_killed_in_the_program_resumed_here(program, whole, tmp_path):
    program_config(tmp_path)
    child = subprocess.Popen([str(program), "train", "--config", "c.toml", "--out", "RUN", "--quiet", "--set=train.iterations=100000000"], cwd=tmp_path)
    while not list((tmp_path / "RUN").glob("checkpoints/checkpoint-?*0.safetensors")):
        assert child.poll() is None
        time.sleep(0.001)
    child.kill()
    child.wait()
    newest = max(int(one.stem.removeprefix("checkpoint-")) for one in (tmp_path / "RUN/checkpoints").glob("checkpoint-*.safetensors"))
    iterations = newest + ITERATIONS
    straight = tmp_path / "STRAIGHT"
    estimator(iterations=iterations, log_every=10).fit(*data(), run=straight)
    estimator(iterations=iterations, log_every=10).fit(*data(), run=tmp_path / "RUN", resume=True)
    assert_same_files(tmp_path / "RUN", straight)


def test_other_data_are_another_run(whole, tmp_path):
    X, y = data()
    with pytest.raises(KeyboardInterrupt):
        estimator().fit(X, y, run=tmp_path / "RUN", callbacks=[Interrupts(50)])
    with pytest.raises(shoal.ModelError, match="belongs to another run"):
        estimator().fit(X, y * 2, run=tmp_path / "RUN", resume=True)
    with pytest.raises(shoal.ModelError, match="inner_lr"):
        estimator(inner_lr=0.1).fit(X, y, run=tmp_path / "RUN", resume=True)
    with pytest.raises(shoal.InvalidArgument, match="already holds a run"):
        estimator().fit(X, y, run=tmp_path / "RUN")
    estimator().fit(X, y, run=tmp_path / "RUN", resume=True)
    assert_same_files(tmp_path / "RUN", whole[0])


class Interrupts(shoal.callbacks.Callback):
    """Ctrl-C from inside the training."""

    def __init__(self, at):
        self.at = at

    def after_iteration(self, model, metrics):
        if metrics["iteration"] >= self.at:
            signal.raise_signal(signal.SIGINT)


def test_a_forked_child_predicts_with_the_parents_bits():
    X, y = data()
    model = estimator(iterations=20, n_jobs=2).fit(X, y)
    expected = model.predict(X)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        os.write(write, b"y" if (model.predict(X) == expected).all() else b"n")
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    assert os.read(read, 1) == b"y"
    os.close(read)
