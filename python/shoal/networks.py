# SPDX-License-Identifier: Apache-2.0
"""The network of a model as plain arrays: what the bridges to other libraries start from."""
import json
import re

import numpy as np

from .errors import InvalidArgument, ModelError
from .learner import MetaLearner


class Network:
    """Weights [in, out] and biases [out] of the layers, the skip's weight [in, out] or None, and the activation between the layers."""

    def __init__(self, tensors, activation):
        count = sum(name.endswith(".bias") for name in tensors)
        self.weights = [np.asarray(tensors[f"layers.{i}.weight"]) for i in range(count)]
        self.biases = [np.asarray(tensors[f"layers.{i}.bias"]) for i in range(count)]
        self.skip = np.asarray(tensors["skip.weight"]) if "skip.weight" in tensors else None
        self.activation = activation

    @property
    def inputs(self):
        return self.weights[0].shape[-2]

    @property
    def outputs(self):
        return self.biases[-1].shape[-1]

    def tensors(self):
        """By the names of docs/formats.md."""
        named = {}
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            named[f"layers.{i}.weight"], named[f"layers.{i}.bias"] = weight, bias
        if self.skip is not None:
            named["skip.weight"] = self.skip
        return named


def trained_network(model):
    """The network of a learner, or of the trained model of an estimator."""
    if isinstance(model, MetaLearner):
        activation = model.options.get("activation", "relu")
        return Network({name: value for name, value in model.parameters.items() if not name.startswith("inner_lr.")}, activation)
    if not hasattr(model, "_model"):
        raise InvalidArgument(f"model: a {type(model).__name__} is neither a MetaLearner nor a fitted estimator")
    return Network({name: value for name, value in model.parameters_.items() if not name.startswith("inner_lr.")}, activation_in(model._model))


def activation_in(model):
    """The activation that a model's file says."""
    found = re.search(r'^activation = "([a-z]+)"$', model.metadata()["config"], re.MULTILINE)
    if not found:
        raise ModelError("model: its configuration names no activation")
    return found.group(1)


def preprocessing_in(model):
    """What a model's file says of its columns, as a dictionary."""
    return json.loads(model.metadata()["preprocessing"])
