// SPDX-License-Identifier: Apache-2.0
// Target columns: the domain of the loss, two words, scaling; and features without deviation.
// Covers moments.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <shoal/error.hpp>
#include <shoal/run_config.hpp>
#include <shoal/table_source.hpp>
#include <shoal/task_file.hpp>

#include "data/basic_table.hpp"
#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::basic;
using testing::Scratch;
using testing::values;

const TargetType bce = targets_of({.kind = LossKind::bce}), mse = targets_of({.kind = LossKind::mse}),
                 qlike = targets_of({.kind = LossKind::qlike});

/// The message that `work` throws, or "accepted".
template <class Work>
std::string message_of(Work work) {
  try {
    work();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "accepted";
}

void expect_words(const std::string& message, const std::vector<std::string>& words) {
  for (const std::string& word : words) EXPECT_NE(message.find(word), std::string::npos) << message;
}

/// A table of one key with these targets, x = 1, 2, ...
std::string table_of(const Scratch& folder, const std::vector<std::string>& targets) {
  std::string text = "id,x,y\n";
  for (std::size_t i = 0; i < targets.size(); ++i) text += "a," + std::to_string(i) + "," + targets[i] + "\n";
  return folder.file("t.csv", text);
}

TEST(Targets, OutsideTheDomainOfTheLossAreRefusedByPlaceAndValue) {
  const Scratch folder;
  struct Bad {
    TargetType type;
    std::string value;
    std::vector<std::string> words;
  };
  const std::vector<Bad> all = {
      {bce, "2", {"2 is not between 0 and 1"}},
      {bce, "-1", {"-1 is not between 0 and 1"}},
      {bce, "1.0000001", {"1.0000001 is not between 0 and 1"}},
      {bce, "100", {"100 is not between 0 and 1", "probability"}},
      {qlike, "0", {"0 is not positive", "loss.floor"}},
      {qlike, "-0.5", {"-0.5 is not positive"}},
      {qlike, "1e-60", {"1e-60 is rounded to single precision and then is not positive"}},
      {mse, "1e39", {"1e+39 is beyond the range of single precision"}},
  };
  for (const Bad& bad : all) {
    const auto options = basic(table_of(folder, {"1", "0.5", "1", bad.value, "0.25"}));
    auto words = bad.words;
    words.push_back("t.csv:5: column \"y\": ");
    expect_words(message_of([&] { make_table_source(options, bad.type, 1); }), words);
  }
  EXPECT_EQ(message_of([&] {
              make_table_source(basic(table_of(folder, {"0", "1", "0.3", "1e-9"})), bce, 1);
            }),
            "accepted");
  const TargetType floored = targets_of({.kind = LossKind::qlike, .floor = 0.1});
  EXPECT_EQ(message_of([&] {
              make_table_source(basic(table_of(folder, {"0", "1", "-3"})), floored, 1);
            }),
            "accepted");
  expect_words(message_of([&] {
                 make_table_source(basic(table_of(folder, {"1", "2", "1", "2"})), bce, 1);
               }),
               {"t.csv:3", "\"1\" and \"2\"", "tasks.positive = \"2\""});
}

TEST(Targets, OfQueryRowsDoNotCountWhereNothingIsComputedFromThem) {
  const Scratch folder;
  TableOptions options = basic(folder.file("t.csv", "id,t,x,y\na,1,1,0\na,2,2,1\na,3,3,1\n"));
  options.time = "t";
  const Preprocessing p = make_table_source(options, bce, 1)->preprocessing();
  const auto meet = [&](const char* text, TargetsNeeded needed) {
    return message_of([&] { testing::open_with_preprocessing(folder.file("n.csv", text), p, needed, bce); });
  };
  const char *query = "id,t,x,y\na,1,1,0\na,2,2,1\na,3,3,7\n",
             *support = "id,t,x,y\na,1,1,7\na,2,2,1\na,3,3,1\n";
  EXPECT_EQ(meet(query, TargetsNeeded::in_support), "accepted");
  expect_words(meet(query, TargetsNeeded::everywhere), {"n.csv:4", "7 is not between 0 and 1"});
  expect_words(meet(support, TargetsNeeded::in_support), {"n.csv:2", "7 is not between 0 and 1"});
  EXPECT_EQ(meet(support, TargetsNeeded::nowhere), "accepted");
}

TEST(Targets, TwoWordsNeedThePositiveOne) {
  const Scratch folder;
  for (const auto& [negative, positive] : std::vector<std::pair<std::string, std::string>>{
           {"good", "bad"}, {"False", "True"}, {"N", "Y"}, {"1", "2"}, {"yes", "no"}}) {
    TableOptions options = basic(table_of(folder, {negative, positive, negative, positive}));
    expect_words(
        message_of([&] { make_table_source(options, bce, 1); }),
        {"t.csv:", "column \"y\"", "\"" + negative + "\"", "\"" + positive + "\"", "tasks.positive"});
    options.positive = positive;
    options.support = 0;
    const auto source = make_table_source(options, bce, 1);
    EXPECT_EQ(source->columns().targets, 1);
    EXPECT_EQ(source->classes(), 0);
    EXPECT_EQ(values(source->evaluation(Phase::train, 0).query().y), (std::vector<float>{0, 1, 0, 1}));
    const Preprocessing again = preprocessing_from_json(to_json(source->preprocessing()));
    EXPECT_EQ(again.options.positive, positive);
    EXPECT_EQ(again.labels, (std::vector<std::string>{negative, positive}));

    // A model keeps its two words: one of them may be absent, a third one is refused at its location.
    const auto meet = [&](const std::string& values) {
      return testing::open_with_preprocessing(folder.file("n.csv", "id,x,y\n" + values), again,
                                              TargetsNeeded::everywhere, bce);
    };
    EXPECT_EQ(values(meet("b,1," + positive + "\n")->evaluation(Phase::test, 0).query().y),
              (std::vector<float>{1}));
    expect_words(
        message_of([&] { meet("b,1," + positive + "\nb,1,maybe\n"); }),
        {"n.csv:3: column \"y\": \"maybe\" is neither \"" + negative + "\" nor \"" + positive + "\""});
    TableOptions other = again.options;
    other.path = options.path;
    other.positive = negative;
    expect_words(message_of([&] {
                   make_table_source(other, again, bce, TargetsNeeded::everywhere, Phases::all_test, 1);
                 }),
                 {"tasks.positive is not what the model was trained with"});
  }
}

TEST(Targets, ThePositiveWordMustFitTheColumn) {
  const Scratch folder;
  const auto message = [&](const std::vector<std::string>& targets, const TargetType& type = bce) {
    TableOptions options = basic(table_of(folder, targets));
    options.positive = "bad";
    return message_of([&] { make_table_source(options, type, 1); });
  };
  expect_words(message({"good", "bad", "ugly"}), {"t.csv:4: column \"y\": \"ugly\"", "\"good\"", "\"bad\""});
  expect_words(message({"good", "gut", "good"}), {"t.csv:3: column \"y\": \"gut\"", "\"good\""});
  expect_words(message({"good", "good", "good"}), {"t.csv:2: column \"y\": \"good\" is the only value"});
  expect_words(message({"bad", "bad", "bad"}), {"t.csv:2: column \"y\": ", "is the only value"});
  expect_words(message({"1", "2", "3"}, mse), {"tasks: positive", "bce"});
}

std::vector<double> query_targets(const TableOptions& options, const TargetType& type) {
  const TaskBatch64 tasks = make_table_source(options, type, 1)->evaluation64(Phase::train, 0);
  return {tasks.query().y.begin(), tasks.query().y.end()};
}

TEST(Targets, AreScaledWhereTheirDeviationIsFarFromOne) {
  const Scratch folder;
  const auto options_for = [&](const std::vector<std::string>& targets, ScaleTargets choice) {
    TableOptions options = basic(table_of(folder, targets));
    options.support = 0;
    options.scale_targets = choice;
    return options;
  };
  const auto scaled = [&](const std::vector<std::string>& targets, ScaleTargets choice) {
    return make_table_source(options_for(targets, choice), mse, 1)->target_units();
  };
  using enum ScaleTargets;
  EXPECT_EQ(scaled({"100", "300"}, automatic), (TargetUnits{{200}, {100}}));
  EXPECT_EQ(scaled({"100", "120"}, automatic), TargetUnits{});  // a standard deviation of 10
  EXPECT_EQ(scaled({"100", "121"}, automatic), (TargetUnits{{110.5}, {10.5}}));
  EXPECT_EQ(scaled({"0", "0.25"}, automatic), TargetUnits{});
  EXPECT_EQ(scaled({"0", "0.125"}, automatic), (TargetUnits{{0.0625}, {0.0625}}));
  EXPECT_EQ(scaled({"0", "2"}, on), (TargetUnits{{1}, {1}}));
  EXPECT_EQ(scaled({"100", "300"}, off), TargetUnits{});
  EXPECT_EQ(scaled({"7", "7"}, automatic), (TargetUnits{{7}, {1}}));
  EXPECT_EQ(query_targets(options_for({"100", "300"}, automatic), mse), (std::vector<double>{-1, 1}));
  EXPECT_EQ(query_targets(options_for({"100", "300"}, off), mse), (std::vector<double>{100, 300}));
  // Far from 0, the mean is subtracted before values are rounded to single precision.
  EXPECT_EQ(values(make_table_source(options_for({"1000000000", "1000000002"}, on), mse, 1)
                       ->evaluation(Phase::train, 0)
                       .query()
                       .y),
            (std::vector<float>{-1, 1}));
  // Losses whose targets have no unit.
  const auto options = options_for({"0", "1"}, on);
  for (const LossKind kind : {LossKind::bce, LossKind::softmax, LossKind::qlike})
    expect_words(message_of([&] { make_table_source(options, targets_of({.kind = kind}), 1); }),
                 {"tasks: scale_targets = true"});
  EXPECT_EQ(make_table_source(options_for({"100", "300"}, automatic), qlike, 1)->target_units(),
            TargetUnits{});
}

TEST(Targets, OnlyMetaTrainRowsScale) {
  const Scratch folder;
  std::string text = "id,x,y\n";
  for (int task = 0; task < 40; ++task)
    for (int row = 0; row < 3; ++row)
      text += "k" + std::to_string(task) + ",1," + std::to_string(1000 * task + row) + "\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.split.train = 0.5;
  options.split.test = 0.5;
  const auto source = make_table_source(options, mse, 1);
  TableOptions plain = options;
  plain.scale_targets = ScaleTargets::off;
  const TaskBatch64 train = make_table_source(plain, mse, 1)->evaluation64(Phase::train, 0);
  std::vector<double> y(train.support().y.begin(), train.support().y.end());
  y.insert(y.end(), train.query().y.begin(), train.query().y.end());
  ASSERT_LT(y.size(), 100u);
  double mean = 0.0, squares = 0.0;
  for (const double value : y) mean += value / static_cast<double>(y.size());
  for (const double value : y) squares += (value - mean) * (value - mean);
  EXPECT_NEAR(source->target_units().mean[0], mean, 1e-9 * mean);
  EXPECT_NEAR(source->target_units().deviation[0], std::sqrt(squares / static_cast<double>(y.size())), 1e-6);
}

TEST(Targets, OfSeveralColumnsShareADeviationWhereTheLossSumsOverThem) {
  const Scratch folder;
  TableOptions options =
      basic(folder.file("t.csv", "id,x,y,z\na,1,100,0\na,2,300,2\na,3,100,0\na,4,300,2\n"));
  options.targets = {"y", "z"};
  options.support = 0;
  const double shared = std::sqrt((100.0 * 100.0 + 1.0) / 2.0);
  EXPECT_EQ(make_table_source(options, mse, 1)->target_units(), (TargetUnits{{200, 1}, {shared, shared}}));
  EXPECT_EQ(make_table_source(options, targets_of({.kind = LossKind::gaussian_nll}), 1)->target_units(),
            (TargetUnits{{200, 1}, {100, 1}}));
}

TEST(Targets, AnOffsetIsInTheirUnits) {
  const Scratch folder;
  TableOptions options =
      basic(folder.file("t.csv", "id,x,y,base\na,1,100,300\na,2,300,200\na,3,100,0\na,4,300,100\n"));
  options.offset = "base";
  options.support = 0;
  const auto tasks = make_table_source(options, mse, 1)->evaluation(Phase::train, 0);
  EXPECT_EQ(values(tasks.query().output_offset), (std::vector<float>{1, 0, -2, -1}));
}

TEST(Targets, ScalingTravelsAndModelsOfBeforeHaveNone) {
  const Scratch folder;
  TableOptions options = basic(table_of(folder, {"100", "300", "100", "300"}));
  options.support = 0;
  const Preprocessing p = make_table_source(options, mse, 1)->preprocessing();
  const std::string json = to_json(p);
  const Preprocessing again = preprocessing_from_json(json);
  EXPECT_EQ(again.target_units, p.target_units);
  const auto met = testing::open_with_preprocessing(folder.file("n.csv", "id,x,y\nb,1,400\n"), again,
                                                    TargetsNeeded::everywhere, mse);
  EXPECT_EQ(values(met->evaluation(Phase::test, 0).query().y), (std::vector<float>{2}));
  TableOptions other = options;
  other.scale_targets = ScaleTargets::off;
  expect_words(message_of([&] {
                 make_table_source(other, again, mse, TargetsNeeded::everywhere, Phases::all_test, 1);
               }),
               {"tasks.scale_targets is not what the model was trained with"});

  std::string before = json;
  for (const char* key : {",\"positive\":\"\"", ",\"scale_targets\":\"auto\"", ",\"target_mean\":[200.0]",
                          ",\"target_deviation\":[100.0]", ",\"constant\":[]"}) {
    ASSERT_NE(before.find(key), std::string::npos) << key << " in " << json;
    before.erase(before.find(key), std::string(key).size());
  }
  const Preprocessing old = preprocessing_from_json(before);
  EXPECT_EQ(old.target_units, TargetUnits{});
  const auto plain = testing::open_with_preprocessing(folder.file("n.csv", "id,x,y\nb,1,400\n"), old,
                                                      TargetsNeeded::everywhere, mse);
  EXPECT_EQ(values(plain->evaluation(Phase::test, 0).query().y), (std::vector<float>{400}));
  std::string broken = json;
  broken.replace(broken.find("[100.0]"), 7, "[0.0]");
  EXPECT_THROW(preprocessing_from_json(broken), ModelError);
}

TEST(Targets, OfATaskFileAreRefusedByTensorTaskRowAndValue) {
  const Scratch folder;
  const auto file = [&](std::vector<float> support, std::vector<float> query) {
    const std::string name = folder.file("t.safetensors", "");
    write_task_file(name, TaskBatch::own({1, 1, 0}, {{1, 2, 3}, std::move(support), {}, {}, {0, 1, 3}},
                                         {{1, 2}, std::move(query), {}, {}, {0, 1, 2}}, {42, 7}));
    return name;
  };
  const auto message = [&](const std::string& name, LossKind kind, TargetsNeeded needed) {
    return message_of([&] { make_file_source(name, 1, {.loss = {.kind = kind}, .needed = needed}); });
  };
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> good = {0, 1}, good3 = {1, 0, 1};
  using enum TargetsNeeded;
  expect_words(
      message(file({1, 0, 2}, good), LossKind::bce, everywhere),
      {"t.safetensors: support target of task 1 (id 7), row 1 (support_y): 2 is not between 0 and 1"});
  expect_words(message(file(good3, {1, -1}), LossKind::bce, everywhere),
               {"query target of task 1 (id 7), row 0 (query_y): -1 is not between 0 and 1"});
  EXPECT_EQ(message(file(good3, {1, -1}), LossKind::bce, in_support), "accepted");
  EXPECT_EQ(message(file({1, 0, 2}, good), LossKind::bce, nowhere), "accepted");
  EXPECT_EQ(message(file({1, 0, 2}, good), LossKind::mse, everywhere), "accepted");
  expect_words(message(file({1, 0, 2}, good), LossKind::qlike, everywhere),
               {"row 0 (support_y): 0 is not positive"});
  for (const float bad : {inf, -inf, nan}) {
    expect_words(message(file({1, bad, 1}, good), LossKind::mse, everywhere),
                 {"support target of task 1 (id 7), row 0", "is not a finite number"});
    EXPECT_EQ(message(file(good3, {bad, 1}), LossKind::mse, in_support), "accepted");
  }
  const auto scaled = make_file_source(file({100, 300, 100}, {300, 100}), 1, {.units = {{200}, {100}}});
  EXPECT_EQ(values(scaled->evaluation(Phase::test, 0).query().y),
            (std::vector<float>{-1, 1}));  // in order of id
}

TEST(Features, WithoutDeviationAreNamedAndNotScaled) {
  const Scratch folder;
  const auto preprocessing = [&](const std::vector<std::string>& cells) {
    std::string text = "id,x,y\n";
    for (std::size_t i = 0; i < cells.size(); ++i)
      text += "a," + cells[i] + "," + std::to_string(i % 3) + "\n";
    TableOptions options = basic(folder.file("t.csv", text));
    options.scale = true;
    return make_table_source(options, mse, 1)->preprocessing();
  };
  for (const char* value : {"14.62", "0.1", "-1e-9", "123456789.123", "0"}) {
    const Preprocessing p = preprocessing(std::vector<std::string>(1000, value));
    EXPECT_EQ(p.constant, std::vector<std::string>{"x"}) << value;
    EXPECT_EQ(p.deviation[0], 1.0) << value;
    EXPECT_EQ(p.mean[0], std::strtod(value, nullptr));
  }
  // Values that differ in their last digit only, as different sums of the same terms do.
  std::vector<std::string> rounded(999, "0.3");
  for (std::size_t i = 0; i < rounded.size(); i += 3) rounded[i] = "0.30000000000000004";
  EXPECT_EQ(preprocessing(rounded).constant, std::vector<std::string>{"x"});
  // Small values are not constant, nor are small differences of large values.
  for (const auto& [a, b] : std::vector<std::pair<std::string, std::string>>{
           {"1e-9", "2e-9"}, {"1e-100", "3e-100"}, {"1000000", "1000000.000001"}, {"-1", "1"}}) {
    std::vector<std::string> cells(1000, a);
    for (std::size_t i = 0; i < cells.size(); i += 2) cells[i] = b;
    const Preprocessing p = preprocessing(cells);
    EXPECT_TRUE(p.constant.empty()) << a;
    const double half = std::abs(std::strtod(b.c_str(), nullptr) - std::strtod(a.c_str(), nullptr)) / 2.0;
    EXPECT_NEAR(p.deviation[0], half, 1e-3 * half) << a;
  }
  for (const auto& [value, what] :
       std::vector<std::pair<std::string, std::string>>{{"1e200", "large"}, {"3e-200", "small"}})
    expect_words(message_of([&] {
                   preprocessing({"0", value, "0", "0"});
                 }),
                 {"t.csv:3: column \"x\": values like", "too " + what + " to be standardised"});
}

}  // namespace
}  // namespace shoal
