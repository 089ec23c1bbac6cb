# SPDX-License-Identifier: Apache-2.0
"""Models as ONNX files: preprocessing in double, the network in float32, opset 17."""
from __future__ import annotations

import os
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from . import _shoal
from .adapted import AdaptedModels
from .annotations import Path
from .errors import DataError, InvalidArgument
from .networks import Network, activation_in, preprocessing_in

__all__ = ["export"]

OPSET, ML_OPSET, IR_VERSION = 17, 3, 8


class Graph:
    """A graph that grows node by node; every value has a name of its own."""

    def __init__(self):
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []

    def constant(self, value):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind, *inputs, output=None, domain=None, **attributes):
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], domain=domain, **attributes))
        return output

    def input(self, name, kind, *shape):
        self.inputs.append(helper.make_tensor_value_info(name, kind, ["n", *shape]))
        return name

    def output(self, name, value, columns):
        self.add("Identity", value, output=name)
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", columns]))

    def model(self, description):
        graph = helper.make_graph(self.nodes, "shoal", self.inputs, self.outputs, self.constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
        return helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="shoal", producer_version=_shoal.version, doc_string=description
        )


def export(model: Any, path: Path, group: str | None = None) -> dict[str, list[str]]:
    """Writes a model as an ONNX file: the columns of X go in, the outputs in the units of the targets come out.

    Inputs, as far as the model has such columns: `features` float64 [n, numeric features], NaN where a value is missing; `categories` text
    [n, categorical features], empty where a value is missing, and a text that no training row had, to the last blank, is none of the
    categories; `offset` float64 [n, 1]; and of AdaptedModels without `group`, `group` int64 [n], indices into `groups_`, of which one that
    there is not ends the inference. Outputs: `outputs` float32 [n, outputs], and of a classifier `probabilities` float32 [n, classes], in
    the order of `classes_`. Rows with a missing value are NaN, unless the model was trained with `missing="mean"`.

    Parameters
    ----------
    model : estimator or AdaptedModels
        Of an estimator, the trained model that every new task starts from.
    path : path
        Where the file is written.
    group : str, optional
        One of the groups of AdaptedModels; None means all of them.

    Returns
    -------
    dict
        Under `features` and `categories` the names of the columns, in the order of the inputs.

    Raises
    ------
    DataError
        A group that there is not, or whose adaptation failed.
    InvalidArgument
        Something that is no fitted estimator.
    ResourceError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile, numpy as np, shoal, shoal.onnx
    >>> X = np.column_stack([np.repeat(np.arange(30), 20), np.random.default_rng(0).normal(size=600)])
    >>> model = shoal.MetaRegressor(key=0, iterations=10, backend="cpu").fit(X, X[:, 0] * X[:, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shoal.onnx.export(model.adapted_, f"{folder}/clients.onnx")
    {'features': ['x1'], 'categories': []}
    """
    estimator, network = _parts(model, group)
    preprocessing = preprocessing_in(estimator._model)
    graph = Graph()
    x, columns, lost = _inputs(graph, preprocessing)
    value = _network(graph, network, x)
    value = _in_user_units(graph, value, network, preprocessing, estimator)
    graph.output("outputs", _or_nan(graph, lost, value), network.outputs)
    if hasattr(estimator, "predict_proba"):
        graph.output("probabilities", _or_nan(graph, lost, _probabilities(graph, value, estimator)), len(estimator.classes_))
    text = ", ".join([f"features: {columns['features']}", f"categories: {columns['categories']}"])
    written = graph.model(f"{type(estimator).__name__} of shoal; {text}")
    onnx.checker.check_model(written, full_check=True)
    _shoal.write_file(os.fspath(path), written.SerializeToString())
    return columns


def _parts(model, group):
    """The estimator, and the network with weights [in, out], or of all groups [groups, in, out]."""
    if isinstance(model, AdaptedModels):
        estimator, tensors = model._estimator, model.weights_
        if group is not None:
            if group not in model.groups_:
                raise DataError(f"group: {group!r} is none of the {len(model)} groups")
            at = model.groups_.index(group)
            tensors = {name: value[at] for name, value in tensors.items()}
            if np.isnan(tensors["layers.0.bias"]).any():
                raise DataError(f"group: the adaptation of {group!r} failed")
        return estimator, Network(tensors, activation_in(estimator._model))
    if not hasattr(model, "_model"):
        raise InvalidArgument(f"model: a {type(model).__name__} is neither a fitted estimator nor AdaptedModels")
    if group is not None:
        raise InvalidArgument("group: an estimator has one model; take its adapted_")
    tensors = {name: value for name, value in model.parameters_.items() if not name.startswith("inner_lr.")}
    return model, Network(tensors, activation_in(model._model))


def _inputs(graph, preprocessing):
    """The network's inputs, float32, the columns that they come from, and which rows [n, 1] lack a value that they need; None: they need none."""
    fills = preprocessing["missing"] == "mean"
    lost = []
    categories = preprocessing["categories"]
    numeric = [name for name in preprocessing["features"] if name not in categories]
    textual = [name for name in preprocessing["features"] if name in categories]
    kinds = preprocessing["kinds"]
    pieces, order, width = [], {}, 0

    def keep(value, names):
        nonlocal width
        pieces.append(value)
        for name in names:
            order[name] = width
            width += 1

    if numeric:
        given = graph.input("features", TensorProto.DOUBLE, len(numeric))
        place = {name: i for i, (name, kind) in enumerate(zip(preprocessing["inputs"], kinds)) if kind == "number"}
        mean, deviation, fill = (np.array([preprocessing[what][place[name]] for name in numeric]) for what in ("mean", "deviation", "fill"))
        missing = graph.add("IsNaN", given)
        filled = graph.add("Where", missing, graph.constant(fill), given)
        if not fills:
            lost.append(missing)
        scaled = graph.add("Div", graph.add("Sub", filled, graph.constant(mean)), graph.constant(deviation))
        keep(graph.add("Cast", scaled, to=TensorProto.FLOAT), numeric)
        if "indicator" in kinds:
            keep(graph.add("Cast", missing, to=TensorProto.FLOAT), [f"{name}_missing" for name in numeric])
    if textual:
        given = graph.input("categories", TensorProto.STRING, len(textual))
        for i, name in enumerate(textual):
            levels = categories[name]
            if not levels:
                continue
            column = graph.add("Gather", given, graph.constant(np.array([i], np.int64)), axis=1)
            places = list(range(len(levels)))
            empty = [] if fills or "" in levels else [""]
            code = graph.add(
                "LabelEncoder", column, domain="ai.onnx.ml", keys_strings=levels + empty, values_int64s=places + [-2] * len(empty), default_int64=-1
            )
            if empty:
                lost.append(graph.add("Equal", code, graph.constant(np.array([[-2]], np.int64))))
            hot = graph.add("Equal", code, graph.constant(np.arange(len(levels), dtype=np.int64).reshape(1, -1)))
            keep(graph.add("Cast", hot, to=TensorProto.FLOAT), [f"{name}={level}" for level in levels])
    joined = pieces[0] if len(pieces) == 1 else graph.add("Concat", *pieces, axis=1)
    wanted = np.array([order[name] for name in preprocessing["inputs"]], np.int64)
    inputs = graph.add("Gather", joined, graph.constant(wanted), axis=1)
    return inputs, {"features": numeric, "categories": textual}, _any(graph, lost)


def _any(graph, masks):
    """Whether something in a row of the masks is true, bool [n, 1]; None without masks."""
    if not masks:
        return None
    values = [graph.add("Cast", mask, to=TensorProto.FLOAT) for mask in masks]
    joined = values[0] if len(values) == 1 else graph.add("Concat", *values, axis=1)
    return graph.add("Cast", graph.add("ReduceMax", joined, axes=[1], keepdims=1), to=TensorProto.BOOL)


def _or_nan(graph, lost, value):
    return value if lost is None else graph.add("Where", lost, graph.constant(np.float32(np.nan)), value)


def _network(graph, network, x):
    """Network outputs [n, outputs]."""
    single = lambda value: np.asarray(value, np.float32)  # noqa: E731
    if network.biases[0].ndim == 1:
        linear = lambda value, weight: graph.add("MatMul", value, graph.constant(single(weight)))  # noqa: E731
        shift = lambda value, bias: graph.add("Add", value, graph.constant(single(bias)))  # noqa: E731
    else:
        group = graph.input("group", TensorProto.INT64)
        groups = np.int64(len(network.biases[0]))  # an index below 0 would count from the end: it becomes one that there is not
        group = graph.add("Where", graph.add("Less", group, graph.constant(np.int64(0))), graph.constant(groups), group)
        x = graph.add("Unsqueeze", x, graph.constant(np.array([1], np.int64)))  # [n, 1, inputs], for a product of each row with its weights
        own = lambda values: graph.add("Gather", graph.constant(single(values)), group, axis=0)  # noqa: E731
        linear = lambda value, weight: graph.add("MatMul", value, own(weight))  # noqa: E731
        shift = lambda value, bias: graph.add("Add", value, own(bias[:, None, :]))  # noqa: E731
    value = x
    for weight, bias in zip(network.weights[:-1], network.biases[:-1]):
        value = _activation(graph, network.activation, shift(linear(value, weight), bias))
    value = shift(linear(value, network.weights[-1]), network.biases[-1])
    if network.skip is not None:
        value = graph.add("Add", value, linear(x, network.skip))
    if network.biases[0].ndim > 1:
        value = graph.add("Squeeze", value, graph.constant(np.array([1], np.int64)))
    return value


def _activation(graph, name, value):
    if name == "identity":
        return value
    if name == "silu":
        return graph.add("Mul", value, graph.add("Sigmoid", value))
    if name == "gelu":
        erf = graph.add("Erf", graph.add("Mul", value, graph.constant(np.float32(np.sqrt(0.5)))))
        normal = graph.add("Mul", graph.add("Add", erf, graph.constant(np.float32(1))), graph.constant(np.float32(0.5)))
        return graph.add("Mul", value, normal)
    return graph.add({"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "softplus": "Softplus"}[name], value)


def _in_user_units(graph, value, network, preprocessing, estimator):
    """Outputs with the offset, in the units of the targets."""
    mean, deviation, shift = _units(network.outputs, preprocessing, estimator)
    offset = graph.input("offset", TensorProto.DOUBLE, 1) if preprocessing["offset"] else None
    if offset is None and deviation is None:
        return value
    value = graph.add("Cast", value, to=TensorProto.DOUBLE)
    if deviation is not None:
        value = graph.add("Mul", value, graph.constant(deviation))
        if offset is None:
            value = graph.add("Add", value, graph.constant(mean))
        if shift.any():
            value = graph.add("Add", value, graph.constant(shift))
    if offset is not None:  # it is the prediction of a network whose weights are zero, so no mean comes on top
        value = graph.add("Add", value, offset)
    return graph.add("Cast", value, to=TensorProto.FLOAT)


def _units(outputs, preprocessing, estimator):
    """Mean, deviation and shift of each output; deviation None: targets are not scaled."""
    if not preprocessing["target_deviation"]:
        return None, None, None
    mean, deviation = np.array(preprocessing["target_mean"], np.float64), np.array(preprocessing["target_deviation"], np.float64)
    shift = np.zeros(outputs)
    if estimator._model.loss() == "gaussian-nll":  # all means, then all logarithms of variances
        targets = len(mean)
        shift[targets:] = 2 * np.log(deviation)
        return np.concatenate([mean, np.zeros(targets)]), np.concatenate([deviation, np.ones(targets)]), shift
    each = outputs // len(mean)
    return np.repeat(mean, each), np.repeat(deviation, each), shift


def _probabilities(graph, value, estimator):
    if estimator._is_binary():
        positive = graph.add("Sigmoid", value)
        return graph.add("Concat", graph.add("Sub", graph.constant(np.float32(1)), positive), positive, axis=1)
    return graph.add("Gather", graph.add("Softmax", value, axis=1), graph.constant(np.array(estimator._order(), np.int64)), axis=1)
