#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`shoal assess`: what it prints of anybody's forecasts, and what it refuses. The statistics themselves are tested in tests/risk.

usage: assess_test.py SHOAL
"""
import gzip
import json
import math
import pathlib
import random
import statistics

from program import refused, run, run_tests, table_config, write_config, write_rows, write_table

RATIO = {"lr", "p"}
VAR_FIELDS = ["key", "rows", "exceedances", "rate", "tick", "kupiec", "binomial_p", "independence", "conditional_coverage", "transitions",
              "traffic_light"]
BCE_FIELDS = ["rows", "positives", "log_loss", "brier", "auc", "gini", "ks", "ece", "calibration_slope", "calibration_intercept"]


def assess(*arguments, **more):
    return json.loads(run("assess", *arguments, "--json", **more).stdout)


def close(value, expected, tolerance=1e-9):
    assert abs(value - expected) <= tolerance * max(1.0, abs(expected)), (value, expected)


def write_var(path="v.csv", days=300, header="date,asset,return,var,es,other"):
    """Three assets, the days of each in a random order."""
    numbers = random.Random(3)
    rows = [[f"2020-{1 + d // 28:02}-{1 + d % 28:02}", asset, round(numbers.gauss(0, 1), 4), -1.6, -2.1, -1.9]
            for asset in ("AA", "B,B", "C") for d in range(days)]
    numbers.shuffle(rows)
    write_rows(path, header, rows)
    return rows


VAR = ["v.csv", "--as", "var", "--target", "return", "--forecast", "var", "--key", "asset", "--time", "date", "--level", "0.05"]


def test_values_at_risk():
    rows = write_var()
    result = assess(*VAR, "--es", "es", "--against", "other", "--lag", "5")
    assert result["as"] == "var" and result["level"] == 0.05 and result["left_out"] is None
    assert result["columns"] == {"target": "return", "forecast": "var", "against": "other", "es": "es", "key": "asset", "time": "date"}
    hits = sum(row[2] < row[3] for row in rows)
    assert result["rows"] == 900 and result["exceedances"] == hits
    close(result["rate"], hits / 900)
    close(result["tick"], statistics.fmean(max(0.05 * (y + 1.6), -0.95 * (y + 1.6)) for _, _, y, *_ in rows))
    assert [entry["key"] for entry in result["keys"]] == ["AA", "B,B", "C"]
    for entry in result["keys"]:
        assert list(entry) == VAR_FIELDS + ["z2", "fz0"]
        assert set(entry["kupiec"]) == set(entry["independence"]) == set(entry["conditional_coverage"]) == RATIO
        own = [hit for _, hit in sorted((row[0], row[2] < row[3]) for row in rows if row[1] == entry["key"])]
        pairs = list(zip(own, own[1:]))
        assert entry["transitions"] == [pairs.count(pair) for pair in ((False, False), (False, True), (True, False), (True, True))]
        assert entry["traffic_light"]["window"] == 250 and entry["traffic_light"]["exceedances"] == sum(own[-250:])
        assert entry["traffic_light"]["zone"] in ("green", "yellow", "red")
        close(entry["conditional_coverage"]["lr"], entry["kupiec"]["lr"] + entry["independence"]["lr"])
        close(entry["z2"], 1 - sum(row[2] / (0.05 * -2.1) for row in rows if row[1] == entry["key"] and row[2] < row[3]) / 300)
    assert result["passes"] == {"keys": 3, "kupiec": sum(entry["kupiec"]["p"] >= 0.05 for entry in result["keys"]),
                                "conditional_coverage": sum(entry["conditional_coverage"]["p"] >= 0.05 for entry in result["keys"])}
    assert list(result["dm"]) == ["mean", "t", "p", "lag", "periods"] and result["dm"]["periods"] == 300 and result["dm"]["lag"] == 5
    shown = run("assess", *VAR, "--es", "es").stdout
    assert "Kupiec p" in shown and "B,B" in shown and "Z2" in shown and f"{result['passes']['kupiec']} of 3" in shown
    alone = assess("v.csv", "--as", "var", "--target", "return", "--forecast", "var")
    assert [entry["key"] for entry in alone["keys"]] == [None] and "z2" not in alone["keys"][0] and alone["level"] == 0.01


def test_diebold_mariano_of_the_definition():
    """The test by its definition, in plain Python: losses averaged by day, Bartlett's weights."""
    rows = write_var(days=60)
    dm = assess(*VAR, "--against", "other")["dm"]
    tick = lambda y, q: max(0.05 * (y - q), -0.95 * (y - q))  # noqa: E731
    days = sorted({row[0] for row in rows})
    d = [statistics.fmean(tick(y, v) - tick(y, o) for day, _, y, v, _, o in rows if day == wanted) for wanted in days]
    mean, n = statistics.fmean(d), len(d)
    g = [sum((d[i] - mean) * (d[i - k] - mean) for i in range(k, n)) / n for k in range(22)]
    t = mean / math.sqrt((g[0] + 2 * sum((1 - k / 22) * g[k] for k in range(1, 22))) / n)
    close(dm["mean"], mean)
    close(dm["t"], t)
    close(dm["p"], math.erfc(abs(t) / math.sqrt(2)))
    assert dm["lag"] == 21 and dm["periods"] == 60
    # More than a quarter of 60 periods are many lags.
    assert "lag 21 is more than a quarter of the 60 periods" in run("assess", *VAR, "--against", "other").stderr
    assert "lag 16 is more than a quarter" in run("assess", *VAR, "--against", "other", "--lag", "16").stderr
    assert "quarter" not in run("assess", *VAR, "--against", "other", "--lag", "15").stderr


def test_probabilities():
    numbers = random.Random(5)
    rows = [[f"s{i % 4}", int(numbers.random() < p), p] for i, p in ((i, round(numbers.uniform(0.02, 0.6), 3)) for i in range(400))]
    write_rows("p.csv", "state,bad,pd", rows)
    result = assess("p.csv", "--as", "probability", "--target", "bad", "--forecast", "pd", "--key", "state")
    assert [name for name in result if name in BCE_FIELDS] == BCE_FIELDS
    assert result["rows"] == 400 and result["positives"] == sum(row[1] for row in rows)
    close(result["brier"], statistics.fmean((p - y) ** 2 for _, y, p in rows))
    assert [list(entry) for entry in result["keys"]] == [["key", *BCE_FIELDS]] * 4
    close(result["macro"]["auc"], statistics.fmean(entry["auc"] for entry in result["keys"]))
    close(result["macro"]["log_loss"], statistics.fmean(entry["log_loss"] for entry in result["keys"]))
    shown = run("assess", "p.csv", "--as", "probability", "--target", "bad", "--forecast", "pd", "--key", "state").stdout
    assert "log-loss" in shown and "mean of keys" in shown and "s3" in shown
    write_rows("one.csv", "bad,pd", [[1, 1.0]])
    lone = assess("one.csv", "--as", "probability", "--target", "bad", "--forecast", "pd")
    assert lone["auc"] is None and lone["calibration_slope"] is None and lone["keys"] == [] and lone["macro"] is None
    run("assess", "one.csv", "--as", "probability", "--target", "bad", "--forecast", "pd")


def test_variances():
    write_rows("h.csv", "x,h", [[2.0, 1.0], [0.0, 0.5], [0.5, 1.0]])
    columns = ["h.csv", "--as", "variance", "--target", "x", "--forecast", "h"]
    result = assess(*columns, "--floor", "0.5")
    assert result["rows"] == 3 and result["floor"] == 0.5
    close(result["qlike"], statistics.fmean(r - math.log(r) - 1 for r in (2.0, 1.0, 0.5)))
    refused(3, 'h.csv:3: column "x": 0 has no QLIKE', "assess", *columns)
    assert "QLIKE" in run("assess", *columns, "--floor", "0.5").stdout


def test_rows_without_a_value_are_left_out_and_told():
    write_rows("m.csv", "key,y,p,other", [["a", 1, 0.5, ""], ["a", "", 0.5, 1], ["", 0, 0.5, 1], ["b", 0, "NA", 1], ["b", 0, 0.25, 1]])
    result = run("assess", "m.csv", "--as", "probability", "--target", "y", "--forecast", "p", "--key", "key", "--json")
    assert "3 rows are left out" in result.stderr
    result = json.loads(result.stdout)
    assert result["rows"] == 2 and result["left_out"] == {"rows": 3, "rows_by_rule": {"missing": 3}}
    quiet = run("assess", "m.csv", "--as", "probability", "--target", "y", "--forecast", "p", "--quiet")
    assert quiet.stderr == "" and "all rows" in quiet.stdout


def test_files_are_read_as_all_tables_are():
    text = "\ufeffy;p;t\r\n1;0,5;03.02.2020\r\n0;0,25;01.03.2020\r\n"
    pathlib.Path("f.csv.gz").write_bytes(gzip.compress(text.encode()))
    asked = ["--as", "probability", "--target", "y", "--forecast", "p", "--time", "t", "--against", "p",
             "--set", 'tasks.decimal=","', "--set", 'tasks.time_format="%d.%m.%Y"']
    result = run("assess", "f.csv.gz", *asked, "--json")
    assert "semicolons" in result.stderr
    result = json.loads(result.stdout)
    assert result["rows"] == 2 and result["dm"] == {"mean": 0.0, "t": None, "p": None, "lag": 21, "periods": 2}


def test_keys_that_have_an_effect_are_not_said_to_have_none():
    pathlib.Path("f.csv").write_text("# by hand\ny;p\n1;0,5\n0;-\n1;0,25\n", encoding="utf-8")
    asked = ["assess", "f.csv", "--as", "probability", "--target", "y", "--forecast", "p"]
    used = ["--set", "tasks.delimiter=;", "--set", "tasks.decimal=,", "--set", 'tasks.missing_words=["-"]', "--set", "tasks.skip_rows=1"]
    result = run(*asked, *used)
    assert result.stderr == "shoal: 1 row is left out: a column that is asked for has no value there\n", result.stderr
    idle = run(*asked, *used, "--set", "train.lr=0.5", "--set", 'tasks.features=["x"]', "--quiet").stderr
    assert [line.split(":")[2] for line in idle.splitlines()] == [" --set train.lr", " --set tasks.features"], idle
    assert all("has no effect here" in line for line in idle.splitlines())
    run(*asked, "--set", "tasks.delimiters=;", code=2)
    days = [["2020-01-01", "a", 1.0]]
    write_rows("prices.csv", "date,asset,close", days)
    text = run("data", "features", "prices.csv", "--features", "har", "--out", "h.csv", "--set", "tasks.delimiter=;", code=3).stderr
    assert "--set tasks.delimiter: has no effect here" in text, text


def test_predictions_of_a_run_are_forecasts():
    write_table("table.csv", tasks=6)
    rows = [line.split(",") for line in pathlib.Path("table.csv").read_text(encoding="utf-8").splitlines()[1:]]
    write_rows("table.csv", "client,day,a,b,y", [[*row[:4], int(float(row[4]) > 0)] for row in rows])
    config = write_config("c.toml", table_config("table.csv", sections='[loss]\nname = "bce"\n[train]\niterations = 3\n'))
    run("train", *config, "--out", "r", "--quiet")
    run("predict", "r", "--data", "table.csv", "--out", "p.csv")
    result = assess("p.csv", "--as", "probability", "--target", "target", "--forecast", "probability", "--key", "client")
    assert result["rows"] == 36 and len(result["keys"]) == 6


def test_what_is_refused():
    write_rows("b.csv", "y,p,h,v,k,t", [[1, 0.5, 1.0, 0.5, "a", 1], [0, 1.5, -1.0, 0.25, "a", 2], [0, 0.5, 2.0, -0.5, "a", 1]])
    def ask(kind, forecast, *more):
        return ["assess", "b.csv", "--as", kind, "--target", "y", "--forecast", forecast, *more]
    refused(3, 'b.csv:3: column "p": 1.5 is no probability', *ask("probability", "p"))
    refused(3, 'b.csv:3: column "h": -1 is no variance', *ask("variance", "h", "--floor", "1"))
    refused(3, "negate the column", *ask("var", "v"))
    refused(3, 'b.csv:2: column "k": "a"', *ask("probability", "k"))
    refused(3, 'b.csv:4: column "t": key "a" has the time of b.csv:2 once more', *ask("probability", "y", "--key", "k", "--time", "t"))
    refused(3, 'b.csv:4: column "t": the time of b.csv:2 once more', *ask("var", "v", "--time", "t", "--level", "0.6"))
    refused(3, 'b.csv:2: column "p": 0.5 is no expected shortfall', *ask("var", "y", "--es", "p"))
    refused(2, 'there is no column "pp" (did you mean "p"?)', *ask("probability", "pp"))
    refused(2, 'there is no column "kk"', *ask("probability", "p", "--key", "kk"))
    refused(2, 'unknown kind of forecast "pd"', *ask("pd", "p"))
    refused(2, "--against needs --time", *ask("probability", "y", "--against", "y"))
    refused(2, "--lag goes with --against", *ask("probability", "y", "--lag", "3"))
    refused(2, "--level goes with --as var", *ask("probability", "y", "--level", "0.1"))
    refused(2, "--es goes with --as var", *ask("probability", "y", "--es", "v"))
    refused(2, "--floor goes with --as variance", *ask("probability", "y", "--floor", "0.1"))
    refused(2, "the level must lie between 0 and 1", *ask("var", "v", "--level", "1"))
    refused(2, "lag must be at least 0", *ask("probability", "y", "--against", "y", "--time", "t", "--lag", "-1"))
    refused(2, "--as is required", "assess", "b.csv", "--target", "y", "--forecast", "p")
    refused(3, "none.csv", "assess", "none.csv", "--as", "var", "--target", "y", "--forecast", "p")
    pathlib.Path("empty.csv").write_text("y,p\n1,\n", encoding="utf-8")
    refused(3, "empty.csv: no row has a value in every column", "assess", "empty.csv", "--as", "var", "--target", "y", "--forecast", "p")


run_tests(globals())
