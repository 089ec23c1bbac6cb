# SPDX-License-Identifier: Apache-2.0
"""Follows the warps of one block through sm_90 machine code: every integer, address and branch exactly, floats not at all.

machine_code.py reads the disassembler's listing; launch_description.py says with which arguments and memory a kernel starts; lanes.py and
operands.py hold the values of the 32 lanes; arithmetic.py, memory.py and control.py do the instructions; warp.py runs a block.
"""
