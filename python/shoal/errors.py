# SPDX-License-Identifier: Apache-2.0
"""The exceptions and warnings of the package.

Every exception has `exit_code`, the exit code of the `shoal` program for the same cause.
"""


class Error(Exception):
    """Base of everything that the engine raises."""

    exit_code = 1


class InvalidArgument(Error, ValueError):
    """An argument, option or configuration value is invalid."""

    exit_code = 2


class DataError(Error, ValueError):
    """Data are malformed or inconsistent. The message names column and row, counted from 0."""

    exit_code = 3


class ModelError(Error, ValueError):
    """A model, parameter or checkpoint file is unreadable or does not fit."""

    exit_code = 4


class NumericError(Error, ArithmeticError):
    """Too many tasks failed numerically."""

    exit_code = 5


class ResourceError(Error, OSError):
    """A resource is missing or exhausted: file system, memory, instruction set, GPU."""

    exit_code = 6


class TaskFailureWarning(UserWarning):
    """Tasks failed: their rows are NaN."""


class UnknownCategoryWarning(UserWarning):
    """Rows hold categories that no training row had: all inputs of such a column are 0 there."""
