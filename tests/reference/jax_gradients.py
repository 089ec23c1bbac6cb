#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`shoal gradient --backend reference` against JAX in double precision, on random cases over all algorithms, losses and activations.

usage: jax_gradients.py SHOAL [--cases N]      in a Python that has jax and numpy (pip install jax)

JAX differentiates the definitions of contract and docs (inner loop, query loss), written here from scratch; nothing is shared with
the program but files.
"""
import argparse
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

os.environ["JAX_PLATFORMS"] = "cpu"
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

ALGORITHMS = ["maml", "fomaml", "reptile", "anil", "boil", "meta-sgd", "pooled", "maml:layer", "maml:layer-step", "maml:multi-step"]
LOSSES = ["mse", "huber", "bce", "softmax", "pinball", "gaussian-nll", "qlike"]
ACTIVATIONS = {
    "identity": lambda z: z,
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "softplus": jax.nn.softplus,
    "silu": jax.nn.silu,
    "gelu": lambda z: jax.nn.gelu(z, approximate=False),
}
CODES = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "I32": "<i4", "U8": "u1"}


def write_tensors(path, tensors):
    header, blobs, at = {}, [], 0
    for name, value in sorted(tensors.items()):
        value = np.asarray(value, order="C")
        dtype = "I64" if value.dtype == np.int64 else "F64"
        header[name] = {"dtype": dtype, "shape": list(value.shape), "data_offsets": [at, at + value.nbytes]}
        blobs.append(value.tobytes())
        at += value.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def read_tensors(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    result = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            result[name] = np.frombuffer(data[begin:end], CODES[entry["dtype"]]).reshape(entry["shape"])
    return result


class Case:
    def __init__(self, random, algorithm, loss, activation):
        self.algorithm, _, self.option = algorithm.partition(":")
        self.loss, self.activation = loss, activation
        self.d_in = int(random.integers(1, 4))
        self.hidden = [int(w) for w in random.integers(1, 6, random.integers(0, 3))]
        self.skip = bool(random.integers(2))
        targets = int(random.integers(1, 3))
        self.quantiles = [0.05, 0.5, 0.9]
        self.outputs = {"softmax": 3, "pinball": 3 * targets, "gaussian-nll": 2 * targets}.get(loss, targets)
        self.steps = int(random.integers(1 if self.option == "multi-step" else 0, 4))
        self.rate = float(random.uniform(0.01, 0.1))
        self.weights = [1.0] if self.steps == 1 else [0.5 / (self.steps - 1)] * (self.steps - 1) + [0.5]
        self.floor = 0.25 if loss == "qlike" and random.integers(2) else None
        self.delta, self.pos_weight = 0.8, 1.7
        self.tasks = []
        for _ in range(int(random.integers(1, 6))):
            sets = []
            for least in (0, 1):
                rows = int(random.integers(least, 7))
                x = random.normal(size=(rows, self.d_in))
                y = random.normal(size=(rows, targets))
                y = np.exp(0.7 * y) if loss == "qlike" else (y > 0).astype(float) if loss == "bce" else y
                sets.append((x, random.integers(0, 3, rows) if loss == "softmax" else y))
            self.tasks.append(sets)
        widths = [self.d_in, *self.hidden, self.outputs]
        self.theta = {}
        for layer, (a, b) in enumerate(zip(widths, widths[1:])):
            self.theta[f"layers.{layer}.weight"] = 0.6 * random.normal(size=(a, b)) / np.sqrt(a)
            self.theta[f"layers.{layer}.bias"] = 0.3 * random.normal(size=b)
        if self.skip:
            self.theta["skip.weight"] = 0.3 * random.normal(size=(self.d_in, self.outputs))
        self.layers = len(widths) - 1
        shape = lambda value: self.rate * random.uniform(0.5, 1.5, value)
        self.rates = {}
        if self.algorithm == "meta-sgd":
            self.rates = {name: shape(value.shape) for name, value in self.theta.items()}
        elif self.option in ("layer", "layer-step"):
            count = () if self.option == "layer" else (max(self.steps, 1),)
            self.rates = {f"layers.{layer}": shape(count) for layer in range(self.layers)}

    def write(self, folder):
        join = lambda side, part: np.concatenate([task[side][part] for task in self.tasks])
        offsets = lambda side: np.cumsum([0] + [len(task[side][0]) for task in self.tasks]).astype(np.int64)
        tensors = {"task_id": np.arange(len(self.tasks), dtype=np.int64) * 3 + 1}
        for side, name in enumerate(("support_", "query_")):
            tensors |= {name + "x": join(side, 0), name + "y": join(side, 1), name + "offsets": offsets(side)}
        write_tensors(folder / "tasks.safetensors", tensors)
        write_tensors(folder / "parameters.safetensors", self.theta | {"inner_lr." + k: v for k, v in self.rates.items()})
        lines = [f"[model]\nhidden = {self.hidden}\nactivation = \"{self.activation}\"\nskip = {str(self.skip).lower()}",
                 f"[loss]\nname = \"{self.loss}\""]
        lines += {"huber": [f"delta = {self.delta}"], "bce": [f"pos_weight = {self.pos_weight}"],
                  "pinball": [f"quantiles = {self.quantiles}"], "qlike": [f"floor = {self.floor}"] if self.floor else []}.get(self.loss, [])
        lines += [f"[algorithm]\nname = \"{self.algorithm}\"\ninner_steps = {self.steps}\ninner_lr = {self.rate!r}"]
        if self.option in ("layer", "layer-step"):
            lines.append(f"learned_lr = \"{self.option}\"")
        if self.option == "multi-step":
            lines.append(f"step_weights = {self.weights}")
        (folder / "case.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def network(self, phi, x):
        a = x
        for layer in range(self.layers):
            z = a @ phi[f"layers.{layer}.weight"] + phi[f"layers.{layer}.bias"]
            a = z if layer == self.layers - 1 else ACTIVATIONS[self.activation](z)
        return a + x @ phi["skip.weight"] if self.skip else a

    def mean_loss(self, phi, x, y):
        o = self.network(phi, x)
        if self.loss == "mse":
            return jnp.mean((o - y) ** 2)
        if self.loss == "huber":
            d = jnp.abs(o - y)
            return jnp.mean(jnp.where(d <= self.delta, 0.5 * d**2, self.delta * (d - 0.5 * self.delta)))
        if self.loss == "bce":
            return jnp.mean((1 - y) * jax.nn.softplus(o) + self.pos_weight * y * jax.nn.softplus(-o))
        if self.loss == "softmax":
            return -jnp.mean(jax.nn.log_softmax(o)[jnp.arange(len(y)), y])
        if self.loss == "pinball":
            tau = jnp.tile(jnp.array(self.quantiles), y.shape[1])
            r = jnp.repeat(y, len(self.quantiles), axis=1) - o
            return jnp.mean(jnp.where(r >= 0, tau * r, (tau - 1) * r))
        if self.loss == "gaussian-nll":
            m, s = jnp.split(o, 2, axis=1)
            return jnp.mean(0.5 * (s + (y - m) ** 2 * jnp.exp(-s)))
        x_ = jnp.maximum(y, self.floor) if self.floor else y
        return jnp.mean(x_ * jnp.exp(-o) - jnp.log(x_) + o - 1)

    def rate_of(self, rates, name, k):
        head = name.startswith(f"layers.{self.layers - 1}.") or name == "skip.weight"
        if (self.algorithm == "anil" and not head) or (self.algorithm == "boil" and head):
            return 0.0
        if self.algorithm == "meta-sgd":
            return rates[name]
        layer = f"layers.{self.layers - 1}" if name == "skip.weight" else name.rsplit(".", 1)[0]
        if self.option == "layer":
            return rates[layer]
        return rates[layer][k] if self.option == "layer-step" else self.rate

    def trajectory(self, theta, rates, support):
        phi = [theta]
        for k in range(0 if self.algorithm == "pooled" else self.steps):
            if len(support[0]) == 0:
                phi.append(phi[-1])
                continue
            g = jax.grad(self.mean_loss)(phi[-1], *support)
            phi.append({name: phi[-1][name] - self.rate_of(rates, name, k) * g[name] for name in phi[-1]})
        return phi

    def meta_loss(self, theta, rates, task):
        support, query = task
        if self.algorithm == "pooled":
            both = tuple(np.concatenate([a, b]) for a, b in zip(support, query))
            return self.mean_loss(theta, *both)
        phi = self.trajectory(theta, rates, support)
        if self.option == "multi-step":
            return sum(w * self.mean_loss(p, *query) for w, p in zip(self.weights, phi[1:]))
        return self.mean_loss(phi[-1], *query)

    def expected(self):
        theta = {k: jnp.array(v) for k, v in self.theta.items()}
        rates = {k: jnp.array(v) for k, v in self.rates.items()}
        gradients, before, after, fast = [], [], [], []
        for task in self.tasks:
            phi = self.trajectory(theta, rates, task[0])
            if self.algorithm == "reptile":
                g = ({k: theta[k] - phi[-1][k] for k in theta}, {})
            elif self.algorithm == "fomaml":
                g = (jax.grad(self.mean_loss)(phi[-1], *task[1]), {})
            else:
                g = jax.grad(self.meta_loss, argnums=(0, 1))(theta, rates, task)
            gradients.append(g)
            rows = task[1] if self.algorithm != "pooled" else tuple(np.concatenate([a, b]) for a, b in zip(*task))
            before.append(self.mean_loss(theta, *rows))
            after.append(self.mean_loss(phi[-1], *rows))
            fast.append(phi[-1])
        mean = lambda part, name: sum(g[part][name] for g in gradients) / len(gradients)
        result = {f"meta_gradient.{name}": mean(0, name) for name in theta}
        result |= {f"meta_gradient.inner_lr.{name}": mean(1, name) for name in rates}
        result |= {f"fast.{name}": jnp.stack([phi[name] for phi in fast]) for name in theta}
        return result | {"query_loss_before": jnp.stack(before), "query_loss": jnp.stack(after)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shoal")
    parser.add_argument("--cases", type=int, default=140)
    arguments = parser.parse_args()
    random = np.random.default_rng(17)
    worst, seen = 0.0, set()
    for number in range(arguments.cases):
        algorithm, loss = ALGORITHMS[number % len(ALGORITHMS)], LOSSES[(number // 2) % len(LOSSES)]
        activation = list(ACTIVATIONS)[(number // 3) % len(ACTIVATIONS)]
        seen |= {algorithm, loss, activation}
        case = Case(random, algorithm, loss, activation)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            case.write(folder)
            run = subprocess.run([arguments.shoal, "gradient", "--backend", "reference", "--config", folder / "case.toml", "--tasks",
                                  folder / "tasks.safetensors", "--parameters", folder / "parameters.safetensors", "--fast-weights",
                                  "--out", folder / "gradient.safetensors"], capture_output=True, text=True)
            if run.returncode != 0:
                sys.exit(f"case {number}: {run.stderr}")
            got = read_tensors(folder / "gradient.safetensors")
        want = {name: np.asarray(value) for name, value in case.expected().items()}
        assert not got.pop("status").any(), f"case {number}: a task failed"
        assert got.keys() == want.keys(), f"case {number}: {got.keys() ^ want.keys()}"
        for group in ("meta_gradient.", "fast.", "query_loss"):
            names = [name for name in want if name.startswith(group)]
            error = np.sqrt(sum(np.sum((got[name] - want[name]) ** 2) for name in names))
            size = np.sqrt(sum(np.sum(want[name] ** 2) for name in names))
            relative = error / max(size, 1e-6)
            worst = max(worst, relative)
            assert relative <= 1e-10, f"case {number} ({algorithm}, {loss}, {activation}): {group} differs by {relative:.1e}"
    print(f"{arguments.cases} cases, {len(seen)} of {len(ALGORITHMS) + len(LOSSES) + len(ACTIVATIONS)} choices seen, worst relative error {worst:.1e}")


main()
