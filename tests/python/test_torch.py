# SPDX-License-Identifier: Apache-2.0
"""shoal.torch: the engine's meta-gradient comes out of backward, bit for bit; networks are the same as modules."""
import numpy as np
import pytest
import shoal
from clients import clients
from safetensors.numpy import load_file

torch = pytest.importorskip("torch", reason="not run: torch is not installed")
bridge = pytest.importorskip("shoal.torch")

ALGORITHMS = [{}, {"algorithm": "anil"}, {"algorithm": "boil"}, {"algorithm": "fomaml"}, {"algorithm": "reptile"}, {"algorithm": "meta-sgd"},
              {"algorithm": "pooled"}, {"learned_lr": "layer"}, {"learned_lr": "layer-step"}, {"learned_lr": "parameter"}]  # fmt: skip


def learner_of(**options):
    values = {"inputs": 1, "outputs": 1, "hidden": [6], "inner_steps": 2, "inner_lr": 0.05, "backend": "cpu", **options}
    if values.get("algorithm") == "pooled":
        del values["inner_steps"], values["inner_lr"]
    return shoal.MetaLearner(**values)


@pytest.mark.parametrize("case", range(100))
def test_backward_is_the_gradient_of_the_program(case, shoal_program, tmp_path):
    rng = np.random.default_rng(case)
    options = {**ALGORITHMS[case % len(ALGORITHMS)], "activation": ["relu", "tanh", "gelu"][case % 3], "seed": case}
    hidden = [[5], [6, 4], []][case % 3 if case % 7 else 2]
    batch = shoal.sinusoid(seed=case, support=int(rng.integers(2, 9)), query=int(rng.integers(2, 9))).evaluation(int(rng.integers(2, 30)))
    learner = learner_of(hidden=hidden, **options)
    values = bridge.parameters(learner)
    loss = bridge.meta_loss(learner, batch, values)
    loss.backward()
    shoal.write_tasks(tmp_path / "t.safetensors", batch)
    keys = {"algorithm": "algorithm.name", "learned_lr": "algorithm.learned_lr", "activation": "model.activation", "seed": "seed"}
    asked = [f"--set={keys[name]}={value}" for name, value in options.items()]
    inner = "" if options.get("algorithm") == "pooled" else "[algorithm]\ninner_steps = 2\ninner_lr = 0.05\n"
    (tmp_path / "c.toml").write_text(f"backend = 'cpu'\n[model]\nhidden = {hidden}\n{inner}")
    shoal_program("gradient", "--config", "c.toml", "--tasks", "t.safetensors", "--out", "g.safetensors", *asked)
    stored = load_file(tmp_path / "g.safetensors")
    expected = {name.removeprefix("meta_gradient."): value for name, value in stored.items() if name.startswith("meta_gradient.")}
    assert set(expected) == set(values)
    for name, value in expected.items():
        np.testing.assert_array_equal(values[name].grad.numpy(), value, err_msg=name)
    assert loss.item() == np.float32(learner.meta_gradient(batch).mean_query_loss)
    with torch.no_grad():
        assert bridge.meta_loss(learner, batch, values).item() == pytest.approx(loss.item(), rel=1e-6)


def test_gradcheck_in_double():
    for options in ({}, {"algorithm": "meta-sgd"}, {"learned_lr": "layer-step"}, {"inner_steps": 3, "step_weights": [0.2, 0.3, 0.5]}):
        learner = learner_of(backend="reference", activation="tanh", hidden=[4], **options)
        batch = shoal.sinusoid(seed=3).evaluation(6)
        values = bridge.parameters(learner)
        names = list(values)
        assert torch.autograd.gradcheck(lambda *given: bridge.meta_loss(learner, batch, dict(zip(names, given))), tuple(values.values()))


def test_other_tensors_may_lie_below():
    learner = learner_of()
    batch = shoal.sinusoid().sample(0, 8)
    scale = torch.tensor(1.5, requires_grad=True)
    fixed = {name: value.detach() for name, value in bridge.parameters(learner).items()}
    (bridge.meta_loss(learner, batch, {name: scale * value for name, value in fixed.items()}) * 2).backward()
    other = learner_of()
    other.parameters = {name: np.float32(1.5) * value.numpy() for name, value in fixed.items()}
    gradient = other.meta_gradient(batch).gradient
    assert scale.grad.item() == pytest.approx(2 * sum(float((gradient[name] * fixed[name].numpy()).sum()) for name in fixed), rel=1e-5)


def test_training_with_an_optimizer_of_torch():
    learner = learner_of(hidden=[16])
    values = bridge.parameters(learner)
    optimizer = torch.optim.Adam(values.values(), lr=0.01)
    source, losses = shoal.sinusoid(), []
    for iteration in range(60):
        optimizer.zero_grad()
        loss = bridge.meta_loss(learner, source.sample(iteration, 20), values)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < np.mean(losses[:10])


def test_refuses_what_the_engine_has_not():
    learner = learner_of()
    batch = shoal.sinusoid().sample(0, 4)
    values = bridge.parameters(learner)
    loss = bridge.meta_loss(learner, batch, values)
    first = torch.autograd.grad(loss, list(values.values()), create_graph=True)
    with pytest.raises(RuntimeError):
        sum(one.sum() for one in first).backward()
    with pytest.raises(shoal.InvalidArgument, match="requires grad"):
        x = torch.ones(6, 1, requires_grad=True)
        shoal.TaskBatch(x, x, np.array([0, 6]), x, x, np.array([0, 6]))
    with pytest.raises(shoal.InvalidArgument, match="float64"):
        bridge.meta_loss(learner, batch, {name: value.double() for name, value in values.items()})
    with pytest.raises(shoal.ModelError, match="missing"):
        bridge.meta_loss(learner, batch, {"layers.0.weight": values["layers.0.weight"]})
    with pytest.raises(shoal.InvalidArgument, match="a NoneType, expected a TaskBatch"):
        bridge.meta_loss(learner, None, values)
    with pytest.raises(shoal.InvalidArgument, match="meta"):
        bridge.meta_loss(learner, batch, {name: value.to("meta") for name, value in values.items()})


def test_batches_borrow_tensors():
    x = torch.randn(6, 1)
    batch = shoal.TaskBatch(x, x, torch.tensor([0, 3, 6]), x, x, torch.tensor([0, 2, 6]))
    assert batch._batch.arrays()["support_x"].ctypes.data == x.data_ptr()


@pytest.mark.parametrize("activation", list(bridge.ACTIVATIONS))
@pytest.mark.parametrize("skip", [False, True])
def test_modules_are_the_network(activation, skip):
    learner = learner_of(inputs=3, outputs=2, hidden=[7, 5], activation=activation, skip=skip)
    module = bridge.to_module(learner)
    x = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    rows = np.array([0, 50])
    nothing = shoal.TaskBatch(x, np.zeros((50, 2), np.float32), rows, x, np.zeros((50, 2), np.float32), rows)
    expected = learner.predict(learner.adapt(nothing, 0), x, rows)
    said = module(torch.from_numpy(x)).detach().numpy()
    assert (np.abs(said - expected) <= 3e-6 * (1 + np.abs(expected))).all()
    again = bridge.from_module(module, backend="cpu")
    for name, value in learner.parameters.items():
        np.testing.assert_array_equal(again.parameters[name], value)


def test_sequences_become_learners():
    module = torch.nn.Sequential(torch.nn.Linear(2, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    learner = bridge.from_module(module, inner_steps=2, backend="cpu")
    assert learner.options["hidden"] == [5, 3] and learner.options["activation"] == "tanh"
    np.testing.assert_array_equal(learner.parameters["layers.1.weight"], module[2].weight.detach().numpy().T)
    for wrong in (torch.nn.Linear(2, 3), torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ELU(), torch.nn.Linear(2, 1)),
                  torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False)),
                  torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.GELU("tanh"), torch.nn.Linear(2, 1))):  # fmt: skip
        with pytest.raises(shoal.InvalidArgument, match="module"):
            bridge.from_module(wrong)


def test_networks_of_estimators():
    frame = clients(1, texts=False)
    model = shoal.MetaRegressor(key="client", iterations=5, hidden=(5,), activation="silu", scale=False, scale_targets="false", backend="cpu",
                                keep_adapted=False)  # fmt: skip
    X, y = frame.drop(columns="y"), frame["y"]
    model.fit(X, y)
    rows = torch.from_numpy(X.drop(columns="client").to_numpy(np.float32))
    said, expected = bridge.to_module(model)(rows).detach().numpy(), model.outputs(X)
    assert (np.abs(said - expected) <= 3e-6 * (1 + np.abs(expected))).all()
