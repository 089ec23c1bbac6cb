// SPDX-License-Identifier: Apache-2.0
// Malformed tables: each is refused with the file, the line or byte, and the column.
// Covers csv_reader, npy_reader, row_reader, table_options.
#include <gtest/gtest.h>

#include <shoal/error.hpp>
#include <shoal/table_source.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::Scratch;

struct Malformed {
  const char* what;
  std::string text;
  const char* named;
};

TableOptions options_for(const std::string& path, const std::string& prefix) {
  TableOptions options;
  options.path = path;
  options.key = {prefix == "c" ? "c0" : "id"};
  options.features = {prefix == "c" ? "c1" : "x"};
  options.targets = {prefix == "c" ? "c2" : "y"};
  options.time = prefix == "c" ? "" : "t";
  options.support = 1;
  options.query = 0;
  options.split = {
      .by = "task", .train = 1.0, .validation = 0.0, .test = 0.0, .validation_from = "", .test_from = ""};
  return options;
}

void expect_refused(const Scratch& folder, const std::string& name, const Malformed& bad,
                    const std::string& prefix) {
  const std::string path = folder.file(name, bad.text);
  const std::size_t before = folder.entries();
  try {
    make_table_source(options_for(path, prefix), TargetType::real, 1);
    ADD_FAILURE() << bad.what << " was accepted";
  } catch (const DataError& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find(path), 0u) << bad.what << ": " << message;
    EXPECT_NE(message.find(bad.named), std::string::npos) << bad.what << ": " << message;
  }
  EXPECT_EQ(folder.entries(), before);
}

TEST(Malformed, Csv) {
  const std::string head = "id,t,x,y\n";
  const std::vector<Malformed> bad = {
      {"empty", "", ":1:"},
      {"only blank lines", "\n\n", ":1:"},
      {"no rows", head, "no rows"},
      {"a column without a name", "id,,x,y\na,1,1,1\n", ":1: there is no column \"t\""},
      {"a column twice", "id,t,x,x\na,1,1,1\n", "\"x\""},
      {"the feature is not there", "id,t,z,y\na,1,1,1\n", "\"x\""},
      {"the target is not there", "id,t,x,Y\na,1,1,1\n", "\"y\""},
      {"the key is not there", "ID,t,x,y\na,1,1,1\n", "\"id\""},
      {"the time is not there", "id,T,x,y\na,1,1,1\n", "\"t\""},
      {"too few fields", head + "a,1,1,1\na,2,1\n", ":3: 3 fields"},
      {"too many fields", head + "a,1,1,1,9\n", ":2: 5 fields"},
      {"a target that is no number", head + "a,1,1,1\na,2,1,one\n", ":3: column \"y\""},
      {"a number with a comma", head + "a,1,1,\"1,5\"\n", "\"y\""},
      {"a number with trailing text", head + "a,1,1,1x\n", "\"y\""},
      {"a hexadecimal number", head + "a,1,1,0x10\n", "\"y\""},
      {"two signs", head + "a,1,1,+-3\n", "\"y\""},
      {"a missing feature", head + "a,1,,1\n", ":2: column \"x\""},
      {"a missing target", head + "a,1,1,NA\n", ":2: column \"y\""},
      {"a missing key", head + ",1,1,1\na,2,1,1\n", ":2: column \"id\""},
      {"a missing time", head + "a,,1,1\na,2,1,1\n", ":2: column \"t\""},
      {"an open quote", head + "a,1,1,\"1\n", ":2:"},
      {"a quote inside a field", head + "a,1,1\"2,1\n", ":2:"},
      {"text after a quote", head + "\"a\"b,1,1,1\n", ":2:"},
      {"text below a line break in quotes", head + "\"a\nb\",1,1,1\na,2,1,one\n", ":4: column \"y\""},
      {"a zero byte", head + std::string("a,1,\0,1\n", 8), ":2:"},
      {"a lone carriage return", head + "a,1,1,1\ra,2,1,1\n", ":2:"},
      {"a Latin-1 value", head + "a,1,1,1\nM\xfcller,2,1,1\n", ":3: column 1 (\"id\") is not UTF-8"},
      {"a Latin-1 name",
       "id,t,x,y,gr\xf6\xdf"
       "e\n",
       ":1: column 5 is not UTF-8"},
      {"an overlong form", head + "\xc0\xaf,1,1,1\n", ":2: column 1"},
      {"a surrogate", head + "\xed\xa0\x80,1,1,1\n", ":2: column 1"},
      {"beyond Unicode", head + "\xf4\x90\x80\x80,1,1,1\n", ":2: column 1"},
      {"a character cut short", head + "a\xe2\x82,1,1,1\n", ":2: column 1"},
      {"a time that is sometimes a number", head + "a,2001-01-01,1,1\na,7,1,1\na,2001-01-02,1,1\n",
       ":3: column \"t\""},
      {"an UTF-16 file", std::string("\xff\xfei\0d\0", 6), ":1:"},
      {"one row per task", head + "a,1,1,1\nb,1,1,1\n", "no task is left"},
      {"all rows of a task at one time", head + "a,1,1,1\na,1,2,1\n", "no task is left"},
  };
  const Scratch folder;
  for (const Malformed& each : bad) expect_refused(folder, "bad.csv", each, "");
}

std::string npy(const std::string& header, const std::string& data, char version = 1) {
  std::string text = std::string("\x93NUMPY") + version + '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) text += static_cast<char>(header.size() >> (8 * i));
  return text + header + data;
}

TEST(Malformed, Npy) {
  const std::string data(2 * 3 * 8, '\0');
  const auto header = [](const std::string& descr, const std::string& order, const std::string& shape) {
    return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
  };
  const std::string good = header("<f8", "False", "(2, 3)");
  const std::vector<Malformed> bad = {
      {"empty", "", "byte 0"},
      {"another magic", "\x93NUMPZ\x01\x01" + data, "byte 0"},
      {"unknown version", npy(good, data, 9), "byte 6"},
      {"a header beyond the file", npy(good, "").substr(0, 30), "byte 8"},
      {"no descr", npy("{'fortran_order': False, 'shape': (2, 3)}", data), "descr"},
      {"no shape", npy("{'descr': '<f8', 'fortran_order': False}", data), "shape"},
      {"no order", npy("{'descr': '<f8', 'shape': (2, 3)}", data), "fortran_order"},
      {"big-endian", npy(header(">f8", "False", "(2, 3)"), data), ">f8"},
      {"objects", npy(header("|O8", "False", "(2, 3)"), data), "|O8"},
      {"half precision", npy(header("<f2", "False", "(2, 3)"), data), "<f2"},
      {"complex numbers", npy(header("<c8", "False", "(2, 3)"), data), "<c8"},
      {"Fortran order", npy(header("<f8", "True", "(2, 3)"), data), "fortran_order"},
      {"one dimension", npy(header("<f8", "False", "(6,)"), data), "two-dimensional"},
      {"three dimensions", npy(header("<f8", "False", "(1, 2, 3)"), data), "two-dimensional"},
      {"a shape of text", npy(header("<f8", "False", "(a, b)"), data), "shape"},
      {"no columns", npy(header("<f8", "False", "(2, 0)"), ""), "columns"},
      {"too little data", npy(good, data.substr(8)), "do not fit"},
      {"too much data", npy(good, data + "x"), "do not fit"},
      {"a product that wraps", npy(header("<f8", "False", "(2305843009213693952, 8)"), data), "do not fit"},
      {"a missing value",
       npy(good, data.substr(0, 8) + std::string("\0\0\0\0\0\0\xf8\x7f", 8) + data.substr(16)),
       "column \"c1\""},
  };
  const Scratch folder;
  for (const Malformed& each : bad) expect_refused(folder, "bad.npy", each, "c");
}

TEST(Malformed, OptionsThatDoNotFit) {
  const Scratch folder;
  const std::string path = folder.file("t.csv", "id,t,x,y\na,1,1,1\na,2,1,1\na,2,1,1\n");
  const auto refused = [&](auto change) {
    TableOptions options = options_for(path, "");
    change(options);
    EXPECT_THROW(make_table_source(options, TargetType::real, 1), Error);
  };
  refused([](TableOptions& o) { o.key.clear(); });
  refused([](TableOptions& o) { o.features.clear(); });
  refused([](TableOptions& o) { o.targets.clear(); });
  refused([](TableOptions& o) { o.windows.support = 5; });
  refused([](TableOptions& o) {
    o.windows = {.support = 1, .query = 1, .stride = 1, .purge = 0};
  });  // the same time twice
  refused([](TableOptions& o) { o.split.train = 0.5; });
  refused([](TableOptions& o) { o.split.by = "moon"; });
  refused([](TableOptions& o) { o.split.by = "time"; });
  refused([](TableOptions& o) { o.path = "not/there.csv"; });
}

}  // namespace
}  // namespace shoal
