// SPDX-License-Identifier: Apache-2.0
// The results of validation in a run folder: they are read bit for bit, and impossible values are refused.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <shoal/error.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/tensor_file.hpp>

#include "io/selection_tensors.hpp"
#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::read_text;
using testing::Scratch;

const ParameterLayout layout({.inputs = 1, .hidden = {}, .outputs = 1});
const RateLayout rates(layout, LearnedRate::layer, 1);

Checkpoint<float> checkpoint_with(const ModelSelection<float>& selection) {
  Checkpoint<float> checkpoint;
  checkpoint.iteration = 40;
  checkpoint.parameters = {{0.5f, 0.25f}, {0.1f}};
  checkpoint.selection = selection;
  return checkpoint;
}

ModelSelection<float> some_selection() {
  ModelSelection<float> selection;
  selection.latest = Validation{40, std::numeric_limits<double>::quiet_NaN(), 0, 7};
  selection.best = Validation{20, 1.0 / 3.0, 6, 1};
  selection.best_parameters = {{-0.5f, 0x1p-149f}, {3.0f}};
  selection.longest_wait = 2;
  return selection;
}

TEST(SelectionTensors, ComeBackFromARunFolder) {
  const Scratch folder;
  for (const bool found : {true, false}) {
    ModelSelection<float> selection = some_selection();
    if (!found) selection.best.reset(), selection.best_parameters = {};
    const auto path = folder / (found ? "found" : "nothing");
    open_run<float>(path, "manifest", layout, rates, StartFrom::beginning)->save(checkpoint_with(selection));
    const auto read = open_run<float>(path, "manifest", layout, rates, StartFrom::checkpoint)->load();
    ASSERT_TRUE(read && read->selection.latest);
    EXPECT_EQ(read->selection.latest->iteration, 40);
    EXPECT_TRUE(std::isnan(read->selection.latest->loss));
    EXPECT_EQ(read->selection.latest->failed, 7);
    EXPECT_EQ(read->selection.longest_wait, 2);
    ASSERT_EQ(read->selection.best.has_value(), found);
    if (!found) continue;
    EXPECT_EQ(read->selection.best->iteration, 20);
    EXPECT_EQ(read->selection.best->loss, 1.0 / 3.0);
    EXPECT_EQ(read->selection.best->good, 6);
    EXPECT_EQ(read->selection.best->failed, 1);
    EXPECT_EQ(read->selection.best_parameters.theta, selection.best_parameters.theta);
    EXPECT_EQ(read->selection.best_parameters.rates, selection.best_parameters.rates);
  }
  TensorFile empty;
  store_selection(empty, ModelSelection<float>{});
  EXPECT_TRUE(empty.tensors.empty()) << "without validation a checkpoint is what it was";
}

TEST(SelectionTensors, WhatCannotBeIsRefused) {
  TensorFile good;
  store_selection(good, some_selection());
  const Checkpoint<float> checkpoint = checkpoint_with({});
  ASSERT_NO_THROW(load_selection("f", good, checkpoint));
  const auto refused = [&](const std::string& named, auto change) {
    TensorFile content = good;
    change(content);
    try {
      load_selection("f", content, checkpoint);
      ADD_FAILURE() << named;
    } catch (const ModelError& error) {
      EXPECT_EQ(std::string(error.what()).find("f: "), 0u) << error.what();
      EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
    }
  };
  for (const auto& [name, tensor] : good.tensors) {
    if (name == "validation.counters") continue;
    refused(name, [&](TensorFile& c) { c.tensors.erase(name); });
  }
  for (const auto& [name, tensor] : good.tensors) {
    const float zero = 0.0f;
    refused(name, [&](TensorFile& c) { c.tensors[name].dtype = DType::u8; });
    refused(name, [&](TensorFile& c) {
      c.tensors[name] = Tensor::of({0}, &zero);
      c.tensors[name].dtype = tensor.dtype;
    });
  }
  const auto counters = [&](std::size_t at, std::int64_t value) {
    refused("not that of a training", [&](TensorFile& c) {
      auto values = c.tensors["validation.counters"].values<std::int64_t>();
      values[at] = value;
      c.tensors["validation.counters"] = Tensor::of({7}, values.data());
    });
  };
  for (std::size_t at = 0; at < 7; ++at) counters(at, -1);
  counters(0, 0);   // no validation before the first iteration
  counters(0, 41);  // none after the checkpoint
  counters(3, 41);
  counters(6, 41);
  refused("not that of a training", [&](TensorFile& c) {
    const double losses[] = {1.0, std::numeric_limits<double>::quiet_NaN()};
    c.tensors["validation.losses"] = Tensor::of({2}, losses);
  });
}

TEST(SelectionTensors, ThinnedMetricsKeepEveryValidation) {
  const Scratch folder;
  const auto run = open_run<float>(folder / "run", "manifest", layout, rates, StartFrom::beginning);
  for (std::int64_t i = 1; i <= 13; ++i) {
    TrainMetrics metrics;
    metrics.iteration = i;
    run->append(metrics);
    if (i % 5 == 0) run->append(Validation{i, 0.5, 3, 0});
  }
  const auto lines = [&](std::int64_t every, std::int64_t last) {
    run->thin(every, last);
    std::string kept;
    std::istringstream text(read_text(folder / "run" / "metrics.jsonl"));
    for (std::string line; std::getline(text, line);)
      kept += line.substr(line.find(':') + 1, line.find(',') - line.find(':') - 1) +
              (line.find("validation_loss") == std::string::npos ? " " : "v ");
    return kept;
  };
  EXPECT_EQ(lines(1, 0), "1 2 3 4 5 5v 6 7 8 9 10 10v 11 12 13 ");
  EXPECT_EQ(lines(3, 13), "3 5v 6 9 10v 12 13 ");
  EXPECT_EQ(lines(6, 0), "5v 6 10v 12 ");
}

}  // namespace
}  // namespace shoal
