# SPDX-License-Identifier: Apache-2.0
"""Every public name, used as a user would. mypy --strict reads this file; nothing runs it."""
from __future__ import annotations

from typing import Any

import numpy as np
import shoal
from shoal.callbacks import Callback, ProgressBar
from shoal.finance import VolatilityForecaster, volatility_features

Array = np.ndarray[Any, Any]


class Stops(Callback):
    def before_training(self, model: Any) -> None:
        print(model)

    def after_iteration(self, model: Any, metrics: dict[str, Any]) -> bool | None:
        return bool(metrics["iteration"] > 3)

    def after_training(self, model: Any) -> None:
        print(model)


def engine(x: Array, y: Array, offsets: Array) -> float:
    batch = shoal.TaskBatch(x, y, offsets, x, y, offsets)
    dense: shoal.TaskBatch = shoal.TaskBatch.from_dense(x, y, x, y)
    several = shoal.TaskBatch.from_tasks([(x, y, x, y)])
    frame = shoal.TaskBatch.from_frame({}, key="client", targets="y", support=3)
    shoal.write_tasks("t.safetensors", batch)
    learner = shoal.MetaLearner(inputs=1, outputs=1, hidden=[40, 40], inner_steps=5)
    shoal.train(learner, shoal.sinusoid(seed=1), 100, 25, [Stops(), ProgressBar(100)], "runs/x", True, log_every=1)
    for source in (shoal.xsinx(law="uniform"), shoal.xsinx_window(), shoal.batch_source(batch, dense), shoal.function_source(lambda *_: batch, inputs=1)):
        several = source.sample(0, 3)
    step = learner.meta_step(several)
    gradient = learner.meta_gradient(frame, fast_weights=True)
    weights: dict[str, Array] = gradient.gradient
    learner.parameters = {name: value - step.gradient[name] for name, value in weights.items()}
    adapted = learner.adapt(shoal.read_tasks("t.safetensors"), 3)
    outputs: Array = learner.predict(adapted, x, offsets)
    print(learner.evaluate(batch, [0, 1]).summary(), len(batch), outputs, batch.support_x)
    return float(gradient.mean_query_loss)


def estimators(X: Any, y: Any) -> Array:
    regressor = shoal.MetaRegressor(key="client", time="month", hidden=(5,), loss="gaussian-nll")
    classifier: shoal.MetaClassifier = shoal.MetaClassifier(key=["client", "desk"]).fit(X, y, verbose=1, callbacks=[Stops()])
    quantile = shoal.QuantileMetaRegressor(quantiles=[0.1, 0.9]).fit(X, y, run="runs/y", resume=True)
    models: shoal.AdaptedModels = regressor.fit(X, y).adapt(X, y, steps=3)
    models.save("a.safetensors")
    regressor.save("m.safetensors")
    mean, deviation = models.predict(X, return_std=True)
    print(mean, deviation, regressor.evaluate(X, y).to_dict(), regressor.score(X, y) + 1.0, shoal.load("m.safetensors"), models.groups_, shoal.__version__)
    return np.concatenate([classifier.predict_proba(X), classifier.decision_function(X), quantile.predict(X), models.predict(X), models.outputs(X)])


def errors() -> int:
    try:
        raise shoal.DataError("x")
    except (shoal.InvalidArgument, shoal.ModelError, shoal.NumericError, shoal.ResourceError) as error:
        return error.exit_code
    except shoal.Error as error:
        return error.exit_code


def finance(prices: Any) -> Any:
    print(volatility_features(prices, next_day=True), shoal.get_dataset("sp500", "data", features="har"))
    forecaster = VolatilityForecaster(support=100, iterations=20).fit(prices, until="2020-01-01")
    print(forecaster.get_params(), forecaster.set_params(horizon=5))
    return forecaster.walk(prices, "2020-01-02"), forecaster.forecast(prices), shoal.TaskFailureWarning, shoal.UnknownCategoryWarning
