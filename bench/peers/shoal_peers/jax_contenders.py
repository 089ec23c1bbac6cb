# SPDX-License-Identifier: Apache-2.0
"""The JAX contenders: one inner loop, differentiated and batched in the ways that an expert would try. Everything runs inside one jit;
chunks of tasks go through lax.scan, and a rest if the chunk does not divide the tasks."""

import os

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # several contenders share the device
import jax
import jax.numpy as jnp
import numpy as np

tree_map = jax.tree_util.tree_map


def network(theta, x, activation):
    last = len(theta) // 2 - 1
    for layer in range(last + 1):
        x = x @ theta[2 * layer] + theta[2 * layer + 1]
        if layer < last:
            x = activation(x)
    return x


def problem_functions(shape, inner_steps):
    """(adapt(theta, sx, sy), loss(phi, x, y)) of one task. `inner_steps`: unrolled, scan, forward_reverse or linearize."""
    rate, count = shape["inner_rate"], shape["steps"]
    activation = {"relu": jax.nn.relu, "tanh": jnp.tanh}[shape["activation"]]

    def loss(phi, x, y):
        out = network(phi, x, activation)
        if shape["loss"] == "bce":
            return jnp.mean(jax.nn.softplus(out) - y * out)
        return jnp.mean((out - y) ** 2)

    gradient = jax.grad(loss)

    def move(phi, step):
        return tree_map(lambda p, g: p - rate * g, phi, step)

    def step(phi, x, y):
        return move(phi, gradient(phi, x, y))

    def no_gradient(x, y):
        return jnp.zeros_like(x), jnp.zeros_like(y)

    if inner_steps == "forward_reverse":
        # Backward through a step is u - rate H u: forward over the gradient, not reverse over reverse.
        plain = step
        step = jax.custom_vjp(plain)

        def backward(kept, u):
            phi, x, y = kept
            _, curvature = jax.jvp(lambda p: gradient(p, x, y), (phi,), (u,))
            return (move(u, curvature), *no_gradient(x, y))

        step.defvjp(lambda phi, x, y: (plain(phi, x, y), (phi, x, y)), backward)
    elif inner_steps == "linearize":
        step = jax.custom_vjp(step)

        def forward(phi, x, y):
            value, hessian = jax.linearize(lambda p: gradient(p, x, y), phi)
            return move(phi, value), (hessian, x, y)

        def backward_kept(kept, u):
            hessian, x, y = kept
            return (move(u, hessian(u)), *no_gradient(x, y))

        step.defvjp(forward, backward_kept)

    def adapt(theta, x, y):
        if inner_steps == "scan":
            return jax.lax.scan(lambda phi, _: (step(phi, x, y), None), theta, None, length=count)[0]
        for _ in range(count):
            theta = step(theta, x, y)
        return theta

    return adapt, loss


VARIANTS = {  # name: (inner steps, gradient of vmap or of each task)
    "jax-vmap": ("unrolled", "vmap"),
    "jax-vmap-chunked": ("unrolled", "vmap"),
    "jax-taskgrad": ("unrolled", "task"),
    "jax-forward-reverse": ("forward_reverse", "task"),
    "jax-linearize": ("linearize", "task"),
    "jax-scan": ("scan", "task"),
}


def chunk_function(name, work, shape, tasks):
    """f(theta, sx, sy, qx, qy) of `tasks` tasks: the sum of their meta-gradients, or their fast weights."""
    inner_steps, order = VARIANTS[name]
    adapt, loss = problem_functions(shape, inner_steps)

    def query_loss(theta, sx, sy, qx, qy):
        return loss(adapt(theta, sx, sy), qx, qy)

    def first_order(theta, sx, sy, qx, qy):
        return jax.grad(loss)(adapt(theta, sx, sy), qx, qy)

    one_task = {
        "second_order": jax.grad(query_loss),
        "first_order": first_order,
        "adaptation": lambda theta, sx, sy, qx, qy: adapt(theta, sx, sy),
    }[work]
    per_task = (None, 0, 0, 0, 0)
    if work == "second_order" and order == "vmap":
        return jax.grad(lambda theta, *data: jnp.sum(jax.vmap(query_loss, per_task)(theta, *data)))
    if tasks == 1:  # no batch axis at all

        def alone(theta, *data):
            value = one_task(theta, *(part[0] for part in data))
            return tree_map(lambda v: v[None], value) if work == "adaptation" else value

        return alone
    each = jax.vmap(one_task, per_task)
    if work == "adaptation":
        return each
    return lambda theta, *data: tree_map(lambda v: jnp.sum(v, 0), each(theta, *data))


def batch_function(name, work, shape, tasks, chunk):
    """f(theta, sx, sy, qx, qy) of all tasks: mean meta-gradient, or all fast weights."""
    chunk = chunk or tasks
    full, rest = tasks // chunk, tasks % chunk
    of_chunk = chunk_function(name, work, shape, chunk)

    def whole(theta, *data):
        head = [part[: full * chunk].reshape(full, chunk, *part.shape[1:]) for part in data]
        tail = [part[full * chunk :] for part in data]
        if work == "adaptation":
            if full == 1:
                value = of_chunk(theta, *(part[0] for part in head))
            else:
                value = jax.lax.map(lambda parts: of_chunk(theta, *parts), head)
                value = tree_map(lambda v: v.reshape(full * chunk, *v.shape[2:]), value)
            if rest:
                value = tree_map(
                    lambda a, b: jnp.concatenate([a, b]), value, chunk_function(name, work, shape, rest)(theta, *tail)
                )
            return value
        if full == 1:
            total = of_chunk(theta, *(part[0] for part in head))
        else:
            add = lambda sums, parts: (tree_map(jnp.add, sums, of_chunk(theta, *parts)), None)
            total = jax.lax.scan(add, tree_map(jnp.zeros_like, theta), head)[0]
        if rest:
            total = tree_map(jnp.add, total, chunk_function(name, work, shape, rest)(theta, *tail))
        return tree_map(lambda v: v / tasks, total)

    return jax.jit(whole)


class JaxSide:
    graphs = False

    def __init__(self, name, device, threads):
        self.name = name
        self.device = jax.devices("gpu" if device == "cuda" else "cpu")[0]
        jax.config.update("jax_default_matmul_precision", "highest")  # no TF32: fp32, like all contenders
        self.threads = threads

    def about(self):
        return {"version": jax.__version__, "device": str(self.device.device_kind)}

    def load(self, problem):
        jax.config.update("jax_enable_x64", problem.precision == "f64")
        self.problem = problem
        self.theta = [jax.device_put(part, self.device) for part in problem.theta]
        self.data = [jax.device_put(part, self.device) for part in problem.data]
        self.wait(self.data)

    def build(self, work, chunk):
        function = batch_function(self.name, work, self.problem.shape, self.problem.tasks, chunk)
        return lambda: function(self.theta, *self.data)

    def wait(self, value):
        return jax.block_until_ready(value)

    def arrays(self, value, most):
        return [np.asarray(part if most is None else part[:most]) for part in value]

    def recover(self):
        jax.clear_caches()
