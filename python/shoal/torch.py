# SPDX-License-Identifier: Apache-2.0
"""The engine's meta-gradients inside PyTorch, and its networks as modules. PyTorch computes none of them: it passes them on."""
from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .batches import TaskBatch
from .errors import InvalidArgument, NumericError
from .learner import MetaLearner
from .networks import Network, trained_network

__all__ = ["from_module", "meta_loss", "parameters", "to_module"]


def parameters(learner: MetaLearner) -> dict[str, torch.Tensor]:
    """Copies of a learner's parameters and learned rates as leaf tensors that require grad, by the names of docs/formats.md.

    Parameters
    ----------
    learner : MetaLearner
        Stays as it is.

    Returns
    -------
    dict of tensors
        What `meta_loss` takes; float64 of the backend `reference`.

    Examples
    --------
    >>> import shoal, shoal.torch
    >>> learner = shoal.MetaLearner(inputs=1, outputs=1, hidden=[8], backend="cpu")
    >>> values = shoal.torch.parameters(learner)
    >>> loss = shoal.torch.meta_loss(learner, shoal.sinusoid().sample(0, 4), values)
    >>> loss.backward()
    >>> values["layers.0.weight"].grad.shape
    torch.Size([1, 8])
    """
    return {name: torch.from_numpy(np.array(value)).requires_grad_() for name, value in learner.parameters.items()}


class _MetaLoss(torch.autograd.Function):
    """The mean query loss of a batch, with the engine's meta-gradient as its derivative."""

    @staticmethod
    def forward(ctx, learner, batch, names, wanted, *tensors):
        values = {name: array_of(name, tensor, learner) for name, tensor in zip(names, tensors)}
        flat = learner._flat(values)
        steps = 0 if learner.options.get("algorithm") == "pooled" else learner._learner.inner_steps
        if wanted or steps == 0:  # without inner steps, the loss is that of support and query rows together
            told = learner._learner.meta_gradient_at(*flat, batch._batch)
            if told["good"] == 0:
                raise NumericError(f"meta_loss: all {len(batch)} tasks failed")
            gradient = learner._named(told["theta"], told["rates"])
            ctx.gradients = [torch.from_numpy(np.array(gradient[name])) for name in names]
        weights = list(learner.options.get("step_weights") or []) or [0.0] * (steps - 1) + [1.0]
        if steps == 0 or not any(weights[:-1]):
            if wanted or steps == 0:
                return torch.tensor(float(told["mean_query_loss"]), dtype=tensors[0].dtype)
            weights = [1.0]
        asked = list(range(steps - len(weights) + 1, steps + 1))
        losses = learner._learner.losses_at(*flat, batch._batch, asked)
        good = ~np.isnan(losses).any(axis=0)
        if not good.any():
            raise NumericError(f"meta_loss: all {len(batch)} tasks failed")
        return torch.tensor(float(np.dot(weights, losses[:, good].mean(axis=1, dtype=np.float64))), dtype=tensors[0].dtype)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, outer):
        return None, None, None, None, *[outer * gradient for gradient in ctx.gradients]


def array_of(name, tensor, learner):
    """A tensor's values; refuses what the engine would have to convert."""
    if not isinstance(tensor, torch.Tensor):
        raise InvalidArgument(f"parameters: {name!r} is a {type(tensor).__name__}, expected a tensor")
    if tensor.device.type != "cpu":
        raise InvalidArgument(f"parameters: {name!r} is on {tensor.device}: the engine takes tensors in host memory")
    values = tensor.detach().numpy()
    if values.dtype != learner.dtype:
        raise InvalidArgument(f"parameters: {name!r} is {values.dtype}, the learner computes in {np.dtype(learner.dtype)}")
    return values


def meta_loss(learner: MetaLearner, batch: TaskBatch, parameters: dict[str, torch.Tensor]) -> torch.Tensor:
    """The mean query loss after adaptation, at given parameters. Its backward is the engine's meta-gradient for every tensor.

    For algorithms whose meta-gradient is no derivative (fomaml, reptile) it is that update direction. With step weights, the loss is the
    weighted one. Under `torch.no_grad()` only the loss is computed. The learner's own parameters stay as they are.

    Parameters
    ----------
    learner : MetaLearner
        It computes in float32, or in float64 with the backend `reference`.
    batch : TaskBatch
        Tasks in the learner's type.
    parameters : dict of tensors
        All of `shoal.torch.parameters(learner)`, learned rates included: leaves, or results of other tensors.

    Returns
    -------
    scalar tensor
        Mean over the good tasks.

    Raises
    ------
    InvalidArgument
        A batch that is none, a tensor on a device or of another type.
    ModelError
        A name that is missing or unknown, a shape that differs.
    NumericError
        Every task failed.
    RuntimeError
        Of a second derivative, which the engine does not compute.

    Examples
    --------
    >>> import shoal, shoal.torch, torch
    >>> learner = shoal.MetaLearner(inputs=1, outputs=1, backend="cpu")
    >>> values = shoal.torch.parameters(learner)
    >>> optimizer = torch.optim.Adam(values.values(), lr=1e-3)
    >>> for iteration in range(3):
    ...     optimizer.zero_grad()
    ...     shoal.torch.meta_loss(learner, shoal.sinusoid().sample(iteration, 25), values).backward()
    ...     optimizer.step()
    """
    if not isinstance(batch, TaskBatch):
        raise InvalidArgument(f"batch: a {type(batch).__name__}, expected a TaskBatch")
    names = list(parameters)
    tensors = [parameters[name] for name in names]
    wanted = torch.is_grad_enabled() and any(getattr(tensor, "requires_grad", False) for tensor in tensors)
    return _MetaLoss.apply(learner, batch, names, wanted, *tensors)


ACTIVATIONS: dict[str, Any] = {
    "identity": torch.nn.Identity, "relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid, "softplus": torch.nn.Softplus,
    "silu": torch.nn.SiLU, "gelu": torch.nn.GELU,
}  # fmt: skip


class NetworkModule(torch.nn.Module):
    """The network of a model: linear layers with an activation between them, and a linear skip from input to output where the model has one."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(_linear(weight, bias) for weight, bias in zip(network.weights, network.biases))
        self.skip = None if network.skip is None else _linear(network.skip, None)
        self.activation = ACTIVATIONS[network.activation]()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        value = x
        for layer in self.layers[:-1]:
            value = self.activation(layer(value))
        value = self.layers[-1](value)
        return value if self.skip is None else value + self.skip(x)


def _linear(weight, bias):
    layer = torch.nn.utils.skip_init(torch.nn.Linear, *weight.shape, bias=bias is not None, dtype=torch.from_numpy(weight).dtype)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight.T)))
        if bias is not None:
            layer.bias.copy_(torch.from_numpy(np.array(bias)))
    return layer


def to_module(model: Any) -> NetworkModule:
    """The network of a learner, or of the trained model of an estimator, as a module with weights of its own.

    It maps the network's inputs to its outputs. For an estimator these are the standardised features and the outputs before they return to the
    units of the targets; `shoal.onnx.export` writes the whole model.

    Parameters
    ----------
    model : MetaLearner or fitted estimator
        Stays as it is.

    Returns
    -------
    torch.nn.Module
        Maps [rows, inputs] to [rows, outputs]. Weights are [out, in], those of Shoal [in, out].

    Raises
    ------
    InvalidArgument
        Something else, or an estimator that is not fitted.
    """
    return NetworkModule(trained_network(model))


def from_module(module: torch.nn.Module, **options: Any) -> MetaLearner:
    """A learner whose parameters are those of a module: one of `to_module`, or a Sequential of Linear layers with one activation between them.

    Parameters
    ----------
    module : torch.nn.Module
        Stays as it is.
    **options : object
        Those of MetaLearner but for `hidden`, `activation`, `skip`, `inputs` and `outputs`, which the module decides.

    Returns
    -------
    MetaLearner
        With copies of the weights.

    Raises
    ------
    InvalidArgument
        A module of another kind: activations that differ or that the engine does not have, a layer without a bias.
    """
    network = _network_of(module)
    decided = {"hidden", "activation", "skip", "inputs", "outputs"} & set(options)
    if decided:
        raise InvalidArgument(f"{sorted(decided)[0]}: the module decides it")
    hidden = [bias.shape[0] for bias in network.biases[:-1]]
    learner = MetaLearner(
        inputs=network.inputs, outputs=network.outputs, hidden=hidden, activation=network.activation, skip=network.skip is not None, **options
    )
    learner.parameters = {**learner.parameters, **network.tensors()}
    return learner


def _network_of(module):
    if isinstance(module, NetworkModule):
        layers, skip, activations = list(module.layers), module.skip, [module.activation]
    elif isinstance(module, torch.nn.Sequential) and len(module) % 2 == 1 and all(isinstance(one, torch.nn.Linear) for one in module[::2]):
        layers, skip, activations = list(module[::2]), None, list(module[1::2])
    else:
        raise InvalidArgument(f"module: a {type(module).__name__} is no Sequential of Linear layers with an activation between each two")
    names = {_activation_of(one) for one in activations}
    if len(names) > 1:
        raise InvalidArgument(f"module: its activations differ: {', '.join(sorted(names))}")
    tensors = {}
    for i, layer in enumerate(layers):
        if layer.bias is None:
            raise InvalidArgument(f"module: layer {i} has no bias")
        tensors[f"layers.{i}.weight"] = np.ascontiguousarray(layer.weight.detach().numpy().T)
        tensors[f"layers.{i}.bias"] = layer.bias.detach().numpy().copy()
    if skip is not None:
        tensors["skip.weight"] = np.ascontiguousarray(skip.weight.detach().numpy().T)
    return Network(tensors, names.pop() if names else "identity")


def _activation_of(module):
    for name, kind in ACTIVATIONS.items():
        if type(module) is kind:
            same = {"softplus": lambda m: (m.beta, m.threshold) == (1, 20), "gelu": lambda m: m.approximate == "none"}.get(name, lambda m: True)
            if same(module):
                return name
    raise InvalidArgument(f"module: the engine has no activation {module}")
