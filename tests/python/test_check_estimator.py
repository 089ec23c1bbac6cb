# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's own checks of the estimators with their default parameters: none fails, and none is expected to."""
import warnings
from unittest import SkipTest

import pytest
import shoal
from sklearn.utils.estimator_checks import estimator_checks_generator


@pytest.mark.parametrize("kind", [shoal.MetaRegressor, shoal.MetaClassifier, shoal.QuantileMetaRegressor])
def test_check_estimator(kind):
    failed, done = [], 0
    for estimator, check in estimator_checks_generator(kind(), legacy=True):
        name = getattr(check, "func", check).__name__
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                check(estimator)
                done += 1
            except SkipTest:
                continue
            except Exception as error:  # all of them are told at once
                failed.append(f"{name}: {type(error).__name__}: {str(error)[:300]}")
    assert not failed, "\n".join(failed)
    assert done > 40
