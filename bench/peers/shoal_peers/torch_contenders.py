# SPDX-License-Identifier: Apache-2.0
"""The PyTorch contenders that batch tasks: torch.func, hand-batched with autograd, hand-written (torch_adjoint.py); each eager,
as a CUDA graph, or traced by make_fx and compiled by Inductor. Chunks of tasks go through a Python loop."""

import os

os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # few small kernels, for which a pool of processes does not pay
import torch
from torch.func import grad, vmap

from shoal_peers.torch_adjoint import Network
from shoal_peers.torch_loops import LOOPS, loss_of


def functional_network(phi, x, activation):
    for layer in range(0, len(phi), 2):
        x = torch.nn.functional.linear(x, phi[layer].t(), phi[layer + 1])
        if layer < len(phi) - 2:
            x = activation(x)
    return x


def with_torch_func(shape, work, of_each_task):
    """f(theta, sx, sy, qx, qy) by torch.func: gradient of vmap, or vmap of each task's gradient."""
    activation, loss = {"relu": torch.relu, "tanh": torch.tanh}[shape["activation"]], loss_of(shape)

    def task_loss(phi, x, y):
        return loss(functional_network(phi, x, activation), y)

    def adapt(theta, sx, sy):
        for _ in range(shape["steps"]):
            theta = tuple(p - shape["inner_rate"] * g for p, g in zip(theta, grad(task_loss)(theta, sx, sy)))
        return theta

    def query_loss(theta, sx, sy, qx, qy):
        return task_loss(adapt(theta, sx, sy), qx, qy)

    def first_order(theta, sx, sy, qx, qy):
        return grad(task_loss)(adapt(theta, sx, sy), qx, qy)

    per_task = (None, 0, 0, 0, 0)

    def run(theta, *data):
        theta = tuple(theta)
        if work == "adaptation":
            return list(vmap(adapt, (None, 0, 0))(theta, *data[:2]))
        if work == "first_order":
            return [g.sum(0) for g in vmap(first_order, per_task)(theta, *data)]
        if of_each_task:
            return [g.sum(0) for g in vmap(grad(query_loss), per_task)(theta, *data)]
        return list(grad(lambda t: vmap(query_loss, per_task)(t, *data).sum())(theta))

    return run


def hand_batched(shape, work):
    """f(theta, sx, sy, qx, qy): every layer one baddbmm over tasks, autograd for both derivatives."""
    activation = {"relu": torch.relu, "tanh": torch.tanh}[shape["activation"]]
    rate, exact = shape["inner_rate"], work == "second_order"

    def losses(phi, x, y):
        """The sum of the tasks' mean losses."""
        for layer in range(0, len(phi), 2):
            if x.shape[-1] == 1:  # a broadcast is faster than a product with one column
                x = torch.addcmul(phi[layer + 1], x, phi[layer])
            else:
                x = torch.baddbmm(phi[layer + 1], x, phi[layer])
            if layer < len(phi) - 2:
                x = activation(x)
        if shape["loss"] == "bce":
            return torch.nn.functional.binary_cross_entropy_with_logits(x, y, reduction="sum") / (x.shape[1] * x.shape[2])
        return torch.square(x - y).sum() / (x.shape[1] * x.shape[2])

    def run(theta, sx, sy, qx, qy):
        with torch.enable_grad():
            tasks = sx.shape[0]
            leaves = [p.detach().requires_grad_() for p in theta]
            phi = [
                p.unsqueeze(0).expand(tasks, *p.shape) if p.dim() == 2 else p.view(1, 1, -1).expand(tasks, 1, -1) for p in leaves
            ]
            for _ in range(shape["steps"]):
                gradient = torch.autograd.grad(losses(phi, sx, sy), phi, create_graph=exact)
                phi = [torch.add(p, g, alpha=-rate) for p, g in zip(phi, gradient)]
                if not exact:
                    phi = [p.detach().requires_grad_() for p in phi]
            if work == "adaptation":
                return [
                    p.detach() if p.shape[1] != 1 or number % 2 == 0 else p.detach().squeeze(1) for number, p in enumerate(phi)
                ]
            value = losses(phi, qx, qy)
            if exact:
                return list(torch.autograd.grad(value, leaves))
            return [g.sum(0) if number % 2 == 0 else g.sum((0, 1)) for number, g in enumerate(torch.autograd.grad(value, phi))]

    return run


def by_hand(shape, work):
    network = Network(shape)

    def run(theta, *data):
        with torch.no_grad():
            return network.run(work, theta, *data)

    return run


FORMS = {
    "torch-vmap": lambda shape, work: with_torch_func(shape, work, False),
    "torch-taskgrad": lambda shape, work: with_torch_func(shape, work, True),
    "torch-batched": hand_batched,
    "torch-adjoint": by_hand,
}


class TorchSide:
    def __init__(self, name, device, threads):
        self.form, self.kind = name, "eager"
        for kind in ("graph", "inductor"):
            if name.endswith("-" + kind):
                self.form, self.kind = name[: -len(kind) - 1], kind
        self.cuda = device == "cuda"
        self.graphs = self.cuda and self.kind != "eager"
        if self.cuda:
            torch.backends.cuda.matmul.allow_tf32 = False  # fp32, like all contenders
            self.device = torch.device("cuda")
            torch.zeros(1, device=self.device)
        else:
            torch.set_num_threads(threads)
            self.device = torch.device("cpu")
        torch.set_float32_matmul_precision("highest")
        self.compiled = {}

    def about(self):
        return {
            "version": torch.__version__,
            "device": torch.cuda.get_device_name() if self.cuda else "cpu",
            **({} if self.cuda else {"threads": torch.get_num_threads()}),
        }

    def load(self, problem):
        self.problem = problem
        self.theta = [torch.from_numpy(part).to(self.device) for part in problem.theta]
        self.data = [torch.from_numpy(part).to(self.device) for part in problem.data]

    def chunk_function(self, work, tasks):
        """f(theta, sx, sy, qx, qy) of exactly `tasks` tasks; compiled ones are kept across loads of the same shape."""
        shape = self.problem.shape
        plain = FORMS[self.form](shape, work)
        if self.kind != "inductor":
            return plain
        key = (shape["name"], work, tasks, self.problem.precision)
        if key not in self.compiled:
            from torch.fx.experimental.proxy_tensor import make_fx

            traced = make_fx(plain)(self.theta, *(part[:tasks] for part in self.data))
            # In fp64 the traced graph itself is checked; the compiler is checked in fp32, in which it is timed.
            self.compiled[key] = (
                traced if self.problem.precision == "f64" else torch.compile(traced, fullgraph=True, dynamic=False)
            )
        return self.compiled[key]

    def build(self, work, chunk):
        if self.form in LOOPS:
            loop = LOOPS[self.form](self.problem.shape, self.theta, self.data)
            return lambda: loop.run(work)
        tasks = self.problem.tasks
        starts = range(0, tasks, chunk)
        parts = [[part[begin : begin + chunk] for part in self.data] for begin in starts]
        functions = [self.chunk_function(work, part[0].shape[0]) for part in parts]

        def run():
            if work == "adaptation":
                values = [function(self.theta, *part) for function, part in zip(functions, parts)]
                return values[0] if len(values) == 1 else [torch.cat(pieces) for pieces in zip(*values)]
            total = None
            for function, part in zip(functions, parts):
                value = function(self.theta, *part)
                total = list(value) if total is None else [t.add_(v) for t, v in zip(total, value)]
            return [t.div_(tasks) for t in total]

        if self.kind == "eager":
            return run

        def without_autograd():
            with torch.no_grad():
                return run()

        # On a device the code of Inductor is replayed as one graph, too: otherwise its host code would take most of the time of a small
        # batch.
        return self.captured(run if self.kind == "graph" else without_autograd) if self.cuda else without_autograd

    def captured(self, run):
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(2):
                run()
        torch.cuda.current_stream().wait_stream(stream)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            value = run()

        def replay():
            graph.replay()
            return value

        return replay

    def wait(self, value):
        if self.cuda:
            torch.cuda.synchronize()
        return value

    def arrays(self, value, most):
        return [(part if most is None else part[:most]).detach().contiguous().cpu().numpy() for part in value]

    def recover(self):
        if self.cuda:
            torch.cuda.empty_cache()
