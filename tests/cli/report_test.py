#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`shoal report`: the page and the JSON of a run and of a backtest, and what is refused.

usage: report_test.py SHOAL
"""
import hashlib
import html.parser
import json
import os
import pathlib
import random
import stat

from program import FAST, refused, run, run_tests, table_config, write_config, write_rows, write_table

SECTIONS = ["summary", "data", "split", "baselines", "var", "calibration", "adaptation", "heterogeneity", "segments", "stability", "limits",
            "manifest"]
VOID = {"meta", "link", "br", "hr", "img", "input"}
SVG_EMPTY = {"line", "rect", "circle", "polyline"}

CREDIT = """
seed = 3
[tasks]
source = "table"
path = "credit.csv"
key = ["segment"]
features = ["x1", "x2"]
targets = ["bad"]
support = 10
query = 0
split = { by = "task", train = 0.6, validation = 0.2, test = 0.2 }
[model]
hidden = [4]
[loss]
name = "bce"
[algorithm]
inner_steps = 2
gate = "auto"
[train]
iterations = 10
tasks_per_batch = 4
[evaluate]
steps = [0, 2]
max_failed_share = 1.0
"""

MARKET = """
seed = 3
[tasks]
source = "table"
path = "market.csv"
key = ["asset"]
time = "date"
features = ["last", "mean"]
targets = ["squared_return"]
windows = { support = 20, query = 5, stride = 5, purge = 0 }
split = { by = "time", validation_from = "2002-01-01", test_from = "2003-01-01" }
[model]
hidden = [4]
activation = "tanh"
[loss]
name = "qlike"
floor = 0.01
[algorithm]
inner_steps = 2
[train]
iterations = 10
tasks_per_batch = 4
[evaluate]
steps = [0, 2]
max_failed_share = 1.0
[risk]
return = "log_return"
"""


class Page(html.parser.HTMLParser):
    """Checks that every element ends, in order, and collects ids, tags, attributes and text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.tags, self.rows, self.text = [], [], set(), 0, ""
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), (tag, names)
        for name, value in attributes:
            assert not name.startswith("on"), (tag, name)
            assert name not in ("src", "srcset"), (tag, name)
            assert name != "href" or value.startswith("#"), value
            if name == "id":
                assert value not in self.ids, f"id {value} occurs twice"
                self.ids.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert tag in SVG_EMPTY, tag
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.open)

    def handle_data(self, data):
        self.text += data


def write_credit(path="credit.csv", segments=20, rows=30):
    numbers = random.Random(4)
    lines = []
    for segment in range(segments):
        level = numbers.gauss(-0.5, 0.8)
        for _ in range(rows):
            a, b = numbers.gauss(0, 1), numbers.gauss(0, 1)
            lines.append([f"<b>seg & \"{segment}\"</b>", round(a, 4), round(b, 4), int(numbers.gauss(0, 1) < level + a - 0.5 * b)])
    write_rows(path, "segment,x1,x2,bad", lines)


def write_market(path="market.csv", assets=4, years=(2000, 2001, 2002, 2003)):
    numbers = random.Random(5)
    lines = []
    for asset in range(assets):
        past = [1.0] * 5
        for year in years:
            for day in range(60):
                r = round(numbers.gauss(0, 1 + 0.3 * (day % 7 == 0)), 4)
                lines.append([f"A{asset}", f"{year}-{1 + day // 28:02}-{1 + day % 28:02}", past[-1], round(sum(past) / 5, 4), r, round(r * r, 6)])
                past = past[1:] + [round(abs(r), 4)]
    write_rows(path, "asset,date,last,mean,log_return,squared_return", lines)


def train(name, config):
    run("train", *write_config(f"{name}.toml", config), "--out", name, "--quiet")


def page_of(path):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    assert len(text.encode()) < 2_000_000
    assert "http" not in text and "<script" not in text and "url(" not in text and "@import" not in text
    assert os.getcwd() not in text and "/tmp" not in text
    page = Page(text)
    assert [name for name in page.ids if name in SECTIONS] == SECTIONS
    return page


def json_of(path):
    report = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    assert list(report) == ["title", *SECTIONS]
    assert all(section["text"] or len(section) > 2 for section in report.values() if isinstance(section, dict))
    return report


def check_against_evaluate(report, folder):
    """The table of models is that of `evaluate`, number by number."""
    found = json.loads(run("evaluate", folder, "--baselines", "auto", "--json").stdout)
    lines = report["baselines"]["models"]
    assert [(line["name"], line["steps"]) for line in lines] == [(line["name"], line["steps"]) for line in found["models"]]
    assert len(lines) > 4
    comparisons = report["baselines"]["comparisons"]
    for line, expected in zip(lines, found["models"]):
        assert line["loss"] == expected["loss"] and line["half_width"] == expected["half_width"]
        assert line["rows"] == expected["rows"] and line["tasks"] == expected["tasks"]
        for name, value in expected["metrics"].items():
            if name not in ("rows", "positives"):
                assert line[name] == value, (name, line[name], value)
        for name, value in expected["macro"].items():
            if name != "keys":
                assert line["macro_" + name] == value
        own = {c["other"]: c for c in comparisons if (c["name"], c["steps"]) == (line["name"], line["steps"])}
        assert set(own) == set(expected["against"])
        for other, difference in expected["against"].items():
            assert all(own[other][field] == difference[field] for field in ("mean", "t", "p"))
    losses = {summary["steps"]: summary for summary in found["summary"]}
    for line in report["adaptation"]["steps"]:
        assert abs(line["mean"] - losses[line["steps"]]["mean"]) < 1e-12 * max(1, abs(line["mean"])), line
        assert line["failed"] == 0
    return found


def write_report(source, out, *more):
    run("report", source, "--out", out, "--quiet", *more)
    return pathlib.Path(out).read_bytes(), pathlib.Path(out).with_suffix(".json").read_bytes()


def test_report_of_a_credit_run():
    write_credit()
    train("credit", CREDIT)
    once = write_report("credit", "r.html", "--threads", "1")
    assert once == write_report("credit", "again.html", "--threads", "2"), "threads change the report"
    page, report = page_of("r.html"), json_of("r.json")
    assert "svg" in page.tags and "<b>" not in pathlib.Path("r.html").read_text(encoding="utf-8")
    assert '<b>seg & "' in page.text
    found = check_against_evaluate(report, "credit")
    assert report["heterogeneity"]["statistics"][0]["value"] == found["gate"]["heterogeneity"]["bias"]["q"]
    assert any("gate decided" in text for text in report["heterogeneity"]["text"])
    assert "no value at risk" in report["var"]["text"][0]
    assert report["calibration"]["roc"]["series"][0]["y"][-1] == 1.0
    keys = report["segments"]["keys"]
    assert len(keys) == 4 and sum(key["rows"] for key in keys) == 4 * 20
    tested = {task["key"]: task["losses"] for task in found["tasks"]} if "losses" in found["tasks"][0] else {}
    for key in keys:
        if tested:
            assert abs(tested[key["key"]][-1] - key["loss"]) < 1e-6
    stability = report["stability"]["index"]
    assert [line["kind"] for line in stability] == ["feature", "feature", "score"]
    assert any("bad cases" in text for text in report["limits"]["text"])
    phases = {phase["phase"]: phase for phase in report["data"]["phases"]}
    assert phases["train"]["tasks"] == 12 and phases["test"]["keys"] == 4 and phases["test"]["rows"] == 80


def test_report_of_a_market_run():
    write_market()
    train("market", MARKET)
    once = write_report("market", "r.html", "--threads", "2")
    assert once == write_report("market", "again.html", "--threads", "1"), "threads change the report"
    page_of("r.html")
    report = json_of("r.json")
    check_against_evaluate(report, "market")
    names = [line["name"] for line in report["baselines"]["models"]]
    assert "linear" in names and "gjr" in names
    assert [line["group"] for line in report["baselines"]["groups"]] == ["2003"]
    assert report["baselines"]["groups"][0]["rows"] == report["baselines"]["models"][0]["rows"]
    assert "backtest" in report["var"]["text"][0]
    assert any("Survivors" in text for text in report["limits"]["text"])
    assert 'test_from = "2003-01-01"' in report["manifest"]["config"]
    hashes = {line["file"]: line["sha256"] for line in report["manifest"]["hashes"]}
    assert set(hashes) == {"market.csv", "model.safetensors"} and all(len(value) == 64 for value in hashes.values())


BACKTEST = MARKET + """levels = [0.05]
residuals = 250
[backtest]
from = "2002-01-01"
refit = "year"
validation_years = 1
seeds = [3, 4]
combine = ["model+linear"]
"""


def test_report_of_a_backtest():
    write_market(years=range(1995, 2004))  # long enough for values at risk, which need 250 residuals
    run("backtest", *write_config("bt.toml", BACKTEST), "--out", "BT", "--baselines", "linear,gjr", "--quiet")
    once = write_report("BT", "r.html", "--threads", "1")
    assert once == write_report("BT", "again.html", "--threads", "2"), "threads change the report"
    page_of("r.html")
    report, found = json_of("r.json"), json.loads(pathlib.Path("BT/backtest.json").read_text(encoding="utf-8"))
    lines = report["baselines"]["models"]
    assert [line["loss"] for line in lines] == [line["loss"] for line in found["models"]]
    assert len(report["split"]["folds"]) == 4 and len(report["baselines"]["seeds"]) == 2
    groups = {group["group"]: {(line["name"], line["selected"]): line for line in group["models"]} for group in found["groups"]}
    assert [group["group"] for group in report["baselines"]["groups"]] == sorted(groups) == ["2002", "2003"]
    for group in report["baselines"]["groups"]:
        own = groups[group["group"]]
        assert group["rows"] == own["model", True]["rows"]
        for name, value in (("model", own["model", True]), ("linear", own["linear", False]), ("gjr", own["gjr", False])):
            assert abs(group["loss_" + name] - value["loss"]) < 1e-6, (group, name)
    risk = {(line["model"], line["level"]): line for line in found["risk"]}
    assert risk and {(line["model"], line["level"]) for line in report["var"]["risk"]} == set(risk)
    for line in report["var"]["risk"]:
        expected = risk[line["model"], line["level"]]
        assert line["exceedances"] == expected["exceedances"] and line["kupiec"] == expected["passes"]["kupiec"]
    by_year = report["var"]["exceedances"]
    for model, level in risk:
        assert sum(part["exceedances"] for part in by_year if part["model"] == model) == risk[model, level]["exceedances"]
    assert any("Spread of seeds" in text for text in report["limits"]["text"])
    assert report["stability"]["index"], report["stability"]
    refused(2, "is read to make the output", "report", "BT", "--out", "BT/backtest.html")
    refused(2, "is read to make the output", "report", "BT", "--out", "BT/predictions.csv")


def test_what_a_backtest_does_not_have_is_said():
    """Forecasts of others without a past have no value at risk; a file that is not the backtest's is refused."""
    write_market(years=range(1995, 2004))
    config = write_config("bt.toml", BACKTEST)
    run("baseline", "gjr", *config, "--until", "2002-01-01", "--out", "gjr.csv", "--quiet")
    told = run("backtest", *config, "--out", "BT", "--compare", "theirs=gjr.csv:variance", "--set", "backtest.seeds=[3]", "--set",
               "backtest.combine=[]").stderr
    assert told.count("no value at risk of theirs") == 1, told
    write_report("BT", "r.html")
    assert any("theirs has no value at risk at 5.00 %" in text for text in json_of("r.json")["var"]["text"])
    data = pathlib.Path("market.csv").read_text(encoding="utf-8")
    pathlib.Path("market.csv").write_text(data.replace("0", "1", 1), encoding="utf-8")
    write_report("BT", "r.html")
    assert any("market.csv is not the file that the model was trained on" in text for text in json_of("r.json")["limits"]["text"])
    lines = pathlib.Path("BT/predictions.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    pathlib.Path("BT/predictions.csv").write_text("".join(lines[:-1]), encoding="utf-8")
    refused(3, "BT/predictions.csv: is not the file that the backtest wrote", "report", "BT", "--out", "other.html")


def test_changed_data_are_named():
    write_credit()
    train("credit", CREDIT)
    write_report("credit", "r.html")
    was = json_of("r.json")
    assert not any("Other data" in text for text in was["limits"]["text"])
    rows = pathlib.Path("credit.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    pathlib.Path("credit.csv").write_text("".join(rows[:-1]), encoding="utf-8")
    write_report("credit", "r.html")
    now = json_of("r.json")
    hashes = {line["file"]: line["sha256"] for line in now["manifest"]["hashes"]}
    assert hashes["credit.csv (now)"] == hashlib.sha256(pathlib.Path("credit.csv").read_bytes()).hexdigest()
    assert hashes["credit.csv"] == {line["file"]: line["sha256"] for line in was["manifest"]["hashes"]}["credit.csv"] != hashes["credit.csv (now)"]
    assert any("Other data: credit.csv is not the file" in text for text in now["limits"]["text"])
    changed = "credit.csv has changed since the model was trained on it"
    for command in (["heterogeneity", "credit"], ["explain", "credit", "--data", "credit.csv", "--out", "E.csv"], ["evaluate", "credit"]):
        told = run(*command).stderr
        assert told.count(changed) == 1, (command, told)


def test_report_of_folds_of_keys():
    write_table("table.csv", tasks=12, rows=14)
    config = table_config("table.csv", 'time = "day"', 'split = { by = "task", train = 0.7, validation = 0.1, test = 0.2 }', support=5,
                          query=3, sections="[train]\niterations = 6\n[model]\nhidden = [4]\n[evaluate]\nmax_failed_share = 1\n"
                                            "[backtest]\nfolds = 5\n")
    run("backtest", *write_config("k.toml", config), "--out", "BT", "--baselines", "linear", "--quiet")
    write_report("BT", "r.html")
    page, report = page_of("r.html"), json_of("r.json")
    assert report["split"]["text"] == ["Every fold is a training of its own, on the keys of the other folds; it forecasts the rows of its "
                                       "own keys."]
    folds = report["split"]["folds"]
    assert len(folds) == 5 and sum(fold["keys"] for fold in folds) == 12
    assert list(folds[0]) == ["fold", "seed", "keys", "rows", "iteration" if "iteration" in folds[0] else "selected_iteration",
                              "validation_loss", "selected_steps", "gate"]
    assert any("by models that had not seen the key" in text for text in report["summary"]["text"])
    assert any("Not out of time" in text for text in report["limits"]["text"])
    for words in ("next fold begins", "first forecast", "forecasts from", "trains from", "before the outcome"):
        assert words not in page.text, words


def test_files_of_a_backtest_that_are_damaged_are_named():
    os.mkdir("BT")
    good = {"models": [], "groups": [], "folds": [], "seeds": [], "risk": [], "left_out": None, "inputs": {}, "config": ""}
    for text, named in (("", "is no JSON object"), ("[1", "is no JSON object"), ("{}", '"models" is missing'),
                        (json.dumps({**good, "models": [{"name": 1}]}), '"models"'), (json.dumps({**good, "models": 5}), '"models"'),
                        (json.dumps({**good, "folds": 5}), '"folds"'), (json.dumps({**good, "folds": [3]}), '"folds"'),
                        (json.dumps({**good, "folds": [{"rows": "x"}]}), '"folds"'), (json.dumps({**good, "seeds": [{}]}), '"seeds"'),
                        (json.dumps({**good, "risk": [{}]}), '"risk"'), (json.dumps({**good, "left_out": {}}), '"left_out"'),
                        (json.dumps({**good, "inputs": {"a": 1}}), '"inputs"'), (json.dumps({**good, "config": None}), '"config"'),
                        (json.dumps({**good, "config": "[loss"}), "config"),
                        (json.dumps({**good, "config": '[loss]\nname = "qlikely"'}), "qlikely")):
        pathlib.Path("BT/backtest.json").write_text(text, encoding="utf-8")
        refused(3, "BT/backtest.json: ", "report", "BT", "--out", "r.html")
        error = run("report", "BT", "--out", "r.html", code=3).stderr
        assert named in error and "json.exception" not in error, (text, error)


def test_looks_at_the_test_tasks_are_counted():
    write_credit()
    train("credit", CREDIT)
    assert "looked at 0 times" in " ".join(report_text("credit"))
    run("evaluate", "credit", "--quiet")
    run("evaluate", "credit", "--quiet", "--baselines", "linear", "--steps", "0")
    run("evaluate", "credit", "--quiet", "--phase", "train")
    run("evaluate", "credit", "--quiet", "--phase", "validation")
    lines = [json.loads(line) for line in pathlib.Path("credit/evaluations.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines == [{"phase": "test", "test_tasks": 4, "steps": [0, 2], "baselines": []},
                     {"phase": "test", "test_tasks": 4, "steps": [0], "baselines": ["linear"]}]
    assert "looked at 2 times" in " ".join(report_text("credit"))
    os.rename("credit/model.safetensors", "alone.safetensors")  # nobody counts outside of a run folder
    run("evaluate", "alone.safetensors", "--data", "credit.csv", "--quiet")
    assert len(pathlib.Path("credit/evaluations.jsonl").read_text(encoding="utf-8").splitlines()) == 2
    os.rename("alone.safetensors", "credit/model.safetensors")
    os.remove("credit/evaluations.jsonl")
    os.symlink("elsewhere", "credit/evaluations.jsonl")  # no link is followed, and nothing is said
    run("evaluate", "credit", "--quiet")
    assert not os.path.exists("elsewhere")
    os.remove("credit/evaluations.jsonl")
    mode = os.stat("credit").st_mode
    os.chmod("credit", stat.S_IRUSR | stat.S_IXUSR)
    if not os.access("credit", os.W_OK):  # root may write anywhere
        run("evaluate", "credit", "--quiet")
        assert not os.path.exists("credit/evaluations.jsonl")
    os.chmod("credit", mode)


def report_text(folder):
    run("report", folder, "--out", "count.html", "--quiet")
    return json.loads(pathlib.Path("count.json").read_text(encoding="utf-8"))["manifest"]["text"]


def test_report_of_generated_tasks():
    """No table: no keys, no times, no left out rows; sections say so."""
    run("train", "--set", "tasks.source=sinusoid", *FAST, "--out", "sine", "--quiet")
    write_report("sine", "r.html")
    page_of("r.html")
    report = json_of("r.json")
    assert "generator sinusoid" in report["data"]["text"][0]
    assert any("no times" in text for text in report["baselines"]["text"])
    assert report["stability"]["index"][0]["name"] == "input 0"


def test_json_on_standard_output():
    write_credit()
    train("credit", CREDIT)
    printed = json.loads(run("report", "credit", "--out", "r.html", "--json").stdout)
    assert printed["page"] == "r.html" and printed["json"] == "r.json" and printed["sections"] == SECTIONS
    assert printed["verdict"] == json_of("r.json")["summary"]["text"][0]
    assert run("report", "credit", "--out", "r.html", "--quiet").stdout == printed["verdict"] + "\n"


def test_refusals():
    write_credit()
    train("credit", CREDIT)
    os.mkdir("folder")
    os.mkdir("x.json")
    refused(4, "there is no model", "report", "folder", "--out", "r.html")
    refused(4, "there is no model", "report", "nothing", "--out", "r.html")
    refused(6, "is a folder", "report", "credit", "--out", "folder")
    refused(6, "is a folder", "report", "credit", "--out", "x.html")
    refused(6, "there is no folder", "report", "credit", "--out", "none/r.html")
    refused(2, "r.json", "report", "credit", "--out", "r.json")
    refused(2, "is read to make the output", "report", "credit", "--out", "credit/run.html")
    refused(2, "is read to make the output", "report", "credit", "--out", "credit/model.safetensors")
    refused(2, "is read to make the output", "report", "credit", "--out", "credit.csv")
    refused(2, "--out", "report", "credit")
    os.mkfifo("pipe.html")
    for out in ("/dev/stdout", "/dev/null", "r.txt", "report", "pipe.html"):
        refused(2, f"{out}: the page is a regular file whose name ends in .html", "report", "credit", "--out", out)
    assert not os.path.exists("/dev/stdout.json")
    os.rename("credit.csv", "moved.csv")
    refused(3, "credit.csv: the data that the model was trained on is not there; --set tasks.path=FILE", "report", "credit", "--out", "r.html")
    write_report("credit", "r.html", "--set", "tasks.path=moved.csv")


run_tests(globals())
