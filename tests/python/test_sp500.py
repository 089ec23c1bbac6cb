# SPDX-License-Identifier: Apache-2.0
"""On the real stocks: features, training and walk have the bits of the program. Downloads the package that contains them."""
import gzip
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
import shoal
from shoal.finance import COLUMNS, VolatilityForecaster, volatility_features
from test_finance import assert_same_variances, program_features, variances

PACKAGE, MEMBER = "skfolio==1.12.2", "skfolio/datasets/data/sp500_dataset.csv.gz"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", folder, PACKAGE], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def stocks(package):
    """Closing prices [dates, assets], as skfolio has them."""
    with gzip.open(zipfile.ZipFile(package).open(MEMBER)) as stream:
        frame = pd.read_csv(stream, index_col=0, float_precision="round_trip")
    frame.index.name = "date"
    return frame


def test_features_are_those_of_data_get(package, stocks, tmp_path):
    expected = pd.read_csv(shoal.get_dataset("sp500", tmp_path, "har", package=package), float_precision="round_trip")
    told = volatility_features(stocks)
    told = told[told["date"] >= expected["date"].min()].reset_index(drop=True)
    assert len(told) > 100_000
    pd.testing.assert_frame_equal(told, expected[told.columns], check_exact=True, check_dtype=False)


def test_walk_is_predict_of_the_program(stocks, shoal_program, tmp_path):
    until = "2005-12-31"
    features = ", ".join(f'"{name}"' for name in COLUMNS[1:-1])
    (tmp_path / "c.toml").write_text(
        f"""backend = "cpu"
tasks = {{ source = "table", path = "train.csv", key = ["asset"], time = "date", features = [{features}], targets = ["squared_return"],
          offset = "ln_ewma_variance", windows = {{ support = 500, query = 21, stride = 21, purge = 0 }},
          split = {{ train = 1.0, validation = 0.0, test = 0.0 }} }}
model = {{ hidden = [16], activation = "tanh", skip = true }}
loss = {{ name = "qlike", floor = 0.01 }}
algorithm = {{ inner_steps = 5, inner_lr = 0.01 }}
train = {{ iterations = 200, tasks_per_batch = 50, lr = 0.001, schedule = "cosine", sampling = "rows", keep = "last" }}
""".replace(",\n         ", ",")
    )
    program_features(shoal_program, tmp_path, stocks[:until], "train.csv")
    program_features(shoal_program, tmp_path, stocks, "all.csv")
    shoal_program("train", "--config", "c.toml", "--out", "RUN", "--quiet")
    shoal_program("predict", "RUN", "--data", "all.csv", "--out", "P.csv", "--quiet")
    forecaster = VolatilityForecaster(iterations=200, backend="cpu").fit(stocks, until=until)
    for name, value in shoal.load(tmp_path / "RUN").parameters_.items():
        np.testing.assert_array_equal(value, forecaster.model_.parameters_[name])
    expected = {key: value for key, value in variances(tmp_path / "P.csv").items() if key[0] >= "2006-01-01"}
    assert len(expected) > 50_000
    assert_same_variances(forecaster.walk(stocks, "2006-01-01"), expected)
