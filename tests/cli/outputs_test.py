#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where the output of the shoal program goes: data to standard output, messages to standard error; links and devices are kept.
Covers run/output_file.

usage: outputs_test.py SHOAL
"""
import json
import os
import pathlib
import pty
import subprocess

from program import FAST, TABLE, refused, run, run_tests, shoal, tensors, write_table, write_tensors


def export(name):
    run("data", "export", "--out", name, "--set", "evaluate.tasks=3")
    return name


def test_errors_in_the_data_name_the_file():
    rows = [("support_x", "F32", [2, 1], [1, 2]), ("support_y", "F32", [2, 1], [1, 2]), ("support_offsets", "I64", [3], [0, 1, 2])]
    empty = [("query_x", "F32", [0, 1], []), ("query_y", "F32", [0, 1], []), ("query_offsets", "I64", [3], [0, 0, 0])]
    write_tensors("t.safetensors", rows + empty + [("task_id", "I64", [2], [4, 9])])
    refused(3, "t.safetensors: task batch", "gradient", "--tasks", "t.safetensors", "--out", "g.safetensors")
    report = json.loads(run("train", "--out", "f", "--json", "--tasks", export("u.safetensors"), *FAST).stdout)
    assert report["evaluated_on"] == "training tasks"
    run("predict", "f", "--data", "t.safetensors", "--out", "p.csv")
    seen = run("evaluate", "f", "--json")
    assert json.loads(seen.stdout)["trained_on"] and "the model was trained on these tasks" in seen.stderr
    assert json.loads(run("evaluate", "f", "--json", "--data", "u.safetensors").stdout)["trained_on"]


def test_pipes_and_links_are_not_replaced():
    os.symlink("real.safetensors", "link.safetensors")
    run("data", "export", "--out", "link.safetensors", "--set", "evaluate.tasks=3")
    assert os.path.islink("link.safetensors") and tensors("real.safetensors")["task_id"][1] == [3]
    run("data", "export", "--out", "/dev/null", "--set", "evaluate.tasks=3")
    refused(6, "/dev/full", "data", "export", "--out", "/dev/full", "--set", "evaluate.tasks=3")


def test_what_standard_output_goes_to_is_written_on():
    for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        with open("out", "wb") as out:
            out.write(b"before\n")
            out.flush()
            subprocess.run([shoal, "data", "export", "--out", name, "--set", "evaluate.tasks=3", "--quiet"], check=True, stdout=out)
            out.write(b"after\n")
        export("file")
        # The child has moved the file offset that it shares with this process.
        assert pathlib.Path("out").read_bytes() == b"before\n" + pathlib.Path("file").read_bytes() + b"after\n", name


def test_what_is_read_is_not_written_over():
    write_table("in.csv")
    pathlib.Path("in.toml").write_text(TABLE.replace("table.csv", "in.csv"), encoding="utf-8")
    run("train", "--config", "in.toml", "--out", "rr")
    os.symlink("in.csv", "to_in.csv")
    before = pathlib.Path("in.csv").read_bytes(), pathlib.Path("rr/model.safetensors").read_bytes()
    for command in (["predict", "rr", "--data", "in.csv"], ["adapt", "rr", "--data", "in.csv"], ["data", "export", "--config", "in.toml"]):
        for out in ("in.csv", "to_in.csv", "./in.csv"):
            refused(2, "the command reads this file", *command, "--out", out)
    refused(2, "the command reads this file", "adapt", "rr", "--data", "in.csv", "--out", "rr/model.safetensors")
    refused(2, "the command reads this file", "data", "export", "--config", "in.toml", "--out", "in.toml")
    export("g.tasks")
    refused(2, "the command reads this file", "gradient", "--tasks", "g.tasks", "--out", "g.tasks")
    assert before == (pathlib.Path("in.csv").read_bytes(), pathlib.Path("rr/model.safetensors").read_bytes())


def test_a_trained_model_keeps_its_network_and_loss():
    write_table("own.csv")
    pathlib.Path("own.toml").write_text(TABLE.replace("table.csv", "own.csv"), encoding="utf-8")
    run("train", "--config", "own.toml", "--out", "own")
    for change in ('model.activation="sigmoid"', "model.hidden=[3]", "model.skip=true", 'loss.name="huber"'):
        for command in (["evaluate", "own"], ["predict", "own", "--data", "own.csv", "--out", "p"], ["adapt", "own", "--data", "own.csv", "--out", "p"]):
            refused(2, "was trained with another", *command, "--set", change)
    run("evaluate", "own", "--config", "own.toml", "--set", "algorithm.inner_lr=0.02")


def test_unknown_categories_are_told():
    header, rows = "client,day,a,b,kind,y\n", [f"c{c},{d},{c - d},{d % 3},{'uv'[c % 2]},{c + d}\n" for c in range(12) for d in range(12)]
    pathlib.Path("kinds.csv").write_text(header + "".join(rows), encoding="utf-8")
    text = TABLE.replace("table.csv", "kinds.csv").replace('["a", "b"]', '["a", "b", "kind"]')
    assert "kind" in text
    pathlib.Path("kinds.toml").write_text(text, encoding="utf-8")
    assert "categories" not in run("train", "--config", "kinds.toml", "--out", "kinds").stderr
    pathlib.Path("new.csv").write_text(header + "".join(row.replace(",u,", ",w,") for row in rows), encoding="utf-8")
    told = run("predict", "kinds", "--data", "new.csv", "--out", "p", "--json")
    assert json.loads(told.stdout)["left_out"]["unknown_categories"] == ["kind=w"]
    assert "new.csv: 1 category that no meta-train row had; its inputs are 0, e.g. kind=w" in told.stderr


def test_tasks_that_do_not_fit_the_model_are_named():
    write_table("fit.csv")
    pathlib.Path("fit.toml").write_text(TABLE.replace("table.csv", "fit.csv"), encoding="utf-8")
    run("train", "--config", "fit.toml", "--out", "fit")
    x, offsets = [1, 2, 3, 4], ("I64", [2], [0, 2])
    labelled = [tensor for side in ("support", "query") for tensor in (
        (side + "_x", "F32", [2, 2], x), (side + "_y", "I64", [2], [0, 1]), (side + "_offsets", *offsets))]
    write_tensors("labels.safetensors", labelled + [("task_id", "I64", [1], [1])])
    for command in (["evaluate", "fit"], ["predict", "fit", "--out", "p"], ["adapt", "fit", "--out", "p"]):
        refused(3, "labels.safetensors: loss mse needs numeric targets", *command, "--data", "labels.safetensors")


def test_folders_behind_links_are_those_that_the_system_finds():
    for folder in ("far/deep", "near"):
        os.makedirs(folder)
        write_table(pathlib.Path(folder).parts[0] + "/a.csv")
    pathlib.Path("near/a.csv").write_text("not a table\n", encoding="utf-8")
    os.symlink("../far/deep", "near/l")
    pathlib.Path("near/c.toml").write_text(TABLE.replace("table.csv", "l/../a.csv"), encoding="utf-8")
    run("train", "--config", "near/c.toml", "--out", "rl")
    run("evaluate", "rl")


def test_data_goes_to_standard_output_and_talk_does_not():
    write_table("table.csv")
    pathlib.Path("t.toml").write_text(TABLE, encoding="utf-8")
    trained = run("train", "--config", "t.toml", "--out", "r")
    assert trained.stdout.startswith("query loss on test tasks") and "r: 15 iterations, 0 of 60 tasks failed" in trained.stderr
    told = run("predict", "r", "--data", "table.csv", "--out", "p.csv")
    assert told.stdout == "" and "p.csv: 72 rows of 12 tasks, 12 of them good" in told.stderr
    for command in (["predict", "r", "--data", "table.csv"], ["adapt", "r", "--data", "table.csv"], ["data", "export", "--config", "t.toml"]):
        run(*command, "--out", "file")
        piped = subprocess.run([shoal, *command, "--out", "/dev/stdout"], check=True, capture_output=True)
        assert piped.stdout == pathlib.Path("file").read_bytes(), command
        assert run(*command, "--out", "file", "--quiet").stderr == "", command
    # The columns do not depend on the number of rows.
    pathlib.Path("one.csv").write_text("client,day,a,b,y\nn,0,1,2,3\n", encoding="utf-8")
    run("predict", "r", "--data", "one.csv", "--out", "none.csv")
    assert pathlib.Path("none.csv").read_text(encoding="utf-8") == "client,task,task_id,row,time,phase,steps,target,output_0,prediction\n"


def test_progress_is_a_bar_on_terminals_and_words_elsewhere():
    command = [shoal, "train", *FAST, "--out"]
    lines = run(*command[1:], "lines").stderr.splitlines()
    assert [line.split(": query loss")[0] for line in lines[:-1]] == [f"iteration {i} of 20" for i in range(2, 21, 2)], lines
    terminal, other_end = pty.openpty()
    child = subprocess.Popen([*command, "bar"], stdout=subprocess.DEVNULL, stderr=other_end)
    os.close(other_end)
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    assert child.wait() == 0
    assert b"\r[" in shown and b"[##############################] 20/20" in shown and b"{" not in shown, shown


def test_no_test_tasks_are_told():
    write_table("table.csv")
    pathlib.Path("t.toml").write_text(TABLE.replace("train = 0.6, validation = 0.1, test = 0.3", "train = 1.0, validation = 0.0, test = 0.0"), encoding="utf-8")
    trained = run("train", "--config", "t.toml", "--out", "r")
    assert trained.stdout == "" and "there are no test tasks" in trained.stderr
    refused(3, "no tasks in phase test", "evaluate", "r")


run_tests(globals())
