# SPDX-License-Identifier: Apache-2.0
"""The parts of bench/peers/run; ../README.md says how they fit together."""
