#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which rows become samples: caps, splits, classes, ties, keys. Every row that does not is reported, by every command, as text and as
JSON.

usage: samples_test.py SHOAL
"""
import csv
import json
import math
import pathlib

from program import ALL_TRAIN, refused, run, run_tests, table_config, tensors, write_config, write_rows


def configure(tasks="", loss="mse", query=0):
    write_config("c.toml", table_config("t.csv", tasks, features=["x"], support=10, query=query, sections=f"""
[model]
hidden = []
[loss]
name = "{loss}"
[algorithm]
inner_steps = 1
inner_lr = 0.05
[train]
iterations = 3
tasks_per_batch = 4
[evaluate]
steps = [0, 1]
max_failed_share = 1.0
"""))


def report(*arguments, code=0):
    return json.loads(run(*arguments, "--json", code=code).stdout)


def phases(*more):
    told = report("inspect", "tasks", "--config", "c.toml", *more)
    return [line["tasks"] for line in told["phases"]], told


def sorted_by_label():
    """20 clients of 30 rows; good ones come first, the last 3 + client % 5 are bad."""
    bad = lambda client: 3 + client % 5
    write_rows("t.csv", "client,x,y", [(f"C{c:02}", round(math.sin(37 * c + 11 * r), 3), int(r >= 30 - bad(c))) for c in range(20) for r in range(30)])
    return sum(bad(client) for client in range(20)) / (20 * 30)


def test_a_capped_query_is_a_random_sample():
    share = sorted_by_label()
    configure(ALL_TRAIN, "bce", query=10)
    means = []
    for seed in range(30):
        told = run("data", "export", "--config", "c.toml", "--phase", "train", "--out", "T.safetensors", "--seed", seed)
        assert "t.csv: left out: 200 rows beyond the query rows that a task may have (tasks.query)" in told.stderr
        labels = tensors("T.safetensors")["query_y"][2]
        assert len(labels) == 200
        means.append(sum(labels) / len(labels))
    mean = sum(means) / len(means)
    error = math.sqrt(sum((m - mean) ** 2 for m in means) / (len(means) - 1) / len(means))
    assert abs(mean - share) < 4 * error, (mean, error, share)


def test_stratify_keeps_each_class_in_the_support():
    sorted_by_label()
    labels_of = lambda: tensors("T.safetensors")["support_y"][2]
    everywhere = ALL_TRAIN + "\n"
    for loss in ("bce", "softmax"):
        configure(everywhere + "stratify = true", loss)
        run("data", "export", "--config", "c.toml", "--phase", "train", "--out", "T.safetensors")
        labels = labels_of()
        assert all(1 <= sum(labels[10 * task : 10 * task + 10]) <= 3 for task in range(20))
    for loss in ("mse", "huber"):
        configure(everywhere + "stratify = true", loss)
        refused(2, f"tasks.stratify: loss {loss} has no classes", "train", "--config", "c.toml", "--out", "RUN")
    configure(everywhere + "stratify = true", "bce")
    refused(3, "has 2 classes, but tasks.support = 1 cannot hold a row of each", "train", "--config", "c.toml", "--out", "RUN", "--set", "tasks.support=1")
    refused(2, "the support is the first rows in time", "train", "--config", "c.toml", "--out", "RUN", "--set", "tasks.time=x")
    # A model stores how its rows were chosen.
    run("train", "--config", "c.toml", "--out", "RUN", "--quiet")
    assert "stratify = true" in run("evaluate", "RUN", "--print-config").stdout
    run("predict", "RUN", "--data", "t.csv", "--out", "P.csv", "--quiet")
    assert len(list(csv.DictReader(open("P.csv", encoding="utf-8")))) == 400


def test_shares_are_met_and_empty_phases_are_told():
    for clients, expected in ((20, [14, 3, 3]), (40, [28, 6, 6]), (5, [3, 1, 1])):
        write_rows("t.csv", "client,x,y", [(f"c{c}", r, r) for c in range(clients) for r in range(20)])
        configure()
        for seed in range(5):
            counts, told = phases("--seed", seed)
            assert counts == expected and "warnings" not in told
    write_rows("t.csv", "client,x,y", [(f"c{c}", r, r) for c in range(2) for r in range(20)])
    sentence = "t.csv: tasks.split.validation = 0.15 gets no task (tasks by phase: train 1, validation 0, test 1)"
    counts, told = phases()
    assert counts == [1, 0, 1] and told["warnings"] == [sentence]
    assert sentence in run("inspect", "tasks", "--config", "c.toml").stdout
    trained = run("train", "--config", "c.toml", "--out", "RUN")
    assert "shoal: warning: " in trained.stderr and sentence[7:] in trained.stderr
    assert sentence[7:] in pathlib.Path("RUN/train.log").read_text(encoding="utf-8")
    assert report("train", "--config", "c.toml", "--out", "RUN2")["warnings"][0].endswith(sentence[7:])
    assert report("data", "export", "--config", "c.toml", "--phase", "train", "--out", "T.st")["warnings"] == [sentence]
    refused(3, "no tasks in phase validation (tasks by phase: train 1, validation 0, test 1", "evaluate", "RUN", "--phase", "validation")
    configure("time = \"x\"\nsplit = { by = \"time\", test_from = \"100\" }")
    assert phases()[1]["warnings"] == ['t.csv: tasks.split.test_from = "100" gets no task (tasks by phase: train 2, validation 0, test 0)']


def test_rows_without_targets_are_predicted_whatever_their_time():
    write_rows("t.csv", "client,month,x,y", [(f"S{s}", f"2020-0{1 + r // 10}", r, r % 3) for s in range(12) for r in range(30)])
    configure('time = "month"')
    trained = report("train", "--config", "c.toml", "--out", "RUN")
    assert trained["left_out"] is None
    # 12 known and 18 unknown rows of one month, in any order, and 5 unknown ones of the next.
    rows = [("N1", "2020-01", r, "" if r % 5 < 3 else 1) for r in range(30)] + [("N1", "2020-02", r, "") for r in range(5)]
    write_rows("new.csv", "client,month,x,y", rows)
    told = report("predict", "RUN", "--data", "new.csv", "--out", "P.csv")
    asked = sorted(int(row["row"]) for row in csv.DictReader(open("P.csv", encoding="utf-8")))
    assert asked == [i for i, row in enumerate(rows) if row[3] == ""] and told["rows"] == 23
    assert told["left_out"] == {"rows": 2, "rows_by_rule": {"tie": 2}}
    # The same table with targets, for evaluation: rows of that month are on neither side.
    write_rows("known.csv", "client,month,x,y", [(*row[:3], 1) for row in rows])
    told = run("evaluate", "RUN", "--data", "known.csv", "--json")
    assert json.loads(told.stdout)["left_out"]["rows_by_rule"] == {"tie": 20}
    assert "known.csv: left out: 20 rows at the time of the last support row, on neither side" in told.stderr


def test_keys_are_the_text_of_their_cell():
    write_rows("t.csv", "client,x,y,desk", [(key, r, r, "a/b") for key in ("EUR/USD", "GBP/USD", "BRK\\B", "plain") for r in range(12)])
    configure(ALL_TRAIN)
    run("train", "--config", "c.toml", "--out", "RUN", "--quiet")
    run("predict", "RUN", "--data", "t.csv", "--out", "P.csv", "--quiet")
    ids = {row["task"]: int(row["task_id"]) for row in csv.DictReader(open("P.csv", encoding="utf-8"))}
    assert set(ids) == {"EUR/USD", "GBP/USD", "BRK\\B", "plain"} and ids["EUR/USD"] == 5224989367316185190
    run("train", "--config", "c.toml", "--out", "RUN2", "--quiet", "--set", 'tasks.key=["client","desk"]')
    run("predict", "RUN2", "--data", "t.csv", "--out", "P.csv", "--quiet")
    assert {row["task"] for row in csv.DictReader(open("P.csv", encoding="utf-8"))} == {"EUR\\/USD/a\\/b", "GBP\\/USD/a\\/b", "BRK\\\\B/a\\/b", "plain/a\\/b"}


def test_what_is_told_of_a_file_is_short_and_harmless():
    write_rows("t.csv", "client,x,y", [(f"c{c}", r, r) for c in range(9) for r in range(20)] + [("\x1b[31m" + 600 * "long", 1, 1)])
    configure()
    told = run("train", "--config", "c.toml", "--out", "RUN").stderr + run("inspect", "tasks", "--config", "c.toml").stdout
    assert "\\x1b[31mlong" in told and "\x1b" not in told
    assert all(len(line) <= 500 for line in run("data", "export", "--config", "c.toml", "--phase", "train", "--out", "T.st").stderr.splitlines())


def everything_left_out(windows):
    """A table and a configuration that leave out rows by every rule that can act together, and leave a phase empty."""
    rows = [(f"k{k}", t, round(math.cos(k + t), 2), "uvw"[(k + t) % 3], t % 2) for k in range(8) for t in range(30)]
    rows = [row if row[1] % 13 else (*row[:2], "", *row[3:]) for row in rows]
    if not windows:
        rows += [("k0", 10, 0.5, "u", 1)] * 3
    rows += [("short", t, 1.0, "u", 1) for t in range(2)]
    write_rows("t.csv", "client,day,x,kind,y", rows)
    cut = 'windows = { support = 4, query = 3, stride = 9, purge = 1 }\nsplit = { by = "time", validation_from = "40", test_from = "50" }\n'
    one = f'purge = 2\n{ALL_TRAIN}\n'
    configure('time = "day"\nmissing = "drop"\n' + (cut if windows else one), query=0 if windows else 5)
    write_config("c.toml", pathlib.Path("c.toml").read_text(encoding="utf-8").replace('["x"]', '["x", "kind"]'))
    return len(rows)


def test_every_report_in_both_forms():
    for windows in (False, True):
        total = everything_left_out(windows)
        expected = {"missing", "too_few"} | ({"purge_gap", "no_window"} if windows else {"query_cap", "purge_gap", "tie"})
        config, out = ["--config", "c.toml"], f"{windows}"
        told = report("inspect", "tasks", *config)
        left = told["left_out"]
        assert set(left["rows_by_rule"]) == expected and left["rows"] == sum(left["rows_by_rule"].values())
        assert (left["keys"], left["example"]) == (1, "short")
        in_tasks = sum(line.get("support_rows", 0) + line.get("query_rows", 0) for line in told["phases"])
        assert in_tasks + left["rows"] == total
        lines = run("inspect", "tasks", *config).stdout.splitlines()
        for rule, count in left["rows_by_rule"].items():
            assert any(line.split() == [f"left_out.rows_by_rule.{rule}", str(count)] for line in lines), (rule, lines)
        # Every command reports the same, as text and as JSON.
        train = ["train", *config, "--out"]
        export = ["data", "export", *config, "--phase", "train", "--out"]
        for command in (train, export):
            words, form = run(*command, out + command[0] + "1"), run(*command, out + command[0] + "2", "--json")
            assert json.loads(form.stdout)["left_out"] == left, command
            sentences = [line for line in words.stderr.splitlines() if "left out: " in line]
            assert len(sentences) == len(expected), sentences
            for rule, count in left["rows_by_rule"].items():
                assert sum(f"left out: {count} rows" in line for line in sentences) >= 1, (rule, sentences)
            assert "left out" not in run(*command, out + command[0] + "3", "--quiet").stderr
        if windows:
            assert report("inspect", "tasks", *config)["warnings"] and "gets no task" in words.stderr
        model = out + "train1"
        # Another file, which also has an unknown category.
        pathlib.Path("other.csv").write_text(pathlib.Path("t.csv").read_text(encoding="utf-8").replace(",u,", ",new,"), encoding="utf-8")
        for command in (["evaluate", model], ["adapt", model, "--out", "A"], ["predict", model, "--out", "P"], ["predict", "A", "--out", "P"]):
            words, form = run(*command, "--data", "other.csv"), report(*command, "--data", "other.csv")
            for rule, count in form["left_out"]["rows_by_rule"].items():
                assert f"other.csv: left out: {count} rows" in words.stderr, (command, rule, words.stderr)
            assert form["left_out"]["unknown_categories"] == ["kind=new"]
            assert "other.csv: 1 category that no meta-train row had" in words.stderr
        for what in (["plan", *config], ["model", model], ["model", "A"]):
            words, form = run("inspect", *what).stdout, report("inspect", *what)
            assert all(key in words for key in form), what
    # Tasks that cross a boundary; no other rule leaves rows out here.
    configure('time = "day"\nmissing = "drop"\nwindows = { support = 4, query = 3 }\nsplit = { by = "time", test_from = "16" }')
    told = report("inspect", "tasks", *config)
    assert told["left_out"]["straddling_tasks"] > 0
    assert f"{told['left_out']['straddling_tasks']} tasks that straddle a boundary in time" in run(*train, "straddling").stderr


run_tests(globals())
