#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What does not fit together in a backtest or a baseline is found before anything is written or takes long, and the message names the key
that decides about it; what the text of a backtest says. Covers backtest/fold_data.

usage: early_refusals_test.py SHOAL
"""
import shutil

from market_backtest import FROM, MARKET, backtest, market, report_of, rows_of
from program import ALL_TRAIN, refused, run, run_tests, table_config, write_config, write_rows, write_table


def told(*arguments):
    """What the backtest of seed 7 says on standard error."""
    return run("backtest", "--config", "m.toml", *arguments, "--set", "backtest.seeds=[7]").stderr


def edited(path, edit):
    """Writes market.csv to `path`, every row changed by `edit`, which gets its number and a dictionary."""
    rows = rows_of("market.csv")
    for number, row in enumerate(rows):
        edit(number, row)
    write_rows(path, ",".join(rows[0]), [list(row.values()) for row in rows])


def test_data_that_do_not_fit_the_configuration_are_refused_before_anything_is_written():
    market()
    edited("text.csv", lambda number, row: row.update(r="none") if number == 1000 else None)
    edited("empty.csv", lambda number, row: row.update(r=""))
    edited("some.csv", lambda number, row: row.update(r="") if number % 50 == 7 else None)
    edited("unknown.csv", lambda number, row: row.update(r2="") if number == 1000 else None)
    base = ["backtest", "--config", "m.toml", "--out", "bt", "--set", "backtest.seeds=[7]"]

    def no(code, named, *settings):
        refused(code, named, *base, *(part for setting in settings for part in ("--set", setting)))

    # The same fault has the same exit code in every command, and the text names the column and who asks for it.
    no(3, 'there is no column "rr" (did you mean "r2"?); risk.return asks for it', "risk.return=rr")
    refused(3, 'no column "rr" (did you mean "r2"?); risk.return asks for it', "baseline", "gjr", "--config", "m.toml", "--until", FROM,
            "--out", "p.csv", "--set", "risk.return=rr")
    for key, value in (("targets", '["nope"]'), ("features", '["nope"]'), ("key", '["nope"]'), ("time", "nope"), ("offset", "nope")):
        no(3, f'there is no column "nope"; tasks.{key} asks for it', f"tasks.{key}={value}")
    no(3, 'text.csv:1002: column "r": "none" is not a number', "tasks.path=text.csv")
    no(3, '(risk.return) has no value in any row', "tasks.path=empty.csv")
    no(3, 'unknown.csv:1002: column "r2": the value is missing; tasks.missing = "drop" leaves such rows out', "tasks.path=unknown.csv")
    # Nothing is left that stands in the way of the backtest that was meant.
    backtest("bt", "--set", "backtest.seeds=[7]", "--resume")
    assert report_of("bt")["risk"][0]["rows"] > 0
    run("evaluate", "bt/folds/2004-01-01/seed-7", "--quiet", "--baselines", "gjr", "--set", "risk.return=rr", code=3)
    # Rows without a return have a forecast, and are not assessed.
    backtest("some", "--set", "backtest.seeds=[7]", "--set", "tasks.path=some.csv")
    assert report_of("some")["rows"] == report_of("bt")["rows"]
    assert 0 < report_of("some")["risk"][0]["rows"] < report_of("bt")["risk"][0]["rows"]
    backtest("drop", "--set", "backtest.seeds=[7]", "--set", "tasks.path=unknown.csv", "--set", "tasks.missing=drop")
    # Files of others are read before anything takes long; the column is named.
    shutil.copy("bt/predictions.csv", "p.csv")
    base = ["backtest", "--config", "m.toml", "--out", "other", "--set", "train.iterations=100000000", "--baselines", "pooled"]  # would not end
    refused(2, '--compare mine: p.csv:1: there is no column "vari"', *base, "--compare", "mine=p.csv:vari")
    refused(2, '--compare mine: market.csv:1: there is no column "row"', *base, "--compare", "mine=market.csv:r2")
    rows = rows_of("p.csv")
    for name, part in (("a.csv", rows[:50]), ("b.csv", rows[50:])):
        write_rows(name, "row,h", [[row["row"], row["variance"]] for row in part])
    base = base[:-2]
    refused(3, "no row that is forecast has its target and a forecast by every line", *base, "--compare", "a=a.csv:h", "--compare", "b=b.csv:h")


def test_folds_without_tasks_name_the_key_of_the_backtest():
    market()

    def no(code, named, *settings):
        arguments = ["backtest", "--config", "m.toml", "--out", "bt", *(part for setting in settings for part in ("--set", setting))]
        refused(code, named, *arguments)
        assert "tasks.split" not in run(*arguments, code=code).stderr

    no(3, "fold 2004-01-01: no tasks in phase train (tasks by phase: train 0", "backtest.validation_years=5")
    no(3, "; see backtest.validation_years)", "backtest.validation_years=5")
    no(2, "fold 2004-01-01: no tasks in phase validation, which train.validate_every needs", "backtest.validation_years=0")
    no(2, "which evaluate.select_steps needs", "backtest.validation_years=0", "train.validate_every=0", "evaluate.select_steps=true")
    refused(2, "which baseline pooled-tuned needs", "backtest", "--config", "m.toml", "--out", "bt", "--baselines", "pooled-tuned", "--set",
            "backtest.validation_years=0", "--set", "train.validate_every=0")
    # A window of years can be empty in a later fold: that is seen before the first one is trained.
    rows = [row for row in rows_of("market.csv") if not "2001-01-01" <= row["date"] < "2004-06-01"]
    write_rows("gap.csv", ",".join(rows[0]), [list(row.values()) for row in rows])
    gap = ["tasks.path=gap.csv", "backtest.from=2004-06-01", "backtest.refit=year", "tasks.windows={support=5, query=5}",
           "train.validate_every=0"]
    no(3, "fold 2004-06-01: no tasks in phase train", *gap, "backtest.window=3")
    no(3, "fold 2005-06-01: no tasks in phase train", *gap, "backtest.window=4", "backtest.validation_years=1")
    text = told("--out", "gap", *(part for setting in gap for part in ("--set", setting)))
    assert "warning" in text and "fold 2004-06-01: no tasks in phase validation" in text and "see backtest.validation_years" in text, text
    assert "tasks.split" not in text, text
    # Weeks: a year before a Monday there is no Monday.
    weeks = [f"{year}-W{week:02}" for year in range(2000, 2008) for week in range(1, 53)]
    write_rows("weeks.csv", "asset,date,ln_h,x,r2,r", [["s", week, 0.1, 0.2, 0.3, 0.1] for week in weeks])
    no(2, 'backtest.from less backtest.validation_years = "2003-01-05": lies inside a week', "tasks.path=weeks.csv",
       "backtest.from=2004-01-05", "backtest.refit=never")


def test_texts_name_a_key_once():
    market()
    text = run("backtest", "--config", "m.toml", "--out", "bt", "--set", 'backtest.combine=["model+model"]', code=2).stderr
    assert text.count("backtest.combine:") == 1, text
    write_table("one.csv", tasks=1)
    write_config("k.toml", table_config("one.csv", ALL_TRAIN, sections="[backtest]\nfolds = 2\n"))
    refused(2, "one.csv has 1 key with rows to forecast", "backtest", "--config", "k.toml", "--out", "bt")


def test_the_text_says_what_the_gate_decided():
    market()
    gate = ["--set", "algorithm.gate=auto", "--set", "backtest.seeds=[7]"]
    text = backtest("bt", *gate).stdout
    decisions = [fold["seeds"][0]["gate"]["decision"] for fold in report_of("bt")["folds"]]
    line = next(line for line in text.splitlines() if line.startswith("gate: "))
    for decision in set(decisions):
        assert f"{decision} in {decisions.count(decision)}" in line, (line, decisions)
    assert " of 4 folds" in line
    assert "gate:" not in backtest("off", "--set", "backtest.seeds=[7]").stdout


def test_times_beyond_the_table_are_refused():
    market(MARKET.replace("[model]", 'split = { by = "time", validation_from = "2003-01-01", test_from = "2004-01-01" }\n[model]'))
    dates = sorted(row["date"] for row in rows_of("market.csv"))
    for name in ("gjr", "linear"):
        command = ["baseline", name, "--config", "m.toml", "--out", "x.csv"]
        refused(2, f'--until = "2030-01-01": no row lies from there on; the last time of the table is "{dates[-1]}"', *command, "--until",
                "2030-01-01")
        refused(2, f'--until = "1990": no row lies before it; the first time of the table is "{dates[0]}"', *command, "--until", "1990")
        refused(2, '--until = "soon": ', *command, "--until", "soon")
    refused(2, 'tasks.split.test_from = "2030-01-01": no row lies from there on', "baseline", "garch", "--config", "m.toml", "--out",
            "x.csv", "--set", "tasks.split.test_from=2030-01-01")
    command = ["baseline", "linear", "--config", "m.toml", "--out", "x.csv", "--until"]
    refused(2, '--until = "2002-06-01": lies before tasks.split.validation_from = "2003-01-01"', *command, "2002-06-01")
    # The last day is there, but no window ends on it or later.
    refused(3, "there are no test tasks to forecast (--until)", *command, dates[-1])
    assert "tasks.split" not in run(*command, dates[-1], code=3).stderr


run_tests(globals())
