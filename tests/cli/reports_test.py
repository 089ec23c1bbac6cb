#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every report as text and as JSON, with all its optional parts; tasks are named by key, and a message explains exit code 5.
Covers run/failed_tasks, run/task_names, run/task_report.

usage: reports_test.py SHOAL
"""
import json
import pathlib

from program import FAST, TABLE, run, run_tests, write_table

DIVERGES = ["--set", "algorithm.inner_lr=1e9", "--set", "algorithm.inner_steps=5"]


def both(*arguments, code=0):
    """Returns the text form and the JSON of a command; checks that standard output is one JSON document and that the text is well-formed."""
    text = run(*arguments, code=code)
    report = run(*arguments, "--json", code=code)
    assert report.stdout.count("\n") == 1, report.stdout
    return text, json.loads(report.stdout)


def last_line(result):
    return result.stderr.splitlines()[-1]


def table_with_everything():
    """A table from which rows, keys and windows are left out, with a category that does not occur in training."""
    write_table("table.csv", tasks=20, rows=12)
    lines = pathlib.Path("table.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in lines[1:]]
    table = ["client,day,a,b,kind,y"] + [",".join([*row[:4], "uv"[i % 2], row[4]]) for i, row in enumerate(rows)]
    table[4] = table[4].replace(",v,", ",,")  # a row with a missing value
    table += ["short,0,1,2,u,3", "sh\u00f6rt,0,1,2,u,3"]
    pathlib.Path("table.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    text = TABLE.replace('["a", "b"]', '["a", "b", "kind"]').replace("[model]", 'missing = "drop"\n[model]')
    pathlib.Path("t.toml").write_text(text, encoding="utf-8")
    pathlib.Path("new.csv").write_text("\n".join(table).replace(",u,", ",w,") + "\nnone,0,1,2,w,\n", encoding="utf-8")
    return ["--config", "t.toml"]


def test_reports_of_commands_on_tables():
    config = table_with_everything()
    text, report = both("inspect", "tasks", *config)
    assert report["left_out"]["rows"] == 42 and report["left_out"]["rows_by_rule"]["missing"] == 1 and report["left_out"]["keys"] == 2
    assert "left_out.rows" in text.stdout and "phase" in text.stdout
    text, report = both("inspect", "plan", *config)
    assert "flops_per_iteration" in text.stdout and report["tensors"]
    text = run("train", *config, "--out", "r")
    assert "query loss on test tasks" in text.stdout and "left out: 1 row with a missing value" in text.stderr
    report = json.loads(run("train", *config, "--out", "j", "--json").stdout)
    assert report["left_out"]["keys"] == 2 and report["evaluation"][0]["failures"] == []
    text, report = both("inspect", "model", "r")
    assert "metadata.train_tasks " in text.stdout and " task ids\n" in text.stdout and len(report["metadata"]["train_tasks"]) % 4 == 0
    text, report = both("evaluate", "r", "--data", "new.csv", "--predictions", "p.csv", "--set", "evaluate.max_failed_share=1")
    assert report["left_out"]["unknown_categories"] == ["kind=w"] and report["trained_on"] is True and report["predictions"] == "p.csv"
    assert "the model was trained on" in text.stderr and "1 category that no meta-train row had" in text.stderr and " steps " in text.stdout
    text, report = both("adapt", "r", "--data", "new.csv", "--out", "a.safetensors")
    assert report["without_support"] == 1 and report["left_out"]["rows"] == 1 and len(report["adapted"]) == report["tasks"] == 23
    assert "1 task has no support row and keeps the trained model" in text.stderr
    text, report = both("predict", "r", "--data", "new.csv", "--out", "p.csv")
    assert report["without_support"] == 1 and report["failures"] == [] and "of them good" in text.stderr
    assert "1 task has no support row and keeps the trained model" in text.stderr
    text, report = both("data", "export", *config, "--out", "t.safetensors")
    assert report["left_out"]["keys"] == 2
    for command in (["data", "list"], ["doctor"]):
        both(*command)


def test_failed_tasks_are_named_by_key():
    """One client of twenty has values beyond the range of a float: it fails, and every report names it."""
    write_table("table.csv", tasks=20, rows=12)
    table = pathlib.Path("table.csv").read_text(encoding="utf-8")
    pathlib.Path("t.toml").write_text(TABLE, encoding="utf-8")
    run("train", "--config", "t.toml", "--out", "r", "--quiet")
    pathlib.Path("new.csv").write_text(table + "".join(f'"odd ""one""",{day},1e30,{day},{day}\n' for day in range(12)), encoding="utf-8")
    name, reason = 'odd "one"', "non-finite"
    control = "\x1b[31mred"  # control characters must be shown as escapes
    data = ["--data", "new.csv", "--set", "evaluate.max_failed_share=1"]
    text, report = both("evaluate", "r", *data, "--steps", "1")
    failure, = report["summary"][0]["failures"]
    assert failure["key"] == name and reason in failure["reason"], failure
    assert f'task "{name}", step' in text.stdout and str(failure["id"]) not in text.stdout + text.stderr
    pathlib.Path("red.csv").write_text(table + "".join(f"{control},{day},1e30,{day},{day}\n" for day in range(12)), encoding="utf-8")
    red = run("evaluate", "r", "--data", "red.csv", "--steps", "1", "--set", "evaluate.max_failed_share=0.01", code=5)
    assert "\x1b" not in red.stdout + red.stderr and 'task "\\x1b[31mred"' in red.stdout and '"\\x1b[31mred"' in last_line(red)
    # If too many tasks fail, the exit code is 5, and the last line says why.
    text, report = both("evaluate", "r", "--data", "new.csv", "--steps", "1", "--set", "evaluate.max_failed_share=0.01", code=5)
    assert last_line(text).startswith('shoal: error: after 1 step 1 of 21 tasks failed: "odd "one"" ('), text.stderr
    assert "evaluate.max_failed_share = 0.01 allows no more" in last_line(text)
    for command, out in (("adapt", "a.safetensors"), ("predict", "p.csv")):
        text, report = both(command, "r", "--data", "new.csv", "--out", out)
        assert [task["key"] for task in report["failures"]] == [name]
        assert '1 of 21 tasks failed: "odd "one"" (' in last_line(text)


def test_exit_5_says_why_in_its_last_line():
    write_table("table.csv", tasks=20, rows=12)
    pathlib.Path("t.toml").write_text(TABLE, encoding="utf-8")
    run("train", "--config", "t.toml", "--out", "r", "--quiet")
    wrong = ["--set", "algorithm.inner_lr=1e30"]
    test = ["evaluate", "r", "--steps", "0,5", *wrong]
    text, report = both(*test, "--set", "evaluate.max_failed_share=0.01", code=5)
    tasks = len(report["tasks"])
    assert "nan" not in text.stdout, text.stdout  # without good tasks there is no mean
    line = last_line(text)
    assert line.startswith(f'shoal: error: after 5 steps {tasks} of {tasks} tasks failed: "c') and f"and {tasks - 3} more" in line, line
    error = json.loads(last_line(run(*test, "--json", "--set", "evaluate.max_failed_share=0.01", code=5)))
    assert error["exit_code"] == 5 and '"c' in error["error"]
    for command, out in (("adapt", "a.safetensors"), ("predict", "p.csv")):
        text, report = both(command, "r", "--data", "table.csv", "--out", out, "--steps", "5", *wrong, code=5)
        assert 'shoal: error: 20 of 20 tasks failed: "c0" (' in last_line(text) or '20 of 20 tasks failed: "c' in last_line(text)
        assert "and 17 more" in last_line(text) and report["good"] == 0 and len(report["failures"]) == 20
    # Training names the tasks that failed, in the log too.
    result = run("train", "--config", "t.toml", "--out", "f", *wrong, "--set", "algorithm.inner_steps=5", "--set", "evaluate.max_failed_share=0.01", code=5)
    line = last_line(result)
    assert 'error: in training 60 of 60 tasks failed: "c' in line and "metrics.jsonl" in line, line
    metrics = [json.loads(line) for line in open("f/metrics.jsonl", encoding="utf-8")]
    assert all(failure["key"].startswith("c") for line in metrics for failure in line["failures"]) and metrics[0]["failures"]
    # Tasks without keys are named by their ids.
    run("data", "export", "--out", "t.safetensors", "--set", "evaluate.tasks=4")
    text, report = both("gradient", "--tasks", "t.safetensors", "--out", "g.safetensors", *DIVERGES, "--set", "algorithm.inner_lr=1e30", code=5)
    assert "4 of 4 tasks failed: 0 (" in last_line(text) and len(report["failures"]) == 4 and "key" not in report["failures"][0]
    text, report = both("gradient", "--tasks", "t.safetensors", "--out", "g.safetensors")
    assert report["good"] == 4 and report["failures"] == []
    result = run("train", "--out", "d", *DIVERGES, *FAST, code=5)
    assert "tasks failed: " in last_line(result)


def test_the_interval_of_few_tasks_is_wide():
    write_table("table.csv", tasks=4, rows=12)
    pathlib.Path("t.toml").write_text(TABLE, encoding="utf-8")
    run("train", "--config", "t.toml", "--out", "r", "--quiet", "--set", "tasks.split.train=1", "--set", "tasks.split.validation=0", "--set", "tasks.split.test=0")
    report = json.loads(run("evaluate", "r", "--phase", "train", "--steps", "0", "--json").stdout)
    losses = [task["loss"][0] for task in report["tasks"]]
    mean = sum(losses) / 4
    error = (sum((loss - mean) ** 2 for loss in losses) / 3 / 4) ** 0.5
    assert abs(report["summary"][0]["half_width"] / error - 3.182446) < 1e-4


run_tests(globals())
