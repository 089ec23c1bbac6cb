# SPDX-License-Identifier: Apache-2.0
"""The contenders that loop over tasks: plain PyTorch, and learn2learn, higher and TorchOpt as their documentation uses them."""

import torch
from torch import nn


def module_of(shape, theta):
    """The network as torch.nn has it: weights are [out, in]."""
    widths = [shape["inputs"], *shape["hidden"], shape["outputs"]]
    activation = {"relu": nn.ReLU, "tanh": nn.Tanh}[shape["activation"]]
    layers = []
    for layer, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        linear = nn.Linear(inputs, outputs)
        linear.weight = nn.Parameter(theta[2 * layer].t().clone())
        linear.bias = nn.Parameter(theta[2 * layer + 1].clone())
        layers += [linear, activation()]
    return nn.Sequential(*layers[:-1])


def as_layers(parameters, out_in):
    return [part.t() if out_in and part.dim() == 2 else part for part in parameters]


def loss_of(shape):
    return nn.functional.binary_cross_entropy_with_logits if shape["loss"] == "bce" else nn.functional.mse_loss


class Loop:
    """run(): the mean meta-gradient as [W, b, ...] with W [in, out], or fast weights [tasks, ...]."""

    def __init__(self, shape, theta, data):
        self.shape, self.data, self.loss = shape, data, loss_of(shape)
        self.rate, self.steps, self.tasks = shape["inner_rate"], shape["steps"], data[0].shape[0]
        self.theta = theta
        self.module = module_of(shape, theta)

    def meta_gradient(self):
        return as_layers([parameter.grad for parameter in self.module.parameters()], True)

    def each_task(self):
        return zip(*self.data)

    @staticmethod
    def stacked(fast):
        return [torch.stack(parts) for parts in zip(*fast)]


class PlainLoop(Loop):
    def network(self, phi, x):
        activation = {"relu": torch.relu, "tanh": torch.tanh}[self.shape["activation"]]
        for layer in range(0, len(phi), 2):
            x = torch.addmm(phi[layer + 1], x, phi[layer])
            if layer < len(phi) - 2:
                x = activation(x)
        return x

    def run(self, work):
        theta = [part.detach().clone().requires_grad_() for part in self.theta]
        exact, fast, total = work == "second_order", [], None
        for sx, sy, qx, qy in self.each_task():
            phi = theta
            for _ in range(self.steps):
                gradient = torch.autograd.grad(self.loss(self.network(phi, sx), sy), phi, create_graph=exact)
                phi = [p - self.rate * g for p, g in zip(phi, gradient)]
                if not exact:
                    phi = [p.detach().requires_grad_() for p in phi]
            if work == "adaptation":
                fast.append([p.detach() for p in phi])
                continue
            gradient = torch.autograd.grad(self.loss(self.network(phi, qx), qy), theta if exact else phi)
            total = list(gradient) if total is None else [t.add_(g) for t, g in zip(total, gradient)]
        return self.stacked(fast) if work == "adaptation" else [t / self.tasks for t in total]


class Learn2Learn(Loop):
    def __init__(self, shape, theta, data):
        super().__init__(shape, theta, data)
        import learn2learn

        self.algorithms = learn2learn.algorithms

    def run(self, work):
        maml = self.algorithms.MAML(self.module, lr=self.rate, first_order=work != "second_order")
        self.module.zero_grad()
        fast = []
        for sx, sy, qx, qy in self.each_task():
            learner = maml.clone()
            for _ in range(self.steps):
                learner.adapt(self.loss(learner(sx), sy))
            if work == "adaptation":
                fast.append(as_layers([p.detach() for p in learner.module.parameters()], True))
            else:
                (self.loss(learner(qx), qy) / self.tasks).backward()
        return self.stacked(fast) if work == "adaptation" else self.meta_gradient()


class Higher(Loop):
    def __init__(self, shape, theta, data):
        super().__init__(shape, theta, data)
        import higher

        self.higher = higher

    def run(self, work):
        optimizer = torch.optim.SGD(self.module.parameters(), lr=self.rate)
        self.module.zero_grad()
        fast = []
        for sx, sy, qx, qy in self.each_task():
            with self.higher.innerloop_ctx(
                self.module, optimizer, copy_initial_weights=False, track_higher_grads=work == "second_order"
            ) as (model, inner):
                for _ in range(self.steps):
                    inner.step(self.loss(model(sx), sy))
                if work == "adaptation":
                    fast.append(as_layers([p.detach() for p in model.parameters()], True))
                else:
                    (self.loss(model(qx), qy) / self.tasks).backward()
        return self.stacked(fast) if work == "adaptation" else self.meta_gradient()


class TorchOpt(Loop):
    def __init__(self, shape, theta, data):
        super().__init__(shape, theta, data)
        import torchopt

        self.torchopt = torchopt

    def run(self, work):
        inner = self.torchopt.MetaSGD(self.module, lr=self.rate)
        begin = self.torchopt.extract_state_dict(self.module, by="reference", detach_buffers=True)
        begin_inner = self.torchopt.extract_state_dict(inner, by="reference")
        leaves = list(self.module.parameters())
        for leaf in leaves:
            leaf.grad = None
        fast = []
        for sx, sy, qx, qy in self.each_task():
            for _ in range(self.steps):
                inner.step(self.loss(self.module(sx), sy))
            if work == "adaptation":
                fast.append(as_layers([p.detach() for p in self.module.parameters()], True))
            else:
                (self.loss(self.module(qx), qy) / self.tasks).backward()
            self.torchopt.recover_state_dict(self.module, begin)
            self.torchopt.recover_state_dict(inner, begin_inner)
        return self.stacked(fast) if work == "adaptation" else as_layers([leaf.grad for leaf in leaves], True)


LOOPS = {"torch-loop": PlainLoop, "learn2learn": Learn2Learn, "higher": Higher, "torchopt": TorchOpt}
