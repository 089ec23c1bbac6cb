# SPDX-License-Identifier: Apache-2.0
"""MetaLearner and train: the engine's numbers, and what ends a training."""
import os
import signal
import threading

import numpy as np
import pytest
import shoal
from safetensors.numpy import load_file


def learner_of(**options):
    return shoal.MetaLearner(**{"inputs": 1, "outputs": 1, "hidden": [8, 8], "inner_steps": 2, "inner_lr": 0.05, "backend": "cpu", **options})


def same(one, other):
    assert set(one) == set(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.mark.parametrize("options", [{}, {"algorithm": "meta-sgd"}, {"algorithm": "anil"}, {"algorithm": "reptile"}, {"learned_lr": "layer-step"},
                                     {"backend": "reference"}, {"loss": "gaussian-nll", "outputs": 2}])  # fmt: skip
def test_gradient_is_that_of_the_program(options, shoal_program, tmp_path):
    batch = shoal.sinusoid(seed=3).evaluation(20)
    shoal.write_tasks(tmp_path / "t.safetensors", batch)
    learner = learner_of(**options)
    keys = {"algorithm": "algorithm.name", "learned_lr": "algorithm.learned_lr", "loss": "loss.name", "backend": "backend"}
    asked = [f"--set={keys[name]}={value}" for name, value in options.items() if name in keys]
    (tmp_path / "c.toml").write_text("[model]\nhidden = [8, 8]\n[algorithm]\ninner_steps = 2\ninner_lr = 0.05\n")
    backend = [] if "backend" in options else ["--set=backend=cpu"]
    shoal_program("gradient", "--config", "c.toml", "--tasks", "t.safetensors", "--out", "g.safetensors", "--fast-weights", *asked, *backend)
    stored = load_file(tmp_path / "g.safetensors")
    told = learner.meta_gradient(batch, fast_weights=True)
    same({n.removeprefix("meta_gradient."): v for n, v in stored.items() if n.startswith("meta_gradient.")}, told.gradient)
    same({n.removeprefix("fast."): v for n, v in stored.items() if n.startswith("fast.")}, told.fast_weights)
    np.testing.assert_array_equal(stored["query_loss"], told.query_loss)
    np.testing.assert_array_equal(stored["query_loss_before"], told.query_loss_before)
    assert (told.status == 0).all() and told.good == 20
    if options.get("algorithm") not in ("reptile", "anil"):
        same(learner.adapt(batch, 2).weights, told.fast_weights)


def test_parameters_are_a_dictionary():
    learner, other = learner_of(seed=1, algorithm="meta-sgd"), learner_of(seed=2, algorithm="meta-sgd")
    values = learner.parameters
    assert values["layers.0.weight"].shape == (1, 8) and "inner_lr.layers.0.weight" in values
    other.parameters = values
    same(other.parameters, values)
    for change, part in (({"layers.0.weight": None}, "missing"), ({"nothing": np.zeros(1)}, "unknown name 'nothing'")):
        given = {**values, **change}
        given = {name: value for name, value in given.items() if value is not None}
        with pytest.raises(shoal.ModelError, match=part):
            other.parameters = given
    with pytest.raises(shoal.ModelError, match=r"'layers.0.bias' has shape \[2\]"):
        other.parameters = {**values, "layers.0.bias": np.zeros(2, np.float32)}
    with pytest.raises(shoal.InvalidArgument, match="inner_stepz: unknown option"):
        learner_of(inner_stepz=3)
    with pytest.raises(shoal.InvalidArgument, match="activation"):
        learner_of(activation="sine")


def adapted_of(learner):
    """Five tasks that keep the learner's own weights, for any loss."""
    targets = {"softmax": None, "gaussian-nll": learner.outputs // 2, "pinball": 1}.get(learner.options["loss"], learner.outputs)
    y = np.zeros((5, 3), np.int64) if targets is None else np.zeros((5, 3, targets), np.float32)
    x = np.ones((5, 3, 1), np.float32)
    return learner.adapt(shoal.TaskBatch.from_dense(x, y, x, y), 0)


def test_predicts_what_it_evaluates():
    learner = learner_of()
    batch = shoal.sinusoid().evaluation(5)
    adapted = learner.adapt(batch, 3)
    said = learner.predict(adapted, batch.query_x, batch.query_offsets)
    losses = ((said - batch.query_y) ** 2).reshape(5, -1).mean(axis=1)
    np.testing.assert_allclose(losses, learner.evaluate(batch, [3]).loss[0], rtol=1e-5)
    assert learner.evaluate(batch, [0, 3]).summary().to_dict()[1]["steps"] == 3
    with pytest.raises(shoal.InvalidArgument, match="offsets"):
        learner.predict(adapted, batch.query_x, batch.query_offsets[:-1].copy())
    with pytest.raises(shoal.InvalidArgument, match="x: float64"):
        learner.predict(adapted, batch.query_x.astype(np.float64), batch.query_offsets)
    for loss, outputs in (("mse", 2), ("gaussian-nll", 4), ("softmax", 3), ("pinball", 2)):
        several = learner_of(loss=loss, outputs=outputs, **({"quantiles": [0.1, 0.9]} if loss == "pinball" else {}))
        assert several.predict(adapted_of(several), batch.query_x, batch.query_offsets).shape == (len(batch.query_x), outputs)
    doubles = learner_of(backend="reference")
    assert doubles.dtype == np.float64 and doubles.adapt(batch, 1).weights["layers.0.bias"].dtype == np.float64


def test_training_has_the_bits_of_the_program(shoal_program, tmp_path):
    (tmp_path / "c.toml").write_text(
        "seed = 7\nbackend = 'cpu'\n[model]\nhidden = [8, 8]\n[algorithm]\ninner_steps = 2\ninner_lr = 0.05\n[train]\niterations = 40\ntasks_per_batch = 10\n"
    )
    shoal_program("train", "--config", "c.toml", "--out", "RUN", "--quiet")
    learner = learner_of()
    told = shoal.train(learner, shoal.sinusoid(), 40, 10)
    assert told["iteration"] == 40 and not told["stopped"] and told["history"][-1]["iteration"] == 40
    same(load_file(tmp_path / "RUN/model.safetensors"), learner.parameters)


class Stops(shoal.callbacks.Callback):
    def __init__(self, at, error=None):
        self.at, self.error, self.called = at, error, []

    def before_training(self, model):
        self.called.append("before")

    def after_iteration(self, model, metrics):
        self.called.append(metrics["iteration"])
        model.evaluate(shoal.sinusoid().evaluation(3), [0, 1])  # changes no bit
        if metrics["iteration"] == self.at and self.error:
            raise self.error
        return metrics["iteration"] == self.at

    def after_training(self, model):
        self.called.append("after")


def test_interrupted_trainings_go_on_bit_for_bit(tmp_path):
    whole = learner_of()
    shoal.train(whole, shoal.sinusoid(), 30, 5)
    for name, callback in (("stopped", Stops(7)), ("failed", Stops(7, RuntimeError("mine"))), ("interrupted", Stops(7, KeyboardInterrupt()))):
        learner = learner_of()
        if callback.error:
            with pytest.raises(type(callback.error)):
                shoal.train(learner, shoal.sinusoid(), 30, 5, [callback], tmp_path / name, log_every=1)
        else:
            assert shoal.train(learner, shoal.sinusoid(), 30, 5, [callback], tmp_path / name, log_every=1)["stopped"]
        assert callback.called == ["before", *range(1, 8), "after"]
        again = learner_of()
        assert shoal.train(again, shoal.sinusoid(), 30, 5, run=tmp_path / name, resume=True, log_every=1)["iteration"] == 30
        same(again.parameters, whole.parameters)
    with pytest.raises(shoal.InvalidArgument):
        shoal.train(learner_of(), shoal.sinusoid(), 30, 5, run=tmp_path / "stopped")


@pytest.mark.parametrize("other", [lambda: shoal.sinusoid(seed=8), shoal.xsinx, lambda: shoal.sinusoid(noise=0.1)])
def test_a_run_goes_on_with_its_own_source_alone(tmp_path, other):
    shoal.train(learner_of(), shoal.sinusoid(), 10, 5, [Stops(3)], tmp_path / "run", log_every=1)
    with pytest.raises(shoal.ModelError):
        shoal.train(learner_of(), other(), 10, 5, run=tmp_path / "run", resume=True)
    shoal.train(learner_of(), shoal.function_source(lambda phase, i, tasks: shoal.sinusoid().sample(i, tasks, phase), inputs=1, targets=1), 10, 5,
                run=tmp_path / "run", resume=True)  # fmt: skip  # the same tasks are the same source


def test_row_starts_that_are_changed_in_place_are_refused():
    x, y = np.ones((8, 1), dtype=np.float32), np.ones((8, 1), dtype=np.float32)
    starts = np.array([0, 4, 8])
    batch = shoal.TaskBatch(x, y, starts, x, y, np.array([0, 4, 8]))
    learner = learner_of()
    for changed in (10**12, -(10**6), 9):
        starts[1] = changed
        for call in (lambda: learner.evaluate(batch, [0, 1]), lambda: learner.meta_step(batch), lambda: learner.adapt(batch, 1)):
            with pytest.raises(shoal.DataError, match="row starts"):
                call()
    starts[1] = 4
    assert learner.evaluate(batch, [0]).loss.shape == (1, 2)


def test_ctrl_c_ends_the_training(tmp_path):
    learner = learner_of()
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        shoal.train(learner, shoal.sinusoid(), 10_000_000, 5, run=tmp_path / "run", log_every=1_000_000)
    timer.join()
    assert any((tmp_path / "run" / "checkpoints").iterdir())
    assert np.isfinite(learner.parameters["layers.0.weight"]).all()


def interrupted(call):
    """Whether Ctrl-C ends a call that would take an hour."""
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        call()
    timer.join()
    return True


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_ctrl_c_ends_long_calls(backend):
    learner = learner_of(backend=backend)
    small, large = shoal.sinusoid().evaluation(5), shoal.sinusoid().evaluation(20_000)
    before, expected = learner.parameters, learner.adapt(small, 3).weights
    assert interrupted(lambda: learner.adapt(large, 20_000))
    assert interrupted(lambda: learner.evaluate(large, [0, 20_000]))
    same(learner.parameters, before)
    same(learner.adapt(small, 3).weights, expected)


class Meets(shoal.callbacks.Callback):
    """Waits in every iteration for the training of another thread to come as far."""

    def __init__(self, barrier):
        self.barrier = barrier

    def after_iteration(self, model, metrics):
        self.barrier.wait(timeout=60)


def test_history_is_the_same_whether_calls_wait_or_not():
    other = shoal.sinusoid(seed=3).evaluation(6)
    others = shoal.TaskBatch(other.support_x, other.support_y, other.support_offsets, other.query_x, other.query_y, other.query_offsets, other.ids + 100)
    source = shoal.batch_source(shoal.sinusoid(seed=2).evaluation(12), others)
    told = [shoal.train(learner_of(), source, 100, 4, callbacks=callbacks, log_every=7, validate_every=10)["history"]
            for callbacks in ([], [shoal.callbacks.ProgressBar(100)], [shoal.callbacks.Callback()])]  # fmt: skip
    assert [line["iteration"] for line in told[0]] == [*range(7, 100, 7), 100]
    assert [line["validation_iteration"] for line in told[0] if "validation_iteration" in line] == [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    assert told[0] == told[1] == told[2]


def test_different_learners_train_at_once():
    alone = [learner_of(seed=seed) for seed in (1, 2)]
    together = [learner_of(seed=seed) for seed in (1, 2)]
    for learner in alone:
        shoal.train(learner, shoal.sinusoid(), 20, 5)
    meets, said = Meets(threading.Barrier(2)), []

    def work(learner):
        said.append(shoal.train(learner, shoal.sinusoid(), 20, 5, callbacks=[meets], log_every=1)["iteration"])

    threads = [threading.Thread(target=work, args=(learner,)) for learner in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [20, 20]
    for one, other in zip(alone, together):
        same(one.parameters, other.parameters)


def test_sources():
    batch = shoal.sinusoid(seed=2).evaluation(12)
    learner = learner_of()
    shoal.train(learner, shoal.batch_source(batch, seed=1), 10, 4)
    source = shoal.function_source(lambda phase, iteration, tasks: shoal.sinusoid(seed=2).sample(iteration, tasks, phase), inputs=1)
    one, other = learner_of(), learner_of()
    shoal.train(one, source, 10, 4)
    shoal.train(other, shoal.sinusoid(seed=2), 10, 4)
    same(one.parameters, other.parameters)
    wrong = shoal.function_source(lambda phase, iteration, tasks: batch, inputs=3)
    with pytest.raises(shoal.DataError, match="other columns"):
        shoal.train(learner_of(), wrong, 1, 4)
    failing = shoal.function_source(lambda *_: 1 / 0, inputs=1)
    with pytest.raises(ZeroDivisionError):
        shoal.train(learner_of(), failing, 1, 4)
    with pytest.raises(shoal.InvalidArgument, match="phase"):
        shoal.sinusoid().evaluation(3, "nothing")


def test_threads_on_one_learner_queue():
    learner = learner_of()
    batch = shoal.sinusoid().evaluation(50)
    expected = learner.meta_gradient(batch).gradient
    results = [None] * 8

    def work(place):
        for _ in range(5):
            results[place] = learner.meta_gradient(batch).gradient

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        same(result, expected)


def test_a_forked_child_computes_the_same_bits():
    learner = learner_of(threads=2)
    batch = shoal.sinusoid().evaluation(300)
    expected = learner.evaluate(batch, [0, 2]).loss
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        os.write(write, b"y" if (learner.evaluate(batch, [0, 2]).loss == expected).all() else b"n")
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    assert os.read(read, 1) == b"y"
    os.close(read)


def test_a_child_of_a_fork_does_not_wait_for_a_thread_of_its_parent():
    learner = learner_of(threads=2)
    batch = shoal.sinusoid().evaluation(300)
    expected = learner.evaluate(batch, [0, 2]).loss
    stop = threading.Event()

    def compute():
        while not stop.is_set():
            learner.evaluate(batch, [0, 2])

    busy = threading.Thread(target=compute)
    busy.start()
    try:
        for _ in range(5):
            child = os.fork()
            if child == 0:
                signal.alarm(30)
                os._exit(0 if (learner.evaluate(batch, [0, 2]).loss == expected).all() else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        stop.set()
        busy.join()


def test_arguments_of_another_kind_are_refused_by_name():
    learner, batch = learner_of(), shoal.sinusoid().evaluation(3)
    made = lambda what: shoal.function_source(lambda *_: what, inputs=1)  # noqa: E731
    calls = [  # call, part of the message
        (lambda: learner.evaluate(batch, []), "steps: the list is empty"),
        (lambda: learner.evaluate(batch, 3), "steps: 3 is no list of whole numbers"),
        (lambda: learner.evaluate(batch, [1.5]), "steps: 1.5 is no whole number"),
        (lambda: learner.evaluate(batch, "3"), "steps: '3' is no list"),
        (lambda: learner.adapt(batch, 1.5), "steps: 1.5 is no whole number"),
        (lambda: learner_of(inputs="1"), "inputs: '1' is no whole number"),
        (lambda: learner_of(inner_lr="0.1"), "inner_lr: '0.1' is a text"),
        (lambda: learner_of(hidden="40"), "hidden: '40' is a text"),
        (lambda: shoal.train(learner, batch, 2, 2), "source: a TaskBatch is no source of tasks"),
        (lambda: shoal.train(learner, shoal.sinusoid, 2, 2), "source: a function is no source of tasks"),
        (lambda: shoal.train(learner, shoal.sinusoid(), 2, 2, resume=True), "resume: there is nothing to go on with"),
        (lambda: shoal.train(learner, made(None), 2, 2), "function_source: the function returned a NoneType for ('train', 0, 2)"),
        (lambda: shoal.train(learner, made([batch]), 2, 2), "function_source: the function returned a list"),
    ]
    for call, message in calls:
        with pytest.raises(shoal.InvalidArgument) as caught:
            call()
        assert message in str(caught.value)
    np.testing.assert_array_equal(learner.evaluate(batch, np.array([0, 1])).loss, learner.evaluate(batch, (0, 1)).loss)
