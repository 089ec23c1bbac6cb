// SPDX-License-Identifier: Apache-2.0
// Runs in memory: tables to train on and to predict, models and adapted models as bytes. All have the bits of
// the files that they stand for. Covers validation_table, adapted_file, opened_data, task_hash.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <sstream>

#include <shoal/error.hpp>
#include <shoal/run.hpp>
#include <shoal/tensor_file.hpp>
#include <shoal/train_run.hpp>

#include "run/clients.hpp"

namespace shoal {
namespace {

using testing::clients_config;
using testing::clients_table;
using testing::Heard;
using testing::read_text;
using testing::Scratch;

/// The cells of a file of clients as columns.
MemoryTable columns_of(const std::string& file, bool with_target = true) {
  std::istringstream lines(read_text(file));
  std::string line, cell;
  std::getline(lines, line);
  std::vector<std::vector<std::string>> cells(5);
  while (std::getline(lines, line)) {
    std::istringstream row(line);
    for (auto& column : cells) {
      std::getline(row, cell, ',');
      column.push_back(cell);
    }
  }
  const auto numbers = [&](const char* name, std::size_t column) {
    std::vector<double> values;
    for (const std::string& text : cells[column]) values.push_back(std::strtod(text.c_str(), nullptr));
    return TableColumn::own_numbers(name, std::move(values));
  };
  MemoryTable table = {TableColumn::of_texts("client", cells[0]), numbers("month", 1), numbers("income", 2),
                       TableColumn::of_texts("grade", cells[3])};
  if (with_target) table.push_back(numbers("spent", 4));
  return table;
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

void expect_same_tensors(const std::filesystem::path& a, const std::filesystem::path& b) {
  const TensorFile one = read_tensor_file(a), other = read_tensor_file(b);
  ASSERT_EQ(one.tensors.size(), other.tensors.size());
  for (const auto& [name, tensor] : one.tensors)
    EXPECT_EQ(tensor.bytes, other.tensors.at(name).bytes) << name;
}

class MemoryRun : public ::testing::Test {
 protected:
  TrainReport train(const char* folder, TrainRunOptions options = {}, std::vector<ConfigOverride> more = {}) {
    options.tables.training = columns_of(table_);
    return train_run(clients_config("", std::move(more)), scratch_ / folder, options);
  }

  Scratch scratch_;
  std::string table_ = clients_table(scratch_, "clients.csv", 14);
  std::string new_table_ = clients_table(scratch_, "new.csv", 6, 50);
};

TEST_F(MemoryRun, TrainsTheModelOfTheFileWithTheseCells) {
  for (const char* precision : {"backend=cpu", "backend=reference"}) {
    const std::string name = precision;
    train_run(clients_config(table_, {precision}), scratch_ / (name + "-file"));
    const TrainReport report = train((name + "-memory").c_str(), {}, {precision});
    EXPECT_EQ(report.data.file, "table");
    expect_same_tensors(scratch_ / (name + "-file") / "model.safetensors",
                        scratch_ / (name + "-memory") / "model.safetensors");
    EXPECT_EQ(read_text(scratch_ / (name + "-file") / "metrics.jsonl"),
              read_text(scratch_ / (name + "-memory") / "metrics.jsonl"));
  }
}

TEST_F(MemoryRun, NamesTheDataByTheirHashAndGoesOnWithTheSameAlone) {
  train("run");
  const shoal::Run run = shoal::Run::open(scratch_ / "run");
  EXPECT_EQ(run.metadata().at("inputs"), "{\"table\":\"" + sha256_of_table(columns_of(table_)) + "\"}");
  EXPECT_THROW(run.evaluate(), DataError) << "the run's own table is nowhere";
  EvaluateOptions options;
  options.data = columns_of(table_);
  EXPECT_EQ(run.evaluate(options).phase, "test") << "the run's own data keep its split";

  int done = 0;
  TrainRunOptions stops;
  stops.observer = [&](const TrainMetrics&) { ++done; };
  stops.stop = [&] { return done == 7; };
  train("parts", stops);
  TrainRunOptions resume;
  resume.start = StartFrom::checkpoint;
  resume.tables.training = columns_of(new_table_);
  EXPECT_THROW(train_run(clients_config(""), scratch_ / "parts", resume), ModelError) << "other data";
  train("parts", resume);
  EXPECT_EQ(read_text(scratch_ / "parts" / "model.safetensors"),
            read_text(scratch_ / "run" / "model.safetensors"));
}

TEST_F(MemoryRun, GoesOnWithTheFileThatHasTheseCellsAndBack) {
  train_run(clients_config(table_), scratch_ / "file");
  train("memory");
  for (const bool begins_in_memory : {true, false}) {
    const char* folder = begins_in_memory ? "from memory" : "from a file";
    int done = 0;
    std::int64_t from = -1;
    TrainRunOptions stops;
    stops.observer = [&](const TrainMetrics&) { ++done; };
    stops.stop = [&] { return done == 7; };
    TrainRunOptions resume;
    resume.start = StartFrom::checkpoint;
    resume.started = [&](const TrainPlan& plan) { from = plan.from; };
    if (begins_in_memory) {
      train(folder, stops);
      const std::string other = clients_table(scratch_, "other.csv", 15);
      EXPECT_THROW(train_run(clients_config(other), scratch_ / folder, resume), ModelError) << "other tasks";
      EXPECT_THROW(train_run(clients_config(table_, {"train.lr=0.5"}), scratch_ / folder, resume),
                   ModelError);
      train_run(clients_config(table_), scratch_ / folder, resume);
    } else {
      train_run(clients_config(table_), scratch_ / folder, stops);
      train(folder, resume);
    }
    EXPECT_EQ(from, 7);
    for (const char* file : {"model.safetensors", "metrics.jsonl"})
      EXPECT_EQ(read_text(scratch_ / folder / file),
                read_text(scratch_ / (begins_in_memory ? "file" : "memory") / file))
          << folder << " " << file;
  }
}

TEST(TableHash, DependsOnEveryCellAndOnNothingElse) {
  const auto hash = [](const char* name, std::vector<double> numbers, std::vector<std::string> texts) {
    return sha256_of_table(
        std::vector{TableColumn::own_numbers(name, std::move(numbers)), TableColumn::of_texts("t", texts)});
  };
  const double nan = std::nan("");
  const std::string one = hash("x", {1, nan}, {"a", "b"});
  EXPECT_EQ(one.size(), 64u);
  EXPECT_EQ(one, hash("x", {1, -nan}, {"a", "b"})) << "missing is missing";
  EXPECT_EQ(one, sha256_of_table(std::vector{TableColumn::own_numbers("x", {1, 7}, {0, 1}),
                                             TableColumn::own_codes("t", {2, 1}, {"c", "b", "a"})}));
  for (const std::string& other :
       {hash("y", {1, nan}, {"a", "b"}), hash("x", {2, nan}, {"a", "b"}), hash("x", {1, 2}, {"a", "b"}),
        hash("x", {1, nan}, {"ab", ""}), hash("x", {1, nan}, {"", "ab"}), hash("x", {1, nan}, {"b", "a"})})
    EXPECT_NE(one, other);
}

TEST_F(MemoryRun, PredictsTablesInMemoryAsTheirFiles) {
  train("run");
  const std::string bytes = read_text(scratch_ / "run" / "model.safetensors");
  const shoal::Run run = shoal::Run::open(scratch_ / "run"), again = shoal::Run::open(bytes_of(bytes));
  EXPECT_EQ(again.file(), "model in memory");
  const MemoryTable table = columns_of(new_table_);
  const std::filesystem::path file = new_table_;
  const Predictions expected = run.predict(file);
  EXPECT_EQ(run.predict(table).output, expected.output);
  EXPECT_EQ(again.predict(table).row, expected.row);
  EXPECT_EQ(again.predict(table).output, expected.output);
  const AdaptedModels adapted = again.adapt(table, 3);
  write_adapted(scratch_ / "a.safetensors", run.adapt(file, 3));
  const std::vector<std::byte> stored = adapted_file_bytes(adapted);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(stored.data()), stored.size()),
            read_text(scratch_ / "a.safetensors"));
  const shoal::Run of_bytes = shoal::Run::open(stored);
  EXPECT_TRUE(of_bytes.is_adapted());
  EXPECT_EQ(of_bytes.predict(table).output, run.predict(file, 3).output);
  const AdaptedModels parsed = run.parse_adapted(stored);
  EXPECT_EQ(parsed.steps, 3);
  EXPECT_EQ(run.predict(parsed, table).output, run.predict(file, 3).output);
  EXPECT_THROW(run.parse_adapted(bytes_of(bytes)), ModelError) << "one model, not adapted ones";
}

TEST_F(MemoryRun, TasksWithoutAModelTakeTheTrainedOneWhenTheyMay) {
  train("run");
  const shoal::Run run = shoal::Run::open(scratch_ / "run");
  const MemoryTable rows = columns_of(new_table_, false);
  const AdaptedModels none = run.adapt(columns_of(table_));
  EXPECT_THROW(run.predict(none, rows), DataError);
  const Predictions trained = run.predict(none, rows, WithoutModel::trained);
  EXPECT_EQ(trained.output, run.predict(rows, 0).output);
  EXPECT_EQ(trained.row.size(), 52u) << "without targets every row is a query row";
}

TEST_F(MemoryRun, StoppedRunsLeaveTheModelOfTheirLastIteration) {
  int done = 0;
  TrainRunOptions options;
  options.observer = [&](const TrainMetrics&) { ++done; };
  options.stop = [&] { return done == 7; };
  options.stopped_model = scratch_ / "stopped.safetensors";
  EXPECT_EQ(train("parts", options).training.outcome, TrainOutcome::stopped);
  train("seven", {}, {"train.iterations=7"});
  expect_same_tensors(scratch_ / "stopped.safetensors", scratch_ / "seven" / "model.safetensors");
  EXPECT_EQ(shoal::Run::open(scratch_ / "stopped.safetensors").metadata().at("selected_iteration"), "7");
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "parts" / "model.safetensors"));
}

TEST_F(MemoryRun, ValidatesOnASecondTable) {
  const std::vector<ConfigOverride> all_train = {"tasks.split.train=1", "tasks.split.validation=0",
                                                 "tasks.split.test=0", "train.validate_every=5"};
  TrainRunOptions options;
  int looks = 0;
  options.validation_observer = [&](const Validation& look) {
    ++looks;
    EXPECT_EQ(look.good, 5) << "the last client has two rows";
  };
  options.tables.validation = columns_of(new_table_);
  EXPECT_TRUE(train("run", options, all_train).training.validation_loss.has_value());
  EXPECT_EQ(looks, 4);
  const shoal::Run run = shoal::Run::open(scratch_ / "run");
  EXPECT_TRUE(run.metadata().contains("validation_tasks"));
  options.tables.validation = columns_of(table_);
  EXPECT_THROW(train("both", options, all_train), DataError) << "a client is on both sides";
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "both"));
}

TEST_F(MemoryRun, RefusesWhatIsNoTable) {
  EXPECT_THROW(train("run", {}, {"tasks.source=sinusoid"}), InvalidArgument);
  const std::string text = read_text(table_);
  EXPECT_THROW(shoal::Run::open(bytes_of(text)), ModelError);
  EXPECT_THROW(shoal::Run::open(std::span<const std::byte>()), ModelError);
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "run"));
}

}  // namespace
}  // namespace shoal
