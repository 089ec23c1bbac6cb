# SPDX-License-Identifier: Apache-2.0
"""What a task of every described launch executes on an H100: counted_share.py's figures for the compiled kernels.

A kernel takes part when a program of DESCRIBERS prints its launches (emulation/launch_description.py has the format) and one of the
compiled sources has it.
"""
import concurrent.futures
import os
import subprocess

import compiled_kernels
import counted_share
import executed
import listings
from emulation import launch_description

MACHINE = "sm_90"
DESCRIBERS = ("describe_launches",)  # programs of tests/cuda that print one description per line


def described(build):
    """The texts of all descriptions."""
    for program in DESCRIBERS:
        done = subprocess.run([compiled_kernels.built(build, program)], capture_output=True, text=True, check=True)
        yield from done.stdout.splitlines()


def sources_of(every):
    """{kernel: the Compiled that has it}, for MACHINE."""
    return {kernel: one for one in every if one.architecture == MACHINE for kernel in listings.read_figures(one.log.read_text())}


def figures_of(text, one, simulator):
    description = launch_description.read(text)
    code = executed.code_of(executed.listing_of(one.sass), description.kernel)
    compiled = listings.read_figures(one.log.read_text())[description.kernel]
    return f"{description.kernel} {description.shape}", counted_share.figures_of(code, description, compiled, simulator)


def figures(build, every):
    """{"kernel shape": figures}. Raises ValueError for a launch of a kernel that is not compiled, or that cannot be followed."""
    sources, texts = sources_of(every), list(described(build))
    simulator = compiled_kernels.built(build, "issue_simulation", "tests/bench")
    kernels = [launch_description.read(text).kernel for text in texts]
    if unknown := sorted(set(kernels) - sources.keys()):
        raise ValueError(f"launches are described of {', '.join(unknown)}, which no source compiles to")
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(figures_of, text, sources[kernel], simulator) for text, kernel in zip(texts, kernels)]
        return dict(job.result() for job in jobs)
