#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds a loss (log-cosh, three pairs of factors per term) and an activation (mish) to a copy of the tree, by the lists below.

usage: adding_kinds_test.py ROOT CXX [--build]

The lists name every file that a contributor edits; if docs/architecture.md has the section "How to add ...", its lists must be these. A
forgotten edit must not compile, file by file; neither must a loss that writes beyond its memory. With --build the tests that sweep over
losses and activations are built and run, on every backend that needs no device.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LOSS = ["include/shoal/kinds.hpp", "kernels/math/losses.hpp", "src/reference/losses.hpp", "src/core/responses.cpp", "tests/support/loss_cases.hpp",
        "docs/configuration.md", "docs/definitions.md"]
ACTIVATION = ["include/shoal/kinds.hpp", "kernels/math/activations.hpp", "src/reference/activations.hpp", "tests/support/activation_cases.hpp",
              "docs/configuration.md", "docs/definitions.md", "docs/numerics.md"]

KERNEL_LOSS = """
/// log cosh(o - y) = softplus(2 d) - d - ln 2, d = o - y.
template <>
struct LossOf<LossKind::log_cosh> {
  static constexpr const char* name = "log-cosh";
  static constexpr bool labels = false;
  static constexpr MeanOver mean_over = MeanOver::outputs;
  static constexpr int pairs_per_term = 3;
  static constexpr int outputs_per_target(const LossOptions&) { return 1; }
  static constexpr TargetBounds domain(const LossOptions&) { return {}; }
  static SHOAL_HD constexpr LossOf of(const LossOptions&, const Network& net) { return {net.outputs}; }

  int outputs;
  template <class V, class Use>
  SHOAL_HD constexpr void terms(const V* o, const V* y, Use use) const {
    for (int j = 0; j < outputs; ++j) {
      const V d = o[j] - y[j];
      use(V(1.0f), softplus(d + d));
      use(V(-1.0f), d);
      use(V(-0.693147181f), V(1.0f));
    }
  }
  template <class V>
  SHOAL_HD constexpr void gradient(const V* o, const V* y, V scale, V* delta) const {
    for (int j = 0; j < outputs; ++j) {
      const V d = o[j] - y[j];
      delta[j] = (V(2.0f) * sigmoid(d + d) - V(1.0f)) * scale;
    }
  }
  template <class V>
  SHOAL_HD constexpr void curvature(const V* o, const V* y, const V* ro, V scale, V* rd) const {
    for (int j = 0; j < outputs; ++j) {
      const V d = o[j] - y[j];
      rd[j] = V(4.0f) * (sigmoid(d + d) * sigmoid(-d - d)) * ro[j] * scale;
    }
  }
};
"""
REFERENCE_LOSS = """
template <>
struct LossDefinition<LossKind::log_cosh> {
  template <class T>
  static T terms(const Loss&, std::span<const T> o, const Target& target) {
    using std::exp;
    using std::log1p;
    T sum(0.0);
    for (std::size_t j = 0; j < o.size(); ++j) {
      const T d = o[j] - T(target.y[j]), size = d < T(0.0) ? -d : d;
      sum += size + log1p(exp(T(-2.0) * size)) - T(0.69314718055994531);
    }
    return sum;
  }
  template <class T>
  static std::vector<T> gradient(const Loss&, std::span<const T> o, const Target& target) {
    using std::tanh;
    std::vector<T> delta(o.size());
    for (std::size_t j = 0; j < o.size(); ++j) delta[j] = tanh(o[j] - T(target.y[j]));
    return delta;
  }
  static std::vector<double> curvature(const Loss&, std::span<const double> o, const Target& target,
                                       std::span<const double> ro) {
    std::vector<double> rd(o.size());
    for (std::size_t j = 0; j < o.size(); ++j) {
      const double t = std::tanh(o[j] - target.y[j]);
      rd[j] = (1.0 - t * t) * ro[j];
    }
    return rd;
  }
};
"""
LOSS_CASE = """
template <>
struct LossCase<LossKind::log_cosh> : PlainLossCase<LossKind::log_cosh> {
  static double terms(const Loss&, const std::vector<double>& o, const std::vector<double>& y) {
    double sum = 0.0;
    for (std::size_t j = 0; j < o.size(); ++j) sum += std::log(std::cosh(o[j] - y[j]));
    return sum;
  }
};
"""
KERNEL_ACTIVATION = """
/// z t, t = tanh(softplus(z)).
template <>
struct ActivationOf<Activation::mish> {
  static constexpr const char* name = "mish";
  static constexpr bool curved = true, from_value = false;
  static constexpr double bound(double z) { return z; }
  template <class V>
  static SHOAL_HD V value(V z) {
    return z * tanh(softplus(z));
  }
  template <class V>
  static SHOAL_HD void slope(V z, V& a, V& d1) {
    const V t = tanh(softplus(z)), dt = fma(-t, t, V(1.0f)) * sigmoid(z);
    a = z * t;
    d1 = fma(z, dt, t);
  }
  template <class V>
  static SHOAL_HD void curvature(V z, V& a, V& d1, V& d2) {
    const V s = sigmoid(z), t = tanh(softplus(z)), dt = fma(-t, t, V(1.0f)) * s;
    a = z * t;
    d1 = fma(z, dt, t);
    d2 = dt * fma(z, (V(1.0f) - s) - V(2.0f) * t * s, V(2.0f));
  }
};
"""
REFERENCE_ACTIVATION = """
template <>
struct ActivationDefinition<Activation::mish> {
  template <class T>
  static Activated<T> activated(T z) {
    using std::tanh;
    const T s = sigmoid(z), t = tanh(softplus(z)), dt = (T(1.0) - t * t) * s;
    return {z * t, t + z * dt, dt * (T(2.0) + z * (sigmoid(-z) - T(2.0) * t * s))};
  }
};
"""
ACTIVATION_CASE = """
template <>
struct ActivationCase<Activation::mish> : SmoothActivationCase {
  static constexpr Accuracy accuracy{-80.0f, 1e30f, 4.0};
  template <class Real>
  static Real value(Real z) {
    return z * std::tanh(std::log1p(std::exp(z > Real(60) ? Real(60) : z)));
  }
};
"""

# The edits of a contributor: (file, old text, new text); the first occurrence is replaced.
ENUMERATOR = {"loss": ("include/shoal/kinds.hpp", "gaussian_nll, qlike };", "gaussian_nll, qlike, log_cosh };"),
              "activation": ("include/shoal/kinds.hpp", "silu, gelu };", "silu, gelu, mish };")}
EDITS = {
    "loss": [ENUMERATOR["loss"],
             ("include/shoal/kinds.hpp", "LossKind::qlike>;", "LossKind::qlike, LossKind::log_cosh>;"),
             ("kernels/math/losses.hpp", "using Qlike = LossOf<LossKind::qlike>;\n", "using Qlike = LossOf<LossKind::qlike>;\n" + KERNEL_LOSS),
             ("src/reference/losses.hpp", "\ntemplate <class T>\nT row_terms(", REFERENCE_LOSS + "\ntemplate <class T>\nT row_terms("),
             ("src/core/responses.cpp", "case LossKind::huber:\n        add(", "case LossKind::huber:\n      case LossKind::log_cosh:\n        add("),
             ("src/core/responses.cpp", "case LossKind::huber:\n    case LossKind::pinball:",
              "case LossKind::huber:\n    case LossKind::log_cosh:\n    case LossKind::pinball:"),
             ("tests/support/loss_cases.hpp", "\n}  // namespace shoal::testing", LOSS_CASE + "\n}  // namespace shoal::testing"),
             ("docs/configuration.md", "gaussian-nll \\| qlike |", "gaussian-nll \\| qlike \\| log-cosh |")],
    "activation": [ENUMERATOR["activation"],
                   ("include/shoal/kinds.hpp", "Activation::gelu>;", "Activation::gelu, Activation::mish>;"),
                   ("kernels/math/activations.hpp", "using Gelu = ActivationOf<Activation::gelu>;\n",
                    "using Gelu = ActivationOf<Activation::gelu>;\n" + KERNEL_ACTIVATION),
                   ("src/reference/activations.hpp", "\ntemplate <class T>\nActivated<T> activate(",
                    REFERENCE_ACTIVATION + "\ntemplate <class T>\nActivated<T> activate("),
                   ("tests/support/activation_cases.hpp", "\n}  // namespace shoal::testing", ACTIVATION_CASE + "\n}  // namespace shoal::testing"),
                   ("docs/configuration.md", "silu \\| gelu |", "silu \\| gelu \\| mish |"),
                   ("docs/numerics.md", "\n| gelu ", "\n| mish | from -80 up | 3.5 |\n| gelu ")]}
# Rows that are added after the last one of a table.
ROWS = {"loss": ("docs/definitions.md", "| `qlike`", "| `log-cosh` | d_out | ln cosh(o - y) | finite |"),
        "activation": ("docs/definitions.md", "| `gelu`", "| `mish` | z tanh(softplus(z)) | long | a, f', f'' |")}
# For a file of the list, the source that does not compile without its edit.
NEEDS = {"kernels/math/losses.hpp": "src/core/loss_sizes.cpp", "src/reference/losses.hpp": "src/reference/task_run.cpp",
         "src/core/responses.cpp": "src/core/responses.cpp", "tests/support/loss_cases.hpp": "tests/support/random_case.cpp",
         "kernels/math/activations.hpp": "src/core/model.cpp", "src/reference/activations.hpp": "src/reference/task_run.cpp",
         "tests/support/activation_cases.hpp": "tests/support/kinks.cpp"}
TOUCHED = ["src/core/loss.cpp", "src/core/loss_sizes.cpp", "src/core/model.cpp", "src/core/responses.cpp", "src/reference/task_run.cpp",
           "src/cpu/isa_scalar.cpp", "tests/support/random_case.cpp", "tests/support/kinks.cpp"]
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror=switch", "-Iinclude", "-Isrc", "-I.", "-Itests"]


def run(*command, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    assert result.returncode == 0, f"{' '.join(map(str, command))}\n{result.stdout[-4000:]}"
    return result.stdout


def insert_row(text, first_cell, row):
    lines = text.split("\n")
    at = next(n for n, line in enumerate(lines) if line.startswith(first_cell))
    return "\n".join([*lines[:at + 1], row, *lines[at + 1:]])


class Tree:
    """A copy of the tree that can be restored."""

    def __init__(self, root, folder):
        self.root, self.folder = root, folder
        for name in ("CMakeLists.txt", "CMakePresets.json", "cmake", "docs", "examples", "include", "kernels", "src", "tests"):
            copy = shutil.copytree if (root / name).is_dir() else shutil.copy
            copy(root / name, folder / name)

    def restore(self):
        for name in {*LOSS, *ACTIVATION}:
            shutil.copy(self.root / name, self.folder / name)

    def change(self, name, old, new):
        file = self.folder / name
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}: this test is out of date"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def add(self, kind, without=()):
        """Makes the edits for a kind, except in the files `without`; returns the changed files."""
        changed = set()
        for name, old, new in EDITS[kind]:
            if name not in without:
                self.change(name, old, new)
                changed.add(name)
        name, first_cell, row = ROWS[kind]
        if name not in without:
            file = self.folder / name
            file.write_text(insert_row(file.read_text(encoding="utf-8"), first_cell, row), encoding="utf-8")
            changed.add(name)
        return changed

    def compile(self, source):
        return subprocess.run([compiler, *FLAGS, source], cwd=self.folder, capture_output=True, text=True)

    def expect_refused(self, source, why):
        result = self.compile(source)
        assert result.returncode != 0, f"{source} compiles although {why}"


def listed(page, heading):
    """The paths in the numbered list below a heading of the page."""
    section = page.split(f"### ... {heading}\n")[1].split("\n### ")[0]
    items = re.findall(r"^\d+\. (.*(?:\n   .*)*)", section, re.M)
    return {path for item in items for path in re.findall(r"`((?:src|include|docs|tests|kernels)/[^`]+)`", item)}


def check_lists(tree):
    page = root / "docs/architecture.md"
    for kind, heading, files in (("loss", "a loss", LOSS), ("activation", "an activation", ACTIVATION)):
        tree.restore()
        changed = tree.add(kind)
        assert changed == set(files), f"{kind}: {changed ^ set(files)}"
        if page.exists():
            named = listed(page.read_text(encoding="utf-8"), heading)
            assert named == set(files), f"docs/architecture.md, {heading}: {sorted(named ^ set(files))}"


def check_refusals(tree):
    """Whichever edit is forgotten, the tree does not compile."""
    count = 0
    for kind, files, names in (("loss", LOSS, "src/core/loss.cpp"), ("activation", ACTIVATION, "src/core/model.cpp")):
        tree.restore()
        tree.change(*ENUMERATOR[kind])
        tree.expect_refused(names, "the list lacks an enumerator")
        for name in files[1:]:
            if name.startswith("docs/"):
                continue  # a test notices
            tree.restore()
            tree.add(kind, without={name})
            tree.expect_refused(NEEDS[name], f"{name} does not know the {kind}")
            count += 1
    wrong = {"a pair more than it says": ("pairs_per_term = 3", "pairs_per_term = 2"),
             "a pair less than it says": ("pairs_per_term = 3", "pairs_per_term = 4"),
             "a derivative behind the last": ("delta[j] = (V(2.0f)", "delta[j + 1] = (V(2.0f)"),
             "a target that is not there": ("const V d = o[j] - y[j];\n      rd", "const V d = o[j] - y[j + 1];\n      rd"),
             "no derivative": ("delta[j] = (V(2.0f) * sigmoid(d + d) - V(1.0f)) * scale;", "(void)d, (void)scale, (void)delta;")}
    for what, (old, new) in wrong.items():
        tree.restore()
        tree.add("loss")
        file = tree.folder / "kernels/math/losses.hpp"
        before, mark, after = file.read_text(encoding="utf-8").partition("struct LossOf<LossKind::log_cosh>")
        assert old in after, old
        file.write_text(before + mark + after.replace(old, new, 1), encoding="utf-8")
        tree.expect_refused("src/core/loss_sizes.cpp", f"the loss has {what}")
        count += 1
    tree.restore()
    tree.add("activation")
    tree.change("kernels/math/activations.hpp", '"mish";\n  static constexpr bool curved = true', '"mish";\n  static constexpr bool curved = false')
    tree.expect_refused("src/cpu/isa_scalar.cpp", "a tape has no room for f''")
    print(f"{count + 3} ways to forget something do not compile")


def build(tree):
    folder = tree.folder / "build"
    run("cmake", "-S", tree.folder, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1", "-DSHOAL_SHARED=OFF",
        "-DSHOAL_INSTALL=OFF", "-DSHOAL_BUILD_CLI=OFF", "-DSHOAL_BUILD_EXAMPLES=OFF", f"-DCMAKE_CXX_COMPILER={compiler}")
    sweeps = {"core": "KindsInDocs*:Loss.*:Names*:Responses*", "kernels": "*log_cosh*:*mish*", "reference": "*GradientTrust*/maml:*GradientTrust*/reptile",
              "cpu": "CpuAccuracy*:GoldenBits*:LaneLayouts.Every*", "cuda_host": "*SameBitsAsCpu*MetaGradients*"}
    run("cmake", "--build", folder, "--target", *(f"{name}_tests" for name in sweeps))
    for name, cases in sweeps.items():
        program = folder / "tests" / name.removesuffix("_host") / f"{name}_tests"
        print(run("env", "SHOAL_TEST_ROUNDS=150", program, f"--gtest_filter={cases}").splitlines()[-1])


root, compiler = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
with tempfile.TemporaryDirectory() as temporary:
    tree = Tree(root, pathlib.Path(temporary))
    check_lists(tree)
    if "--build" not in sys.argv:
        check_refusals(tree)
    tree.restore()
    tree.add("loss")
    tree.add("activation")
    if "--build" in sys.argv:
        build(tree)
        print("a loss and an activation were added, built and swept over")
    else:
        for source in TOUCHED:
            result = tree.compile(source)
            assert result.returncode == 0, f"{source}\n{result.stderr[:4000]}"
        print("a loss and an activation were added; what they touch compiles")
