#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From prices to tomorrow's variance, keys that are held out, meta-batches by rows, and the financial generators, as commands.

usage: finance_test.py SHOAL
"""
import csv
import datetime
import json
import math
import pathlib
import random

from program import FAST, TABLE, refused, run, run_tests, tensors, write_config, write_rows, write_table

HAR = ["ln_ewma_variance", "ln_ewma_variance_fast", "ln_ewma_variance_slow", "ln_mean_square_5", "ln_mean_square_22", "ln_mean_square_66",
       "last_return", "last_abs_return", "ln_market_variance"]
MARKET = f"""
[tasks]
source = "table"
path = "har.csv"
key = ["asset"]
features = {json.dumps(HAR)}
targets = ["squared_return"]
offset = "ln_ewma_variance"
time = "date"
windows = {{ support = 20, query = 5 }}
split = {{ by = "time", test_from = "2020-07-01" }}
[model]
hidden = []
[loss]
name = "qlike"
floor = 0.01
[algorithm]
inner_lr = 0.01
[train]
iterations = 5
tasks_per_batch = 4
"""


def rows_of(file):
    with open(file, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def report(*arguments):
    return json.loads(run(*arguments, "--json").stdout)


def write_prices(assets=("AA", "BB", "CC"), days=180):
    """Weekdays from 2020-01-01 on, one line a price, in disorder."""
    numbers, day, lines = random.Random(4), datetime.date(2020, 1, 1), []
    price = {asset: 100.0 for asset in assets}
    while days:
        if day.weekday() < 5:
            for asset in assets:
                price[asset] *= math.exp(numbers.gauss(0, 0.02))
                lines.append([day.isoformat(), asset, f"{price[asset]:.6f}"])
            days -= 1
        day += datetime.timedelta(days=1)
    numbers.shuffle(lines)
    write_rows("prices.csv", "date,asset,close", lines)
    return max(line[0] for line in lines)


def test_features_of_prices():
    last = write_prices()
    told = report("data", "features", "prices.csv", "--features", "har", "--next", "--out", "har.csv")
    har = rows_of("har.csv")
    assert list(har[0]) == ["date", "asset", "squared_return", *HAR, "log_return"]
    assert told["rows"] == len(har) == 3 * (180 - 67 + 1) and told["next"] == told["assets"] == 3 and told["too_short"] == []
    tomorrow = [row for row in har if row["date"] > last]
    assert len(tomorrow) == 3 and {row["asset"] for row in tomorrow} == {"AA", "BB", "CC"}
    assert all(row["squared_return"] == row["log_return"] == "" and row["ln_ewma_variance"] for row in tomorrow)
    assert all(abs(float(row["log_return"]) ** 2 - float(row["squared_return"])) < 1e-6 for row in har if row["date"] <= last)
    # The order of the lines says nothing.
    run("data", "features", "prices.csv", "--features", "har", "--out", "today.csv", "--quiet")
    with open("prices.csv", encoding="utf-8") as stream:
        header, *lines = stream.read().splitlines()
    wide = {}
    for line in lines:
        date, asset, close = line.split(",")
        wide.setdefault(date, {})[asset] = close
    assets = list(dict.fromkeys(line.split(",")[1] for line in lines))
    write_rows("wide.csv", ",".join(["Date", *assets]), [[date, *(wide[date][asset] for asset in assets)] for date in sorted(wide)])
    run("data", "features", "wide.csv", "--features", "har", "--out", "wide-har.csv")
    assert pathlib.Path("wide-har.csv").read_bytes() == pathlib.Path("today.csv").read_bytes()
    assert [row for row in har if row["date"] <= last] == rows_of("today.csv")


def test_mistakes_in_prices_are_refused_by_place():
    command = ["data", "features", "p.csv", "--out", "har.csv", "--features"]
    for text, place in [("date,A\n2020-01-01,1\n2020-01-01,2\n", "p.csv:3: column \"A\""), ("date,A\n2020-01-01,-1\n", "p.csv:2: column \"A\""),
                        ("date,A\n2020-13-01,1\n", "p.csv:2: column \"date\""), ("date,A\n2020-01-01,1\n", "66 returns")]:
        pathlib.Path("p.csv").write_text(text, encoding="utf-8")
        refused(3, place, *command, "har")
    refused(2, "garch", *command, "garch")
    refused(3, "no.csv", "data", "features", "no.csv", "--features", "har", "--out", "har.csv")
    refused(2, "reads this file", "data", "features", "p.csv", "--features", "har", "--out", "p.csv")


def test_tomorrow_is_predicted_from_the_newest_rows():
    last = write_prices()
    run("data", "features", "prices.csv", "--features", "har", "--out", "har.csv")
    run("train", *write_config("c.toml", MARKET), "--out", "r")
    run("data", "features", "prices.csv", "--features", "har", "--next", "--out", "next.csv")
    told = report("predict", "r", "--data", "next.csv", "--latest", "--out", "P.csv")
    predictions = rows_of("P.csv")
    assert [row["asset"] for row in predictions] == ["AA", "BB", "CC"] and all(row["time"] > last for row in predictions)
    assert all(float(row["variance"]) > 0 and row["target"] == "" and row["steps"] == "1" for row in predictions)
    assert told["rows"] == told["tasks"] == told["good"] == 3
    # What is adapted on: the 20 newest days. Other prices before them, of one asset, change nothing but its own features.
    rows = rows_of("next.csv")
    write_rows("short.csv", ",".join(rows[0]), [list(row.values()) for row in rows if row["date"] in sorted({r["date"] for r in rows})[-21:]])
    run("predict", "r", "--data", "short.csv", "--latest", "--out", "S.csv")
    keep = lambda table: [{k: v for k, v in row.items() if k != "row"} for row in table]
    assert keep(rows_of("S.csv")) == keep(predictions)
    # An asset that is new has nothing to adapt on: the text says so, too.
    write_rows("new.csv", ",".join(rows[0]), [list(row.values()) for row in rows if row["asset"] != "CC" or row["squared_return"] == ""])
    text = run("predict", "r", "--data", "new.csv", "--latest", "--out", "N.csv").stderr
    assert "3 rows of 3 tasks, 3 of them good\n1 task has no support row and keeps the trained model" in text, text
    pathlib.Path("N.csv").unlink()
    refused(3, "no row is asked about", "predict", "r", "--data", "har.csv", "--latest", "--out", "N.csv")
    run("adapt", "r", "--data", "har.csv", "--out", "A.safetensors")
    refused(2, "adapted already", "predict", "A.safetensors", "--data", "next.csv", "--latest", "--out", "N.csv")
    refused(2, "time column", "predict", "r", "--data", "next.csv", "--latest", "--set", 'tasks.time=""', "--set", "tasks.windows.query=0",
            "--set", "tasks.windows.support=0", "--out", "N.csv")


def test_garch_leaves_keys_empty_that_it_cannot_fit():
    """A listing without a past before the boundary, a price that does not move, and the row of the day that has not ended."""
    write_prices()
    run("data", "features", "prices.csv", "--features", "har", "--next", "--out", "har.csv")
    rows = rows_of("har.csv")
    listed = sorted({row["date"] for row in rows if row["date"] < "2020-07-01"})[-8]
    more = [{**row, "asset": "NEW"} for row in rows if row["asset"] == "AA" and row["date"] >= listed]
    more += [{**row, "asset": "FLAT", "log_return": row["log_return"] and "0"} for row in rows if row["asset"] == "AA"]
    ended = [{**row, "asset": "OLD"} for row in rows if row["asset"] == "AA" and row["date"] < listed]
    ended[-1]["log_return"] = ended[-1]["squared_return"] = ""  # its last day has not ended either, and lies in the past
    write_rows("har.csv", ",".join(rows[0]), [list(row.values()) for row in rows + more + ended])
    config = write_config("c.toml", MARKET.replace('time = ', 'missing = "drop"\ntime = ') + '[risk]\nreturn = "log_return"\n')

    told = run("baseline", "gjr", *config, "--out", "gjr.csv", "--json")
    fitted = json.loads(told.stdout)
    assert [(key["key"], key["rows"]) for key in fitted["parameters"]][3:] == [("OLD", len(ended) - 1)] and len(fitted["parameters"]) == 4
    reasons = {key["key"]: key["reason"] for key in fitted["unfitted"]}
    assert set(reasons) == {"FLAT", "NEW"} and "8 returns are too few" in reasons["NEW"] and "all returns are 0" in reasons["FLAT"]
    assert '2 of 6 keys: "FLAT"' in told.stderr, told.stderr
    forecasts = rows_of("gjr.csv")
    for row in forecasts:
        assert (row["variance"] == "") == (row["asset"] in ("NEW", "FLAT")), row
    tomorrow = max(row["date"] for row in rows)
    assert sum(row["time"] == tomorrow and row["variance"] != "" for row in forecasts) == 3

    run("train", *config, "--out", "r", "--quiet")
    looked = run("evaluate", "r", "--baselines", "auto", "--compare", "mine=gjr.csv:variance", "--json")
    assert '"NEW": gjr: 8 returns are too few' in looked.stderr, looked.stderr
    table = {line["name"]: line for line in json.loads(looked.stdout)["models"]}
    assert table["gjr"]["metrics"] == table["mine"]["metrics"] and table["gjr"]["metrics"]["rows"] == table["model"]["metrics"]["rows"] > 0
    page = run("report", "r", "--out", "r.html")
    assert '"NEW"' in page.stderr and '"gjr"' in pathlib.Path("r.json").read_text(encoding="utf-8")

    # A missing return in the past is refused with its line, and so is a table whose keys cannot be fitted at all.
    gap = rows_of("har.csv")
    gap[5]["log_return"] = ""
    write_rows("gap.csv", ",".join(gap[0]), [list(row.values()) for row in gap])
    refused(3, "gap.csv:7: column \"log_return\"", "baseline", "gjr", *config, "--set", "tasks.path=gap.csv", "--out", "x.csv")
    write_rows("new.csv", ",".join(gap[0]), [list(row.values()) for row in gap if row["asset"] in ("NEW", "FLAT")])
    refused(3, "no key can be fitted", "baseline", "gjr", *config, "--set", "tasks.path=new.csv", "--out", "x.csv")


def test_held_out_keys_are_looked_at_when_asked_for():
    write_table("table.csv")
    config = write_config("c.toml", TABLE.replace("split =", 'hold_out = ["c3", "c5"]\nsplit ='))
    told = report("inspect", "tasks", *config)
    assert {line["phase"]: line["tasks"] for line in told["phases"]} == {"train": 6, "validation": 1, "test": 3, "held-out": 2}
    run("train", *config, "--out", "r")
    evaluated = report("evaluate", "r", "--phase", "held-out", "--predictions", "P.csv")
    assert sorted(task["key"] for task in evaluated["tasks"]) == ["c3", "c5"] and evaluated["trained_on"] is False
    assert {row["phase"] for row in rows_of("P.csv")} == {"held-out"}
    assert not {"c3", "c5"} & {task["key"] for task in report("evaluate", "r")["tasks"]}
    everything = report("evaluate", "r", "--phase", "all")["tasks"]
    assert {task["phase"] for task in everything if task["key"] in ("c3", "c5")} == {"held-out"} and len(everything) == 12
    # Their rows do not reach the model: other numbers there give the same weights.
    weights = tensors("r/model.safetensors")
    rows = rows_of("table.csv")
    write_rows("table.csv", ",".join(rows[0]), [[row["client"], row["day"], *(["9", "9", "9"] if row["client"] in ("c3", "c5") else [row["a"], row["b"], row["y"]])] for row in rows])
    run("train", *config, "--out", "other")
    assert tensors("other/model.safetensors") == weights
    refused(2, "did you mean", "train", *write_config("bad.toml", TABLE.replace("split =", 'hold_out = ["c33"]\nsplit =')), "--out", "bad")
    refused(2, "held-out", "evaluate", "r", "--phase", "heldout")
    run("train", *FAST, "--out", "sinus")
    refused(2, "held-out", "evaluate", "sinus", "--phase", "held-out")


def test_meta_batches_by_rows():
    lines = [[f"c{task}", day, random.Random(99 * task + day).gauss(0, 1), 1, task] for task in range(8) for day in range(40 if task == 0 else 4)]
    write_rows("table.csv", "client,day,a,b,y", lines)
    text = TABLE.replace("support = 6", "support = 2").replace("query = 4", "query = 0").replace("train = 0.6, validation = 0.1, test = 0.3", "train = 1.0, validation = 0.0, test = 0.0")
    config = write_config("c.toml", text)
    by_rows = ["--set", 'train.sampling="rows"']
    run("train", *config, "--out", "tasks")
    run("train", *config, *by_rows, "--out", "rows", "--threads", 1)
    run("train", *config, *by_rows, "--out", "again", "--threads", 2)
    assert pathlib.Path("rows/model.safetensors").read_bytes() == pathlib.Path("again/model.safetensors").read_bytes()
    assert tensors("rows/model.safetensors") != tensors("tasks/model.safetensors")
    assert "sampling" in pathlib.Path("rows/run.json").read_text()
    assert "sampling" not in pathlib.Path("tasks/run.json").read_text()
    # Sampling decides bits: a run is not resumed with another one.
    assert "sampling" in run("train", *config, "--out", "rows", "--resume", code=4).stderr
    refused(2, "known: tasks, rows", "train", *config, "--set", 'train.sampling="row"', "--out", "bad")


def test_simulated_tables_and_generated_tasks():
    for name, columns in [("market-regimes", ["date", "asset", "squared_return", *HAR, "log_return", "true_variance"]), ("credit-segments", None)]:
        command = ["data", "simulate", name, "--keys", 4, "--rows", 30, "--out"]
        told = report(*command, "a.csv", "--threads", 1)
        run(*command, "b.csv", "--threads", 2)
        run(*command, "c.csv", "--seed", 8)
        assert pathlib.Path("a.csv").read_bytes() == pathlib.Path("b.csv").read_bytes() != pathlib.Path("c.csv").read_bytes()
        rows = rows_of("a.csv")
        assert told["rows"] == len(rows) == 120 and (not columns or list(rows[0]) == columns)
        kind = ["--set", f'tasks.source="{name}"', "--set", f"loss.name={'qlike' if columns else 'bce'}"] + (["--set", "loss.floor=0.01"] if columns else [])
        run("train", *FAST, *kind, "--out", f"r-{name}")
        assert report("evaluate", f"r-{name}", "--steps", "0")["summary"][0]["good"] == 20
        run("data", "export", *kind, "--set", "evaluate.tasks=3", "--out", "t.safetensors")
        assert tensors("t.safetensors")["query_x"][1] == [30, 9 if columns else 12]
        refused(2, "tasks.noise", "train", *kind, "--set", "tasks.noise=0.1", "--out", "bad")
    steep = ["data", "simulate", "credit-segments", "--keys", 4, "--rows", 30, "--out"]
    run(*steep, "same.csv", "--set", "tasks.tau=0")
    assert pathlib.Path("same.csv").read_bytes() != pathlib.Path("a.csv").read_bytes()
    pds = [float(row["true_pd"]) for row in rows_of("same.csv")]
    assert all(0 < pd < 1 for pd in pds) and all(row["default"] in "01" for row in rows_of("same.csv"))
    refused(2, "known: market-regimes, credit-segments", "data", "simulate", "market", "--out", "x.csv")
    refused(2, "at least 1", "data", "simulate", "market-regimes", "--keys", 0, "--out", "x.csv")
    refused(2, "tasks.tau", "data", "simulate", "credit-segments", "--set", "tasks.tau=-1", "--out", "x.csv")


run_tests(globals())
