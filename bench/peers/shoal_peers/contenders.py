# SPDX-License-Identifier: Apache-2.0
"""The contenders, one entry each. Both the driver and the workers read it; neither torch nor jax is needed for that."""

import collections

WORKS = ("second_order", "first_order", "adaptation")
BOTH = ("cpu", "cuda")

# name; framework: whose worker runs it; devices; works; chunked: whether its best chunk of tasks is searched; cap: most tasks on which it
# is timed (0: all; a loop over tasks costs the same for each of them); needs: a package beside the framework; slow_compile: minutes of the
# first call matter when time is short; text: description.
Contender = collections.namedtuple("Contender", "name framework devices works chunked cap needs slow_compile text")


def entry(name, framework, text, devices=BOTH, works=WORKS, chunked=True, cap=0, needs="", slow_compile=False):
    return Contender(name, framework, devices, works, chunked, cap, needs, slow_compile, text)


ALL = (  # most important first: a short run has these only
    entry("shoal", "shoal", "Shoal, C++ interface", chunked=False),
    entry("jax-taskgrad", "jax", "JAX: jit, vmap of each task's gradient, chunks of tasks"),
    entry("torch-adjoint", "torch", "PyTorch: hand-batched, gradient and Hessian-vector products written by hand"),
    entry("torch-vmap", "torch", "PyTorch: torch.func, gradient of vmap"),
    entry("torch-batched", "torch", "PyTorch: hand-batched (baddbmm), autograd twice"),
    entry("torch-adjoint-graph", "torch", "torch-adjoint as one CUDA graph", devices=("cuda",)),
    entry("torch-batched-graph", "torch", "torch-batched as one CUDA graph", devices=("cuda",)),
    entry("jax-forward-reverse", "jax", "JAX: jax-taskgrad with forward-over-reverse inner steps", works=("second_order",)),
    entry("jax-linearize", "jax", "JAX: jax-forward-reverse, linearised once per step", works=("second_order",)),
    entry("torch-adjoint-inductor", "torch", "torch-adjoint through make_fx and torch.compile (Inductor)", slow_compile=True),
    entry("jax-vmap-chunked", "jax", "JAX: jit, gradient of vmap, chunks of tasks"),
    entry("jax-vmap", "jax", "JAX: jit, gradient of vmap over all tasks", chunked=False),
    entry("torch-batched-inductor", "torch", "torch-batched through make_fx and torch.compile (Inductor)", slow_compile=True),
    entry("torch-vmap-inductor", "torch", "torch-vmap through make_fx and torch.compile (Inductor)", slow_compile=True),
    entry("torch-taskgrad", "torch", "PyTorch: torch.func, vmap of each task's gradient", works=("second_order", "first_order")),
    entry("jax-scan", "jax", "JAX: jax-taskgrad, inner steps by scan"),
    entry("torch-loop", "torch", "PyTorch: eager loop over tasks", chunked=False, cap=25),
    entry("learn2learn", "torch", "learn2learn: MAML, clone and adapt per task", chunked=False, cap=25, needs="learn2learn"),
    entry(
        "higher",
        "torch",
        "higher: innerloop_ctx per task",
        works=("second_order", "adaptation"),
        chunked=False,
        cap=25,
        needs="higher",
    ),
    entry(
        "torchopt",
        "torch",
        "TorchOpt: MetaSGD per task",
        works=("second_order", "adaptation"),
        chunked=False,
        cap=25,
        needs="torchopt",
    ),
)
BY_NAME = {contender.name: contender for contender in ALL}
