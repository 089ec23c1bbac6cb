# SPDX-License-Identifier: Apache-2.0
"""Estimators in the manner of scikit-learn, for data of many tasks."""
from .classifier import MetaClassifier
from .quantile import QuantileMetaRegressor
from .regressor import MetaRegressor

__all__ = ["MetaClassifier", "MetaRegressor", "QuantileMetaRegressor"]
