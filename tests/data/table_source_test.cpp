// SPDX-License-Identifier: Apache-2.0
// The use of columns: keys, features, categories, labels, missing values.
// Covers column_*, feature_map, preprocessing, level_index.
#include <gtest/gtest.h>

#include <shoal/error.hpp>
#include <shoal/table_source.hpp>

#include "data/basic_table.hpp"
#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::basic;
using testing::open_with_preprocessing;
using testing::Scratch;
using testing::values;

TEST(Table, KeysAreTextAndNoTwoAreAlike) {
  const Scratch folder;
  std::string text = "id,part,t,x,y\n";
  const char* keys[] = {"007,a", "7,a",  "07,a", "12345678901234567,a", "12345678901234568,a",
                        "a/b,c", "a,b/c"};
  for (const char* key : keys)
    for (int t = 0; t < 4; ++t) text += std::string(key) + "," + std::to_string(t) + ",1,2\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.time = "t";
  options.key = {"id", "part"};
  const auto source = make_table_source(options, TargetType::real, 1);
  EXPECT_EQ(source->evaluation(Phase::train, 0).size(), static_cast<std::int64_t>(std::size(keys)));
}

TEST(Table, QlikeWithoutAFloorNeedsPositiveTargets) {
  const Scratch folder;
  TableOptions options = basic(folder.file("t.csv", "id,x,y\na,1,1\na,2,2\na,3,0\na,4,1\n"));
  EXPECT_NO_THROW(make_table_source(options, TargetType::real, 1));
  try {
    make_table_source(options, TargetType::positive, 1);
    ADD_FAILURE() << "a target of 0 was accepted";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("t.csv:4: column \"y\": 0 is not positive"), std::string::npos)
        << error.what();
  }
}

TEST(Table, MissingValuesFollowThePolicy) {
  const Scratch folder;
  const std::string text = "id,x,y\na,1,0\na,NA,0\na,3,0\na,8,0\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.time = "";
  try {
    make_table_source(options, TargetType::real, 1);
    ADD_FAILURE();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("t.csv:3: column \"x\""), std::string::npos) << error.what();
  }
  options.missing = MissingPolicy::drop;
  const TaskBatch dropped = make_table_source(options, TargetType::real, 1)->evaluation(Phase::train, 0);
  EXPECT_EQ(dropped.support().total_rows() + dropped.query().total_rows(), 3);
  options.missing = MissingPolicy::mean;
  const auto source = make_table_source(options, TargetType::real, 1);
  EXPECT_EQ(source->preprocessing().inputs, (std::vector<std::string>{"x", "x_missing"}));
  EXPECT_EQ(source->preprocessing().fill[0], 4.0);
  const TaskBatch filled = source->evaluation(Phase::train, 0);
  std::multiset<std::pair<float, float>> rows;
  for (const auto& set : {filled.support(), filled.query()})
    for (std::size_t r = 0; r < set.x.size(); r += 2) rows.insert({set.x[r], set.x[r + 1]});
  EXPECT_EQ(rows, (std::multiset<std::pair<float, float>>{{1, 0}, {3, 0}, {4, 1}, {8, 0}}));
}

TEST(Table, CategoriesLabelsAndPreprocessingTravelToNewData) {
  const Scratch folder;
  TableOptions options = basic(
      folder.file("t.csv", "id,colour,y\na,red,no\na,blue,yes\na,red,no\nb,blue,no\nb,red,yes\nb,red,no\n"));
  options.features = {"colour"};
  const auto source = make_table_source(options, TargetType::label, 1);
  EXPECT_EQ(source->preprocessing().inputs, (std::vector<std::string>{"colour=blue", "colour=red"}));
  EXPECT_EQ(source->preprocessing().labels, (std::vector<std::string>{"no", "yes"}));
  EXPECT_EQ(source->classes(), 2);
  const Preprocessing again = preprocessing_from_json(to_json(source->preprocessing()));
  EXPECT_EQ(to_json(again), to_json(source->preprocessing()));
  TableOptions without_path = source->preprocessing().options;
  without_path.path = "";
  EXPECT_TRUE(again.options == without_path);

  const std::string fresh = folder.file("new.csv", "y,id,colour\nyes,c,green\nyes,c,blue\nno,c,red\n");
  const TaskBatch tasks = open_with_preprocessing(fresh, again, TargetsNeeded::everywhere, TargetType::label)
                              ->evaluation(Phase::test, 0);
  EXPECT_EQ(tasks.columns().inputs, 2);
  float total = 0.0f;
  for (const auto& set : {tasks.support(), tasks.query()})
    for (const float x : set.x) total += x;
  EXPECT_EQ(total, 2.0f);  // the unknown colour is in no category
  EXPECT_THROW(
      open_with_preprocessing(folder.file("bad.csv", "y,id,colour\nmaybe,c,red\nyes,c,red\nno,c,red\n"),
                              again, TargetsNeeded::everywhere, TargetType::label),
      DataError);
  // Predictions of adapted models need no targets: all rows are predicted.
  const std::string bare = folder.file("bare.csv", "id,colour\nc,red\nc,blue\nc,red\n");
  EXPECT_THROW(open_with_preprocessing(bare, again, TargetsNeeded::everywhere, TargetType::label), DataError);
  EXPECT_THROW(open_with_preprocessing(bare, again, TargetsNeeded::in_support, TargetType::label), DataError);
  const TaskBatch asked = open_with_preprocessing(bare, again, TargetsNeeded::nowhere, TargetType::label)
                              ->evaluation(Phase::test, 0);
  EXPECT_EQ(asked.support().total_rows(), 0);
  EXPECT_EQ(asked.query().total_rows(), 3);
}

TEST(Table, AModelsColumnsAreFixedItsRowsAreNot) {
  const Scratch folder;
  std::string text = "id,t,x,z,y\n";
  for (int t = 0; t < 40; ++t) text += "a," + std::to_string(t) + "," + std::to_string(t) + ",1,2\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.time = "t";
  options.scale = true;
  const Preprocessing trained = make_table_source(options, TargetType::real, 1)->preprocessing();
  // Other windows and another split use the scalers of training, not their own.
  TableOptions windows = options;
  windows.windows = {.support = 2, .query = 2, .stride = 0, .purge = 0};
  windows.split = {
      .by = "time", .train = 0, .validation = 0, .test = 0, .validation_from = "", .test_from = "20"};
  const auto source =
      make_table_source(windows, trained, TargetType::real, TargetsNeeded::everywhere, Phases::split, 1);
  EXPECT_EQ(to_json(source->preprocessing()), to_json(trained));
  EXPECT_EQ(source->size(Phase::train), 9);
  EXPECT_EQ(source->size(Phase::test), 10);
  for (const auto change :
       {+[](TableOptions& o) { o.features = {"z"}; }, +[](TableOptions& o) { o.targets = {"z"}; },
        +[](TableOptions& o) { o.offset = "z"; }, +[](TableOptions& o) { o.scale = false; },
        +[](TableOptions& o) { o.categorical = {"x"}; }}) {
    TableOptions other = options;
    change(other);
    EXPECT_THROW(
        make_table_source(other, trained, TargetType::real, TargetsNeeded::everywhere, Phases::split, 1),
        InvalidArgument);
  }
}

TEST(Table, LabelsToAdaptOnAreNeverInvented) {
  const Scratch folder;
  TableOptions options = basic(folder.file("t.csv", "id,t,x,y\na,1,1,no\na,2,2,yes\na,3,3,no\n"));
  options.time = "t";
  const Preprocessing p = make_table_source(options, TargetType::label, 1)->preprocessing();
  const std::string holed = folder.file("n.csv", "id,t,x,y\na,1,1,yes\na,2,2,\na,3,3,yes\na,4,4,\n");
  const std::string open = folder.file("o.csv", "id,t,x,y\na,1,1,yes\na,3,3,yes\na,4,4,\na,2,2,\n");
  for (const std::string& file : {holed, open}) {  // the row without a label is between known ones in time
    const TaskBatch tasks = open_with_preprocessing(file, p, TargetsNeeded::in_support, TargetType::label)
                                ->evaluation(Phase::test, 0);
    EXPECT_EQ(std::vector<std::int64_t>(tasks.support().labels.begin(), tasks.support().labels.end()),
              (std::vector<std::int64_t>{1, 1}));
    EXPECT_EQ(values(tasks.support().x), (std::vector<float>{1, 3}));
    EXPECT_EQ(values(tasks.query().x), (std::vector<float>{2, 4}));
  }
}

TEST(Table, AMixtureOfNumbersAndTextIsRefusedWhereItBegins) {
  const Scratch folder;
  const auto message = [&](const std::string& text) -> std::string {
    try {
      make_table_source(basic(folder.file("t.csv", text)), TargetType::real, 1);
    } catch (const DataError& error) {
      return error.what();
    }
    return "accepted";
  };
  const std::string head = "id,x,y\n";
  std::string found = message(head + "a,1,1\na,2,1\na,n.a.,1\na,-,1\n");
  EXPECT_NE(found.find("t.csv:4: column \"x\": \"n.a.\" is not a number, 2 other values are"),
            std::string::npos)
      << found;
  found = message(head + "a,red,1\na,blue,1\na,7,1\n");
  EXPECT_NE(found.find("t.csv:4: column \"x\": \"7\" is a number, 2 other values are text"),
            std::string::npos)
      << found;
  EXPECT_NE(found.find("tasks.categorical"), std::string::npos);
  // A word for a missing value is not a text.
  found = message(head + "a,1,1\na,NULL,1\n");
  EXPECT_NE(found.find("t.csv:3: column \"x\": the value is missing"), std::string::npos) << found;
}

TEST(Table, NumbersMayBeCategories) {
  const Scratch folder;
  TableOptions options = basic(folder.file("t.csv", "id,x,y\na,10,1\na,010,1\na,9,1\na,B,1\n"));
  options.categorical = {"x"};
  const auto source = make_table_source(options, TargetType::real, 1);
  EXPECT_EQ(source->preprocessing().inputs, (std::vector<std::string>{"x=010", "x=10", "x=9", "x=B"}));
  options.categorical = {"y"};
  EXPECT_THROW(make_table_source(options, TargetType::real, 1), InvalidArgument);
}

TEST(Table, AColumnMayBeKeyAndFeature) {
  const Scratch folder;
  TableOptions options = basic(folder.file("t.csv", "id,y\n007,1\n007,1\n007,1\n7,1\n7,1\n7,1\n"));
  options.features = {"id"};
  const auto source = make_table_source(options, TargetType::real, 1);
  const TaskBatch tasks = source->evaluation(Phase::train, 0);
  EXPECT_EQ(tasks.size(), 2);
  for (const float x : tasks.query().x) EXPECT_EQ(x, 7.0f);
}

TEST(Table, AFeatureMayBeNamedLikeAnIndicator) {
  const Scratch folder;
  TableOptions options =
      basic(folder.file("t.csv", "id,x,x_missing,y\na,1,5,1\na,,6,1\na,3,7,1\nb,1,8,1\nb,2,9,1\nb,3,9,1\n"));
  options.features = {"x", "x_missing"};
  options.missing = MissingPolicy::mean;
  const auto source = make_table_source(options, TargetType::real, 1);
  EXPECT_EQ(source->preprocessing().kinds,
            (std::vector<InputKind>{InputKind::number, InputKind::indicator, InputKind::number}));
  options.missing = MissingPolicy::drop;
  const auto dropped = make_table_source(options, TargetType::real, 1);
  EXPECT_EQ(dropped->preprocessing().inputs, (std::vector<std::string>{"x", "x_missing"}));
  for (const auto* each : {source.get(), dropped.get()})
    EXPECT_EQ(to_json(preprocessing_from_json(to_json(each->preprocessing()))),
              to_json(each->preprocessing()));
}

template <class T>
void expect_read_from_npy(const std::string& type) {
  const Scratch folder;
  const T least = std::is_signed_v<T> ? T(-100) : T(200);
  const T cells[] = {T(1), least, T(3), T(1), T(2), T(4), T(1), T(7), T(5)};
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (3, 3), }\n";
  std::string file("\x93NUMPY\x01\0", 8);
  file += std::string{static_cast<char>(header.size()), '\0'} + header;
  file.append(reinterpret_cast<const char*>(cells), sizeof cells);
  TableOptions options = basic(folder.file("t.npy", file));
  options.key = {"c0"};
  options.features = {"c1"};
  options.targets = {"c2"};
  options.support = 0;
  const TaskBatch tasks = make_table_source(options, TargetType::real, 1)->evaluation(Phase::train, 0);
  EXPECT_EQ(values(tasks.query().x), (std::vector<float>{static_cast<float>(least), 2, 7})) << type;
  EXPECT_EQ(values(tasks.query().y), (std::vector<float>{3, 4, 5})) << type;
}

TEST(Table, EveryTypeOfNpyIsRead) {
  expect_read_from_npy<float>("<f4");
  expect_read_from_npy<double>("<f8");
  expect_read_from_npy<std::int8_t>("|i1");
  expect_read_from_npy<std::int16_t>("<i2");
  expect_read_from_npy<std::int32_t>("<i4");
  expect_read_from_npy<std::int64_t>("<i8");
  expect_read_from_npy<std::uint8_t>("|u1");
  expect_read_from_npy<std::uint16_t>("<u2");
  expect_read_from_npy<std::uint32_t>("<u4");
  expect_read_from_npy<std::uint64_t>("<u8");
}

TEST(Table, HeaderNamesAreTrimmedLikeValues) {
  const Scratch folder;
  EXPECT_NO_THROW(make_table_source(basic(folder.file("t.csv", "id , x,\ty\na,1,1\na,2,1\na,3,1\n")),
                                    TargetType::real, 1));
}

}  // namespace
}  // namespace shoal
