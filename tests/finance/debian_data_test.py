#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Data sets out of Debian packages: counts, hashes, cards, refusals; both converters where both are there. Skipped, with the reason,
where apt-get does not reach the packages or no converter is there.

usage: debian_data_test.py SHOAL
"""
import csv
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

# name: package, rows, columns of the file, a column with its counts
SETS = {
    "lending-club": ("r-cran-modeldata=1.1.0-1", 9857, 23, ("Class", {"bad": 517, "good": 9340})),
    "credit-data": ("r-cran-modeldata=1.1.0-1", 4454, 14, ("Status", {"bad": 1254, "good": 3200})),
    "finance20": ("r-cran-gmm=1.7-1", 4012, 25, None),
}
MISSING = {"Income": 381, "Assets": 47, "Debt": 18}  # of credit-data


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def get(*arguments, code=0, env=None):
    result = subprocess.run([sys.argv[1], "data", "get", *map(str, arguments)], capture_output=True, text=True, env={**os.environ, **(env or {})})
    assert result.returncode == code, f"{arguments}: exit {result.returncode}\n{result.stdout}{result.stderr}"
    return result.stderr


def rows_of(file):
    with open(file, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def main():
    if not shutil.which("apt-get"):
        skip("there is no apt-get")
    has_rdata = subprocess.run(["/usr/bin/python3", "-c", "import rdata"], capture_output=True).returncode == 0
    has_r = shutil.which("Rscript") is not None
    if not has_rdata and not has_r:
        skip("neither python3-rdata nor R is there")
    packages = {}
    for package in sorted({entry[0] for entry in SETS.values()}):
        folder = pathlib.Path(package.split("=")[0])
        folder.mkdir()
        if subprocess.run(["apt-get", "--quiet", "download", package], cwd=folder, capture_output=True).returncode != 0:
            skip(f"apt-get does not reach {package}")
        packages[package] = next(folder.glob("*.deb"))
    for name, (package, rows, columns, counted) in SETS.items():
        get(name, "--package", packages[package], "--out", "data")
        table = rows_of(f"data/{name}.csv")
        assert len(table) == rows and len(table[0]) == columns, (name, len(table), len(table[0]))
        if counted:
            values = [row[counted[0]] for row in table]
            assert {value: values.count(value) for value in set(values)} == counted[1], name
        if name == "credit-data":
            assert {column: sum(row[column] == "" for row in table) for column in MISSING} == MISSING
        card = pathlib.Path(f"data/{name}.md").read_text(encoding="utf-8")
        assert "licence of the package" in card and package.split("=")[0] in card and "SHA-256 of the table" in card
    dates = [row["date"] for row in rows_of("data/finance20.csv")]
    assert (dates[0], dates[-1]) == ("1993-01-05", "2009-01-30") and dates == sorted(dates)
    gmm = packages["r-cran-gmm=1.7-1"]
    get("finance20", "--features", "har", "--package", gmm, "--out", "data")
    har = rows_of("data/finance20-har.csv")
    assert len(har) == (4012 - 66) * 20 and len({row["asset"] for row in har}) == 20
    plain = {row["date"]: row for row in rows_of("data/finance20.csv")}
    for row in har[:: 997]:
        assert abs(float(row["log_return"]) - float(plain[row["date"]][row["asset"]])) < 1e-6
    # The other package, a truncated one, none: refused, and nothing is written.
    whole = packages["r-cran-modeldata=1.1.0-1"].read_bytes()
    pathlib.Path("cut.deb").write_bytes(whole[:-1])
    pathlib.Path("forged.deb").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    for name, file, code, words in [
        ("lending-club", "cut.deb", 3, "bytes"),
        ("lending-club", "forged.deb", 3, "SHA-256"),
        ("finance20", "forged.deb", 3, "Finance.rda"),
        ("credit-data", "none.deb", 6, "none.deb"),
    ]:
        assert words in get(name, "--package", file, "--out", "refused", code=code)
        assert not pathlib.Path("refused").exists()
    assert "features" in get("credit-data", "--features", "har", "--package", packages["r-cran-modeldata=1.1.0-1"], "--out", "refused", code=2)
    print(f"converters: python3-rdata {'yes' if has_rdata else 'no'}, R {'yes' if has_r else 'no'}")


if __name__ == "__main__":
    sys.argv[1] = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        main()
