#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Walk-forward backtests: every row is forecast once, by models that have not seen it; the table follows from predictions.csv; threads, kills
and resumes change no byte; folds of keys; what is refused.
Covers backtest/backtest, backtest/fold_outputs, backtest/fold_runs, backtest/grid, backtest/predictions, backtest/report_json,
backtest/tails, run/metrics_json.

usage: backtest_test.py SHOAL
"""
import csv
import datetime
import json
import math
import pathlib
import random
import shutil

from market_backtest import BASELINES, FROM, MARKET, YEARS, backtest, market, report_of, rows_of, write_market
from program import refused, run, run_tests, table_config, write_config, write_table

def qlike(row, column):
    x, h = max(float(row["target"]), 0.0078125), float(row[column])
    return x / h - math.log(x / h) - 1


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def test_every_date_is_forecast_once_and_the_table_follows():
    market()
    backtest("bt", *BASELINES)
    rows, report, table = rows_of("bt/predictions.csv"), report_of("bt"), rows_of("market.csv")
    wanted = [number for number, row in enumerate(table) if row["date"] >= FROM]
    assert sorted(int(row["row"]) for row in rows) == wanted
    assert [(row["asset"], row["time"]) for row in rows] == sorted((row["asset"], row["time"]) for row in rows)
    for row in rows:
        assert row["asset"] == table[int(row["row"])]["asset"] and row["target"] == table[int(row["row"])]["r2"]
        assert row["fold"] == row["time"][:4] + "-01-01" and row["phase"] == "test" and row["steps"] == "2"
        assert row["offset.variance"] and abs(math.log(float(row["offset.variance"])) - float(table[int(row["row"])]["ln_h"])) < 1e-6
    assert len({row["constant.variance"] for row in rows}) == 4  # fitted anew every year
    # The combination is the mean of the log variances.
    for row in rows[::17]:
        both = math.sqrt(float(row["variance"]) * float(row["linear.variance"]))
        assert abs(float(row["model+linear.variance"]) / both - 1) < 1e-9
    lines = {(line["name"], line["steps"]): line for line in report["models"]}
    assert list(lines) == [("model", 0), ("model", 2), ("constant", None), ("offset", None), ("linear", None), ("gjr", None),
                           ("model+linear", None)]
    assert report["rows"] == report["measured"] == len(rows)
    for (name, steps), line in lines.items():
        if steps == 0:
            continue
        column = "variance" if name == "model" else name + ".variance"
        assert abs(line["metrics"]["qlike"] - mean(qlike(row, column) for row in rows)) < 1e-9
        assert line["rows"] == len(rows) and line["macro"]["keys"] == 3
    assert lines["model", 2]["selected"] and set(lines["model", 2]["against"]) == {"model, 0 steps", "constant", "offset", "linear", "gjr",
                                                                                   "model+linear"}
    assert [group["group"] for group in report["groups"]] == ["2004", "2005", "2006", "2007"]
    for group in report["groups"]:
        of_year = [row for row in rows if row["time"].startswith(group["group"])]
        line = next(line for line in group["models"] if line["name"] == "linear")
        assert abs(line["metrics"]["qlike"] - mean(qlike(row, "linear.variance") for row in of_year)) < 1e-9
    assert [fold["name"] for fold in report["folds"]] == [f"{year}-01-01" for year in range(2004, 2008)]
    for fold in report["folds"]:
        year = int(fold["name"][:4])
        assert fold["validation_from"] == f"{year - 1}-01-01" and fold["train_from"] is None
        assert fold["rows"] == sum(row["fold"] == fold["name"] for row in rows)
        assert fold["tasks"]["test"] == len({row["task"] for row in rows if row["fold"] == fold["name"]})
        assert [seed["seed"] for seed in fold["seeds"]] == [7, 8]
        assert all(seed["selected_steps"] == 2 and seed["tasks_failed"] == 0 for seed in fold["seeds"])
    assert report["folds"][3]["tasks"]["train"] > report["folds"][0]["tasks"]["train"]
    assert report["inputs"].keys() == {"market.csv"} and "[backtest]" in report["config"]


def test_seeds_are_averaged_and_a_fold_is_a_run():
    market()
    backtest("both")
    for seed in (7, 8):
        backtest(f"one{seed}", "--set", f"backtest.seeds=[{seed}]")
    both, seven, eight = (rows_of(f"{name}/predictions.csv") for name in ("both", "one7", "one8"))
    for a, b, c in zip(both, seven, eight):
        assert abs(float(a["output_0"]) - (float(b["output_0"]) + float(c["output_0"])) / 2) < 1e-6
        assert b["output_0"] != c["output_0"]
    assert [seed["seed"] for seed in report_of("both")["seeds"]] == [7, 8]
    for seed in report_of("both")["seeds"]:
        assert seed["models"] == report_of(f"one{seed['seed']}")["models"]
    # The folder of a fold is an ordinary run, whose validation loss is that of the report.
    for fold in report_of("both")["folds"]:
        for seed in fold["seeds"]:
            answer = json.loads(run("evaluate", f"both/folds/{fold['name']}/seed-{seed['seed']}", "--phase", "validation", "--steps", "2",
                                    "--json", "--quiet").stdout)
            assert answer["summary"][0]["mean"] == seed["validation_loss"]
    # What the fold of 2007 says of its own windows, evaluate says of them too.
    run("evaluate", "both/folds/2007-01-01/seed-7", "--steps", "2", "--predictions", "p.csv", "--quiet")
    mine = {row["row"]: row for row in seven}
    compared = [abs(float(row["output_0"]) - float(mine[row["row"]]["output_0"])) for row in rows_of("p.csv")]
    assert len(compared) > 100 and max(compared) < 1e-6


def test_nothing_sees_what_comes_later():
    market()
    backtest("bt", *BASELINES)
    shutil.copy("market.csv", "true.csv")
    for date in ("2005-06-20", "2006-01-01"):
        write_market(noise_from=date)
        backtest(f"noise-{date}", *BASELINES)
        lines, noisy = (pathlib.Path(name, "predictions.csv").read_text(encoding="utf-8").splitlines() for name in ("bt", f"noise-{date}"))
        assert len(lines) == len(noisy)
        times = [row["time"] for row in rows_of("bt/predictions.csv")]
        before = [a == b for time, a, b in zip(times, lines[1:], noisy[1:]) if time < date]
        assert len(before) > 150 and all(before)
        assert not any(a == b for time, a, b in zip(times, lines[1:], noisy[1:]) if time >= date)


def test_risk_follows_from_the_past_alone():
    market()
    backtest("bt", *BASELINES)
    rows, report, table = rows_of("bt/predictions.csv"), report_of("bt"), rows_of("market.csv")

    def quantile(values, level):
        ordered = sorted(values)
        place = level * (len(ordered) - 1)
        low = math.floor(place)
        value = ordered[low] + (place - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])
        return value, mean(v for v in ordered if v <= value)

    checked = 0
    for asset in ("s0", "s1", "s2"):
        mine = [row for row in rows if row["asset"] == asset]
        returns = {int(row["row"]): float(table[int(row["row"])]["r"]) for row in mine}
        days = [number for number, row in enumerate(table) if row["asset"] == asset]
        residuals = [returns[int(row["row"])] / math.sqrt(float(row["gjr.variance"])) for row in mine]
        for place, row in enumerate(mine):
            at = days.index(int(row["row"]))
            earlier = [float(table[number]["r"]) for number in days[max(0, at - 250):at]]
            for level in ("0.05", "0.1"):
                if len(earlier) == 250:
                    assert abs(float(row[f"hs.var_{level}"]) - quantile(earlier, float(level))[0]) < 1e-9
                else:
                    assert row[f"hs.var_{level}"] == ""
                assert (row[f"var_{level}"] == "") == (row[f"gjr.es_{level}"] == "")
            # 188 rows before 2004 have forecasts of the first fold; then only those of the folds count.
            if place >= 300:
                root = math.sqrt(float(row["gjr.variance"]))
                for level in ("0.05", "0.1"):
                    var, es = quantile(residuals[place - 300:place], float(level))
                    assert abs(float(row[f"gjr.var_{level}"]) - var * root) < 1e-9 and abs(float(row[f"gjr.es_{level}"]) - es * root) < 1e-9
                checked += 1
            first = len(days) - len(mine) - 20  # rows with a forecast before the first fold
            assert (row["var_0.05"] == "") == (place + first < 250)
    assert "hs.es_0.05" not in rows[0]
    names = ["model", "constant", "offset", "linear", "gjr", "model+linear", "hs"]
    assert [(line["model"], line["level"]) for line in report["risk"]] == [(name, level) for level in (0.05, 0.1) for name in names]
    for line in report["risk"]:
        prefix = "" if line["model"] == "model" else line["model"] + "."
        known = [row for row in rows if row[f"var_{line['level']}"] and row[f"hs.var_{line['level']}"]]
        exceeded = sum(float(table[int(row["row"])]["r"]) < float(row[f"{prefix}var_{line['level']}"]) for row in known)
        assert line["rows"] == len(known) and line["exceedances"] == exceeded and len(line["keys"]) == 3


def all_bytes(out):
    files = [pathlib.Path(out, "predictions.csv"), pathlib.Path(out, "backtest.json"), *sorted(pathlib.Path(out).rglob("model.safetensors"))]
    return [(str(file.relative_to(out)), file.read_bytes()) for file in files]


def test_threads_kills_and_resumes_change_no_byte():
    market()
    backtest("bt", *BASELINES, "--threads", "1")
    straight = all_bytes("bt")
    backtest("two", *BASELINES, "--threads", "2")
    assert all_bytes("two") == straight and len(straight) == 2 + 8
    # Killed in the second fold: its first seed is trained to a checkpoint, nothing else is there.
    shutil.copytree("bt", "killed")
    for name in ("predictions.csv", "backtest.json", "folds/2005-01-01/seed-7/model.safetensors"):
        pathlib.Path("killed", name).unlink()
    half = pathlib.Path("killed/folds/2005-01-01/seed-7")
    newest = max((half / "checkpoints").iterdir(), key=lambda file: int(file.stem.split("-")[1]))
    newest.unlink()
    for name in ("2005-01-01/seed-8", "2006-01-01", "2007-01-01"):
        shutil.rmtree(pathlib.Path("killed/folds", name))
    refused(2, "already holds a backtest", "backtest", "--config", "m.toml", "--out", "killed", *BASELINES)
    backtest("killed", *BASELINES, "--resume")
    assert all_bytes("killed") == straight
    backtest("killed", *BASELINES, "--resume", "--threads", "2")
    assert all_bytes("killed") == straight
    backtest("fresh", *BASELINES, "--resume")
    assert all_bytes("fresh") == straight
    refused(4, "belongs to another backtest", "backtest", "--config", "m.toml", "--out", "killed", "--resume", "--set", "train.lr=0.5")
    write_market(noise_from="2007-06-01")
    refused(4, "its inputs are not the same", "backtest", "--config", "m.toml", "--out", "killed", "--resume")


def test_a_window_of_years_and_a_label_horizon():
    market(MARKET.replace("query = 5 }", "query = 5, purge = 3 }").replace("validation_years", "window = 3\nvalidation_years"))
    backtest("bt", "--set", "backtest.seeds=[7]", "--baselines", "linear", "--set", "backtest.refit_baselines=never")
    for fold in report_of("bt")["folds"]:
        year = int(fold["name"][:4])
        assert fold["train_from"] == f"{year - 3}-01-01"
        model = f"bt/folds/{fold['name']}/seed-7"
        run("evaluate", model, "--phase", "train", "--predictions", "t.csv", "--quiet")
        run("evaluate", model, "--phase", "validation", "--predictions", "v.csv", "--quiet")
        assert min(row["time"] for row in rows_of("t.csv")) > f"{year - 3}-05"  # 23 rows of support and gap come before
        last = max(row["time"] for row in rows_of("v.csv"))
        table = [row["date"] for row in rows_of("market.csv") if row["asset"] == "s0" and row["date"] < fold["name"]]
        assert table[-10] < last <= table[-4], (last, table[-10:])
    rows = rows_of("bt/predictions.csv")
    assert len(rows) == len({row["row"] for row in rows})
    # The baseline is fitted once, the model every year.
    never = MARKET.replace('from = "2004-01-01"', 'from = "2004-01-01"\nrefit = "never"').replace("query = 5 }", "query = 5, purge = 3 }")
    market(never.replace("validation_years", "window = 3\nvalidation_years"))
    backtest("once", "--set", "backtest.seeds=[7]", "--baselines", "linear")
    assert [row["linear.variance"] for row in rows_of("once/predictions.csv")] == [row["linear.variance"] for row in rows]
    assert report_of("once")["folds"][0]["to"] is None


def test_folds_of_keys_forecast_every_key_once():
    write_table("table.csv", tasks=12, rows=14)
    text = table_config("table.csv", 'split = { by = "task", train = 0.6, validation = 0.2, test = 0.2 }', support=5, query=3,
                        sections="[train]\niterations = 6\n[model]\nhidden = [4]\n[evaluate]\nmax_failed_share = 1\n[backtest]\nfolds = 5\n")
    write_config("k.toml", text)
    backtest("bt", "--baselines", "linear,linear-bias", "--set", "backtest.seeds=[1, 2]", config="k.toml")
    rows, report = rows_of("bt/predictions.csv"), report_of("bt")
    assert len(rows) == 12 * 9 == len({row["row"] for row in rows})  # all rows that no task adapts on
    assert {row["phase"] for row in rows} == {"held-out"}
    keys = [key for fold in report["folds"] for key in fold["keys"]]
    assert sorted(keys) == sorted(f"c{k}" for k in range(12)) and len(report["folds"]) == 5
    for fold in report["folds"]:
        assert {row["client"] for row in rows if row["fold"] == fold["name"]} == set(fold["keys"])
        assert fold["tasks"]["train"] + fold["tasks"]["validation"] + len(fold["keys"]) == 12
    line = next(line for line in report["models"] if line["name"] == "linear")
    rmse = math.sqrt(mean((float(row["target"]) - float(row["linear.prediction"])) ** 2 for row in rows))
    assert abs(line["metrics"]["rmse"] / rmse - 1) < 1e-9
    backtest("each", "--set", "backtest.folds=-1", "--set", "train.iterations=2", config="k.toml")
    assert [fold["keys"] for fold in report_of("each")["folds"]] != [] and len(report_of("each")["folds"]) == 12


def test_forecasts_of_others_are_compared():
    market()
    backtest("bt", "--baselines", "gjr", "--set", "backtest.seeds=[7]")
    report = json.loads(run("backtest", "--config", "m.toml", "--out", "again", "--quiet", "--json", "--baselines", "gjr", "--set",
                            "backtest.seeds=[7]", "--compare", "mine=bt/predictions.csv:gjr.variance", "--set",
                            'backtest.combine=["mine", "gjr"]').stdout)
    assert report == report_of("again")
    lines = {line["name"]: line for line in report["models"] if line["steps"] != 0}
    assert abs(lines["mine"]["metrics"]["qlike"] - lines["gjr"]["metrics"]["qlike"]) < 1e-9
    assert abs(lines["mine+gjr"]["metrics"]["qlike"] - lines["gjr"]["metrics"]["qlike"]) < 1e-9
    assert set(report["inputs"]) == {"market.csv", "predictions.csv"}
    # Their file has fewer than 250 rows of a key, so it has no value at risk; the others keep theirs.
    assert {line["model"] for line in report["risk"]} == {"model", "gjr", "hs"}, report["risk_left_out"]
    assert {(line["model"], line["level"]) for line in report["risk_left_out"]} == {(name, level) for name in ("mine", "mine+gjr") for level in (0.05, 0.1)}
    assert all("250 earlier" in line["reason"] for line in report["risk_left_out"])
    text = run("backtest", "--config", "m.toml", "--out", "again", "--quiet", "--resume", "--set", "backtest.seeds=[7]").stdout
    assert "model" in text and "2007" in text and "VaR" in text


def test_what_cannot_be_is_refused():
    market()

    def no(code, named, *arguments):
        refused(code, named, "backtest", "--config", "m.toml", "--out", "bt", *arguments)

    def no_set(code, named, *settings):
        no(code, named, *(part for setting in settings for part in ("--set", setting)))

    refused(2, "--out BT", "backtest", "--config", "m.toml")
    refused(6, "market.csv: is no folder", "backtest", "--config", "m.toml", "--out", "market.csv")
    no_set(2, "tasks.time", "tasks.time=")
    no_set(2, "needs a table", "tasks.source=sinusoid")
    no_set(2, "no row lies from there on", "backtest.from=2010-01-01")
    no_set(2, "no row lies before it", "backtest.from=1999-01-01")
    no_set(2, "to backtest.to", "backtest.to=2003-01-01")
    no_set(2, "needs a date", "backtest.from=soon")
    no_set(2, "expected different seeds", "backtest.seeds=[7, 8, 7]")
    no_set(2, "unknown refit", "backtest.refit=weekly")
    no_set(2, "a number of years", "backtest.window=long")
    no_set(2, "window must be longer", "backtest.window=1")
    no_set(2, "different numbers between 0 and 0.5", "risk.levels=[0.5]")
    no_set(2, "at least two different names", 'backtest.combine=["model+model"]')
    no_set(2, 'there is no line "linear"', 'backtest.combine=["model", "linear"]')
    no_set(2, "folds deals keys", "backtest.folds=3")
    no_set(2, "warm_start", "train.warm_start=other")
    no_set(3, "no tasks in phase train", "backtest.validation_years=5")
    no_set(2, "patience", "backtest.validation_years=0", "train.patience=3", "train.validate_every=0")
    no(2, "there is no baseline", "--baselines", "linaer")
    no(2, "is named twice", "--baselines", "linear,linear")
    no(2, "risk.return", "--baselines", "gjr", "--set", "risk.return=")
    no(3, "x.csv", "--compare", "mine=x.csv:v")
    no(2, "expected NAME=FILE:COLUMN", "--compare", "mine")
    by_key = ["tasks.split.train=0.8", "tasks.split.test=0.05", "backtest.from="]
    no_set(2, "3 keys with rows to forecast", *by_key, "backtest.folds=4")
    no_set(2, "leaves nothing to train on", *by_key, "backtest.folds=1")
    no(2, "hold out whole keys", "--baselines", "gjr", *(part for setting in by_key for part in ("--set", setting)), "--set",
       "backtest.folds=3")
    run("train", "--config", "m.toml", "--out", "run", "--quiet", "--set", "tasks.split.train=0.85", "--set", "tasks.split.validation=0",
        "--set", "train.validate_every=0")
    refused(2, "already holds a run", "backtest", "--config", "m.toml", "--out", "run")
    text = run("backtest", "--config", "m.toml", "--print-config", "--set", "backtest.folds=3", "--set", "backtest.refit=month").stderr
    assert "backtest.refit: has no effect" in text, text


run_tests(globals())
