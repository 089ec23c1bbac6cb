// SPDX-License-Identifier: Apache-2.0
// The times of a whole column: their order, which layouts may occur together, the boundaries of a split.
#include <gtest/gtest.h>

#include <limits>

#include <shoal/error.hpp>
#include <shoal/table_source.hpp>

#include "data/basic_table.hpp"
#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::basic;
using testing::Scratch;
using testing::values;

using Times = std::vector<std::string>;

/// A source with one task and one support row; x counts the rows of the file.
std::unique_ptr<TableSource> table_of(const Scratch& folder, const Times& times,
                                      const std::string& format = "", const std::string& test_from = "") {
  std::string text = "id,t,x,y\n";
  for (std::size_t i = 0; i < times.size(); ++i)
    text += "a,\"" + times[i] + "\"," + std::to_string(i) + ",1\n";
  TableOptions options = basic(folder.file("t.csv", text));
  options.time = "t";
  options.time_format = format;
  options.support = 1;
  if (!test_from.empty()) {
    options.split.by = "time";
    options.split.test_from = test_from;
    options.windows = {.support = 0, .query = 1, .stride = 0, .purge = 0};
  }
  return make_table_source(options, TargetType::real, 1);
}

template <class Error>
std::string refusal(const Times& times, const std::string& format = "", const std::string& test_from = "") {
  const Scratch folder;
  try {
    table_of(folder, times, format, test_from);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Timeline, OrdersByTimeHoweverItIsWritten) {
  const std::vector<Times> in_order = {
      {"2018-2", "2018-9", "2018-10", "2018-11", "2019-1"},
      {"2018M2", "2018M9", "2018M10"},
      {"2018-1-31", "2018-02-1", "2018-2-10", "2018-10-2"},
      {"2003-10-26T02:30:00+02:00", "2003-10-26T02:00:00+01:00", "2003-10-26T01:30:00Z",
       "2003-10-26T02:31+01:00"},
      {"1582218195625938945", "1582218195625938946", "1582218195625939045"},
      {"-9223372036854775808", "-5", "+4", "0005", "6.0", "9223372036854775807"},
      {"2003-01-31 09:30", "2003-01-31 9:30:00.000000001", "2003-01-31 10:00"},
      {"20031231", "20040101"},
      {"1-Feb-69", "1-Jan-99", "1-Jan-00", "1-Dec-68"},
      {"99", "100"},
      {"2018.9", "2018.10"},
      {"1700-01-01", "9999-12-31"},
  };
  for (const Times& sorted : in_order) {
    Times shuffled(sorted.rbegin(), sorted.rend());
    std::vector<float> expected;
    for (std::size_t i = sorted.size(); i-- > 0;) expected.push_back(static_cast<float>(i));
    const std::string format = sorted[0] == "1-Feb-69" ? "%d-%b-%y" : sorted[0] == "2018.9" ? "%Y.%m" : "";
    const Scratch folder;
    const auto source = table_of(folder, shuffled, format);
    const TaskBatch task = source->evaluation(Phase::train, 0);
    std::vector<float> found = values(task.support().x);
    found.insert(found.end(), task.query().x.begin(), task.query().x.end());
    EXPECT_EQ(found, expected) << sorted[0];
    // The text is that of the file, digit by digit.
    for (std::size_t row = 0; row < shuffled.size(); ++row)
      EXPECT_EQ(source->time_of(static_cast<std::int64_t>(row)), shuffled[row]);
  }
}

TEST(Timeline, ADateIsATextNotANumberOfTheFile) {
  const Scratch folder;
  TableOptions options = basic(folder.file("t.csv", "id,t,y\na,007,1\na,8,1\na,1e1,1\n"));
  options.time = "t";
  options.features = {"t"};  // the same column as a feature
  EXPECT_THROW(make_table_source(options, TargetType::real, 1), DataError);
  options.path = folder.file("t.csv", "id,t,y\na,007,1\na,8,1\na,9.0,1\n");
  const auto source = make_table_source(options, TargetType::real, 1);
  EXPECT_EQ(values(source->evaluation(Phase::train, 0).query().x), std::vector<float>{9});
  EXPECT_EQ(source->time_of(0), "007");
  EXPECT_EQ(source->time_of(2), "9.0");
}

TEST(Timeline, WhatIsNoTimeIsRefusedAtItsLine) {
  const std::string found = refusal<DataError>({"2018-02-27", "2018-02-28", "2018-02-29"});
  EXPECT_NE(
      found.find(
          "t.csv:4: column \"t\" (time): \"2018-02-29\" is not a date: this month has the days 1 to 28"),
      std::string::npos)
      << found;
  EXPECT_NE(refusal<DataError>({"2018.1", "2018.10"})
                .find("t.csv:2: column \"t\" (time): \"2018.1\" is a decimal number"),
            std::string::npos);
  EXPECT_NE(
      refusal<DataError>({"0.5", "1.5"}).find("t.csv:2: column \"t\" (time): \"0.5\" is not a whole number"),
      std::string::npos);
  EXPECT_NE(refusal<DataError>({"31/12/2003", "12/31/2003"}, "%d/%m/%Y")
                .find("t.csv:3: column \"t\" (time): \"12/31/2003\" is"),
            std::string::npos);
  EXPECT_NE(refusal<DataError>({"20102003", "21102003"})
                .find("t.csv:2: column \"t\" (time): \"20102003\" is, like every time"),
            std::string::npos);
  EXPECT_LT(refusal<DataError>({"1", std::string(100'000, 'x')}).size(), 500u);
}

TEST(Timeline, TimesOfTwoKindsAreRefusedAtTheRarerOne) {
  const std::tuple<Times, const char*, const char*> bad[] = {
      {{"2018-01-30", "2018-01-31", "2018-02"},
       ":4: ",
       "\"2018-02\" is a month, 2 other times are days such as \"2018-01-30\""},
      {{"2018-01", "2018-01-31", "2018-02"}, ":3: ", "is a day, 2 other times are months"},
      {{"2018-01-31", "2018-02-01T00:00", "2018-02-02T00:00"}, ":2: ", "is a day, 2 other"},
      {{"2018-01-31T00:00Z", "2018-02-01T00:00", "2018-02-02T00:00Z"},
       ":3: ",
       "without an offset, 2 other times are date-times with an offset"},
      {{"2018", "2019", "2020-01"}, ":4: ", "is a month, 2 other times are whole numbers"},
      {{"20180131", "2018-02-01", "20180202"}, ":3: ", "is a day, 2 other times are whole numbers"},
      {{"2018Q1", "2018-04", "2018Q3"}, ":3: ", "is a month, 2 other times are quarters"},
      {{"2018-W01", "2018-W02", "2018-W03-1"}, ":4: ", "is a day, 2 other times are weeks"},
  };
  for (const auto& [times, line, named] : bad) {
    const std::string found = refusal<DataError>(times);
    EXPECT_NE(found.find(line), std::string::npos) << found;
    EXPECT_NE(found.find(named), std::string::npos) << found;
  }
}

TEST(Timeline, WindowsNeedTimesThatDifferAsInstants) {
  const Scratch folder;
  TableOptions options =
      basic(folder.file("t.csv", "id,t,x,y\na,2018-01-01T00:00Z,1,1\na,2018-01-01T01:00+01:00,1,1\n"));
  options.time = "t";
  options.windows = {.support = 1, .query = 1, .stride = 0, .purge = 0};
  try {
    make_table_source(options, TargetType::real, 1);
    ADD_FAILURE();
  } catch (const DataError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("t.csv:3: column \"t\""), std::string::npos) << message;
    EXPECT_NE(message.find("2018-01-01T01:00+01:00"), std::string::npos) << message;
    EXPECT_NE(message.find("2018-01-01T00:00Z"), std::string::npos) << message;
  }
}

TEST(Timeline, BoundariesAreReadLikeTimes) {
  const Times days = {"2017-12-31", "2018-01-01", "2018-02-01", "2019-01-01"};
  struct Case {
    Times times;
    const char* boundary;
    std::int64_t before;  ///< number of tasks before the boundary
    const char* format = "";
  };
  const Case cases[] = {
      {days, "2018-02-01", 2},
      {days, "2018-2-1", 2},
      {days, " 2018-02-01 ", 2},
      {days, "2018", 1},
      {days, "2018-02", 2},
      {days, "2018Q1", 1},
      {days, "2018-W02", 2},
      {days, "20180201", 2},
      {days, "2018-02-01T00:00", 2},
      {days, "2018-06-15", 3},
      {days, "9999-12-31", 4},
      {{"2018-1", "2018-9", "2018-10"}, "2018-10", 2},
      {{"2018-1", "2018-9", "2018-10"}, "2018-10-01", 2},
      {{"2018Q1", "2018Q2", "2018Q3"}, "2018-07", 2},
      {{"2018-W01", "2018-W02"}, "2018-W02", 1},
      {{"2017-W52", "2018-W01"}, "2018", 1},
      {{"20171231", "20180101"}, "2018-01", 1},
      {{"20171231", "20180101"}, "20180101", 1},
      {{"2017", "2018", "2019"}, "2018", 1},
      {{"9007199254740992", "9007199254740993"}, "9007199254740993", 1},
      {{"2018-01-01T00:30+01:00", "2018-01-01T00:30Z"}, "2018-01-01T01:00+01:00", 1},
      {{"31/12/2017", "01/01/2018"}, "01/01/2018", 1, "%d/%m/%Y"},
      {{"31/12/2017", "01/01/2018"}, "2018-01-01", 1, "%d/%m/%Y"},
      {{"31/12/2017", "01/01/2018"}, "2018", 1, "%d/%m/%Y"},
  };
  for (const auto& [times, boundary, before, format] : cases) {
    const Scratch folder;
    const auto source = table_of(folder, times, format, boundary);
    EXPECT_EQ(source->size(Phase::train), before) << boundary;
    EXPECT_EQ(source->size(Phase::test), std::ssize(times) - before) << boundary;
  }
}

TEST(Timeline, BoundariesThatCannotBeComparedAreRefused) {
  struct Case {
    Times times;
    const char* boundary;
    const char* named;
    const char* format = "";
  };
  const Times days = {"2017-12-31", "2018-01-01"}, months = {"2018-01", "2018-02"};
  const Case cases[] = {
      {days, "01/01/2018", "the times of column \"t\" are days, e.g. \"2017-12-31\""},
      {days, "2018-02-30", "this month has the days 1 to 28"},
      {days, "2018-01-01T12:00", "lies inside a day"},
      {days, "17532", "is a whole number"},
      {days, "soon", "is not a time"},
      {months, "2018-01-15", "lies inside a month"},
      {{"2018Q1", "2018Q2"}, "2018-02", "lies inside a quarter"},
      {{"2018-W01", "2018-W02"}, "2019", "lies inside a week"},
      {{"1", "2"}, "2018-01-01", "is a day, the times of column \"t\" are whole numbers"},
      {{"1", "2"}, "1.5", "is not a whole number"},
      {{"2018-01-01T00:00Z", "2018-01-02T00:00Z"}, "2018-01-02", "has no offset from UTC"},
      {{"2018-01-01T00:00", "2018-01-02T00:00"}, "2018-01-02T00:00Z", "has an offset from UTC"},
      {{"31/12/2017", "01/01/2018"}, "2018/01/01", "is not a time in the format of the column", "%d/%m/%Y"},
  };
  for (const auto& [times, boundary, named, format] : cases) {
    const std::string found = refusal<InvalidArgument>(times, format, boundary);
    EXPECT_EQ(found.find("tasks.split.test_from = \"" + std::string(boundary) + "\": "), 0u) << found;
    EXPECT_NE(found.find(named), std::string::npos) << found;
  }
}

TEST(Timeline, AFormatNeedsATimeColumn) {
  const Scratch folder;
  TableOptions options = basic(folder.file("t.csv", "id,x,y\na,1,1\na,2,1\na,3,1\n"));
  options.time_format = "%Y";
  EXPECT_THROW(make_table_source(options, TargetType::real, 1), InvalidArgument);
}

template <class T>
std::string npy(const std::string& type, const std::vector<T>& cells) {
  const std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" +
                             std::to_string(cells.size() / 4) + ", " + "4" + "), }\n";
  std::string file("\x93NUMPY\x01\0", 8);
  file += std::string{static_cast<char>(header.size()), '\0'} + header;
  return file.append(reinterpret_cast<const char*>(cells.data()), cells.size() * sizeof(T));
}

TEST(Timeline, NumbersOfNpyAreExact) {
  const Scratch folder;
  const auto order = [&](const std::string& file) {
    TableOptions options = basic(folder.file("t.npy", file));
    options.key = {"c0"};
    options.time = "c1";
    options.features = {"c2"};
    options.targets = {"c3"};
    options.support = 1;
    return values(make_table_source(options, TargetType::real, 1)->evaluation(Phase::train, 0).query().x);
  };
  constexpr std::int64_t beyond = (std::int64_t{1} << 62) + 1;
  EXPECT_EQ(order(npy<std::int64_t>("<i8", {1, beyond + 2, 3, 0, 1, beyond + 1, 2, 0, 1, beyond, 1, 0})),
            (std::vector<float>{2, 3}));
  EXPECT_EQ(order(npy<double>("<f8", {1, 1e18, 3, 0, 1, 100001, 2, 0, 1, 1e5, 1, 0})),
            (std::vector<float>{2, 3}));
  for (const double bad : {0.5, 1e19, std::numeric_limits<double>::infinity()})
    EXPECT_THROW(order(npy<double>("<f8", {1, bad, 3, 0, 1, 1, 2, 0})), DataError) << bad;
  EXPECT_THROW(order(npy<std::uint64_t>("<u8", {1, ~std::uint64_t{0}, 3, 0, 1, 1, 2, 0})), DataError);
}

TEST(Timeline, AFormatTravelsWithTheModel) {
  const Scratch folder;
  const auto source = table_of(folder, {"31/12/2017", "01/01/2018"}, "%d/%m/%Y");
  const Preprocessing kept = preprocessing_from_json(to_json(source->preprocessing()));
  EXPECT_EQ(kept.options.time_format, "%d/%m/%Y");
  std::string of_before = to_json(source->preprocessing());
  const std::string entry = "\"time_format\":\"%d/%m/%Y\",";
  of_before.erase(of_before.find(entry), entry.size());
  EXPECT_EQ(preprocessing_from_json(of_before).options.time_format, "");
}

}  // namespace
}  // namespace shoal
