# SPDX-License-Identifier: Apache-2.0
"""MAML for a batch of small MLPs in PyTorch without autograd: gradients, Hessian-vector products (Pearlmutter's R-operator) and the
adjoint recursion lambda <- lambda - rate H lambda, written by hand on [tasks, rows, width] tensors, as an expert would who wants all of
PyTorch's speed. In the first inner step all tasks still share theta, so weights are [in, out]; later they are [tasks, in, out].
"""

import torch


def affine(x, weight, bias):
    """x W + b; a width of one is a broadcast, not a product."""
    if weight.dim() == 2:
        return torch.addmm(bias, x.reshape(-1, x.shape[-1]), weight).view(*x.shape[:-1], weight.shape[-1])
    return torch.addcmul(bias, x, weight) if x.shape[-1] == 1 else torch.baddbmm(bias, x, weight)


def product(x, weight):
    if weight.dim() == 2:
        return torch.matmul(x, weight)
    if x.shape[-1] == 1:
        return x * weight
    if weight.shape[-1] == 1:
        return (x * weight.transpose(-1, -2)).sum(-1, keepdim=True)
    return torch.bmm(x, weight)


def add_product(total, x, weight):
    """total + x W, in the memory of total, which nothing else reads."""
    if weight.dim() == 2 or weight.shape[-1] == 1:
        return total.add_(product(x, weight))
    return total.addcmul_(x, weight) if x.shape[-1] == 1 else total.baddbmm_(x, weight)


def outer(x, delta):
    """x^T delta of each task."""
    if x.shape[-1] == 1:
        return (x * delta).sum(1, keepdim=True)
    if delta.shape[-1] == 1:
        return (x * delta).sum(1).unsqueeze(-1)
    return torch.bmm(x.transpose(1, 2), delta)


def add_outer(total, x, delta):
    if x.shape[-1] == 1 or delta.shape[-1] == 1:
        return total.add_(outer(x, delta))
    return total.baddbmm_(x.transpose(1, 2), delta)


class Network:
    def __init__(self, shape):
        self.relu, self.bce = shape["activation"] == "relu", shape["loss"] == "bce"
        self.rate, self.steps = shape["inner_rate"], shape["steps"]
        self.layers = len(shape["hidden"]) + 1

    def through(self, direction, value):
        """The activation's derivative at `value` = f(z), times `direction`."""
        if self.relu:
            return torch.ops.aten.threshold_backward(direction, value, 0)
        return torch.ops.aten.tanh_backward(direction, value)

    def gradient(self, phi, x, y):
        """(gradients, tape) of the task losses; phi as [W, b, ...] with b [1, out] or [tasks, 1, out]."""
        values = [x]
        for layer in range(self.layers):
            z = affine(values[-1], phi[2 * layer], phi[2 * layer + 1])
            if layer < self.layers - 1:
                values.append(torch.relu(z) if self.relu else torch.tanh(z))
        terms = z.shape[-1] * z.shape[-2]
        if self.bce:
            chance = torch.sigmoid(z)
            delta, curvature = (chance - y) / terms, chance * (1 - chance) / terms
        else:
            delta, curvature = (z - y) * (2 / terms), 2 / terms
        result, deltas, before = [None] * len(phi), [None] * self.layers, [None] * self.layers
        for layer in reversed(range(self.layers)):
            deltas[layer] = delta
            result[2 * layer], result[2 * layer + 1] = outer(values[layer], delta), delta.sum(1, keepdim=True)
            if layer:
                before[layer] = product(delta, phi[2 * layer].transpose(-1, -2))
                delta = self.through(before[layer], values[layer])
        return result, (phi, values, deltas, before, curvature)

    def hessian_vector(self, tape, v):
        """H v at the point of the tape."""
        phi, values, deltas, before, curvature = tape
        moves = [None]
        for layer in range(self.layers):
            rz = affine(values[layer], v[2 * layer], v[2 * layer + 1])
            if layer:
                rz = add_product(rz, moves[layer], phi[2 * layer])
            if layer < self.layers - 1:
                moves.append(self.through(rz, values[layer + 1]))
        rdelta = rz * curvature
        result = [None] * len(phi)
        for layer in reversed(range(self.layers)):
            weight = outer(values[layer], rdelta)
            if layer:
                weight = add_outer(weight, moves[layer], deltas[layer])
            result[2 * layer], result[2 * layer + 1] = weight, rdelta.sum(1, keepdim=True)
            if layer:
                back = add_product(
                    product(rdelta, phi[2 * layer].transpose(-1, -2)), deltas[layer], v[2 * layer].transpose(-1, -2)
                )
                rdelta = self.through(back, values[layer])
                if not self.relu:  # tanh'' = -2 tanh tanh'; moves already contains tanh'
                    rdelta.addcmul_(before[layer] * values[layer], moves[layer], value=-2)
        return result

    def run(self, work, theta, sx, sy, qx, qy):
        """Sum of meta-gradients over the tasks, or their fast weights."""
        phi = [part if part.dim() == 2 else part.unsqueeze(0) for part in theta]
        tapes = []
        for _ in range(self.steps):
            gradient, tape = self.gradient(phi, sx, sy)
            if work == "second_order":
                tapes.append(tape)
            phi = [torch.add(p, g, alpha=-self.rate) for p, g in zip(phi, gradient)]
        if work == "adaptation":
            return [part if number % 2 == 0 else part.squeeze(1) for number, part in enumerate(phi)]
        adjoint, _ = self.gradient(phi, qx, qy)
        for tape in reversed(tapes):
            adjoint = [torch.add(a, h, alpha=-self.rate) for a, h in zip(adjoint, self.hessian_vector(tape, adjoint))]
        return [part.sum(0) if number % 2 == 0 else part.sum((0, 1)) for number, part in enumerate(adjoint)]
