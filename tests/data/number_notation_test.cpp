// SPDX-License-Identifier: Apache-2.0
// The meaning of a field's text, with every option of a table's format.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include <shoal/error.hpp>

#include "data/number_notation.hpp"
#include "data/other_notation.hpp"
#include "data/table_format.hpp"

namespace shoal {
namespace {

struct Read {
  FieldKind kind;
  double value = 0.0;
};

Read read(const TableFormat& format, const std::string& text) {
  Read result{};
  result.kind = NumberNotation(format).read(text, result.value);
  return result;
}

void expect_number(const TableFormat& format, const std::string& text, double value) {
  const Read found = read(format, text);
  EXPECT_EQ(found.kind, FieldKind::number) << text;
  EXPECT_EQ(found.value, value) << text;
}

void expect_kind(const TableFormat& format, FieldKind kind, std::initializer_list<const char*> texts) {
  for (const char* text : texts) EXPECT_EQ(read(format, text).kind, kind) << text;
}

TEST(NumberNotation, PlainNumbers) {
  const TableFormat plain;
  expect_number(plain, "1", 1.0);
  expect_number(plain, "+1.5e3", 1500.0);
  expect_number(plain, "-.5", -0.5);
  expect_number(plain, "007", 7.0);
  expect_number(plain,
                "\xe2\x88\x92"
                "5",
                -5.0);
  expect_number(plain, "0.1", 0.1);
  expect_kind(plain, FieldKind::text,
              {"+-3", "--3", "0x10", "1x", "1,5", "1 5", ".", "-", "+", "e5", "1e", "infinite", "1.5.2"});
}

TEST(NumberNotation, SpellingsOfNanAndInfinity) {
  const TableFormat plain;
  expect_kind(plain, FieldKind::missing,
              {"", "NaN", "Nan", "nAn", "-nan", "+NAN", "nan(ind)", "-NaN(0x7f)", "nan()", "NA", "<NA>",
               "1.#IND", "-1.#QNAN"});
  expect_kind(plain, FieldKind::text, {"nano", "nan(", "nan(a b)", "nan)", "Nancy", "--nan"});
  expect_kind(plain, FieldKind::infinite,
              {"inf", "-Inf", "+INFINITY", "1e400", "-1e309", "1.#INF", "1e99999999999999999999"});
  EXPECT_EQ(read(plain, "1" + std::string(400, '0')).kind, FieldKind::infinite);
}

TEST(NumberNotation, WhatIsTooSmallIsZero) {
  const TableFormat plain;
  expect_number(plain, "1e-400", 0.0);
  expect_number(plain, "0." + std::string(400, '0') + "1", 0.0);
  expect_number(plain, "1e-99999999999999999999", 0.0);
  expect_number(plain, "0." + std::string(400, '0') + "1e401", 1.0);
  expect_number(plain, "1" + std::string(400, '0') + "e-400", 1.0);
  EXPECT_TRUE(std::signbit(read(plain, "-1e-400").value));
}

TEST(NumberNotation, SignsOfFractionsAndThousands) {
  TableFormat german;
  german.decimal = ",";
  expect_number(german, "1,5", 1.5);
  expect_number(german, "-,5e2", -50.0);
  expect_kind(german, FieldKind::text, {"1.5", "1.234,5", "1,2,3"});
  german.thousands = ".";
  expect_number(german, "1.234.567,5", 1234567.5);
  expect_number(german, "1234567,5", 1234567.5);
  expect_number(german, "999", 999.0);
  // A group must have three digits: 1.5 is probably meant as a fraction.
  expect_kind(german, FieldKind::text,
              {"1.5", "1.23", "1.2345", "0.123", "1234.567", ".123", "1..234", "1.234,5.6", "1,234.5"});
  TableFormat indian;
  indian.thousands = ",";
  expect_number(indian, "12,34,567.8", 1234567.8);
  expect_kind(indian, FieldKind::text, {"1,23", "12,3,456", "0,123", "1.5,123"});
  TableFormat french;
  french.decimal = ",";
  french.thousands = "\xe2\x80\xaf";
  expect_number(french,
                "1\xe2\x80\xaf"
                "234,5",
                1234.5);
}

TEST(NumberNotation, UnitsAreStripped) {
  TableFormat format;
  format.units = {"$", "%", "months", "mo"};
  expect_number(format, "13.56%", 13.56);
  expect_number(format, "36 months", 36.0);
  expect_number(format, "36 mo", 36.0);
  expect_number(format, "-$5", -5.0);
  expect_number(format, "$-5", -5.0);
  expect_number(format, "$ 5", 5.0);
  expect_number(format, "5", 5.0);
  expect_kind(format, FieldKind::text, {"%", "$", "5 %%", "-$-5", "5 years"});
  expect_kind(format, FieldKind::missing, {"", "NA", "Nan"});
}

TEST(NumberNotation, WordsForMissingAddToTheUsualOnes) {
  TableFormat format;
  format.missing_words = {".", "-", " n.a. ", "-99.99", "inf"};
  expect_kind(format, FieldKind::missing,
              {".", "-", "n.a.", "-99.99", "-99.990", "-9.999e1", "NA", "", "inf"});
  expect_number(format, "-99.98", -99.98);
  EXPECT_EQ(read(format, "-inf").kind, FieldKind::infinite);
  const NumberNotation notation(format);
  EXPECT_TRUE(notation.is_missing_text("."));
  EXPECT_TRUE(notation.is_missing_text("NULL"));
  EXPECT_FALSE(notation.is_missing_text("Nan"));  // a name, in a column of text
}

TEST(TableFormat, WhatCannotBeIsRefused) {
  const auto refused = [](auto change) {
    TableFormat format;
    change(format);
    EXPECT_THROW(validate(format), InvalidArgument);
  };
  validate(TableFormat{});
  refused([](TableFormat& f) { f.decimal = ""; });
  refused([](TableFormat& f) { f.decimal = ".."; });
  refused([](TableFormat& f) { f.decimal = "e"; });
  refused([](TableFormat& f) { f.thousands = "."; });
  refused([](TableFormat& f) { f.thousands = "\xe2\x80"; });
  refused([](TableFormat& f) { f.delimiter = "\xe2\x80\xaf"; });
  refused([](TableFormat& f) { f.delimiter = "\n"; });
  refused([](TableFormat& f) { f.units = {"-"}; });
  refused([](TableFormat& f) { f.units = {"(USD)"}; });
  refused([](TableFormat& f) { f.units = {" "}; });
}

TEST(OtherNotation, NamesWhatToSet) {
  const TableFormat plain;
  const auto advice = [&](const char* text) {
    const auto other = other_notation(text, plain);
    return other ? other->advice : "none";
  };
  EXPECT_EQ(advice("13.56%"), "set tasks.units = [\"%\"]");
  EXPECT_EQ(advice("36 months"), "set tasks.units = [\"months\"]");
  EXPECT_EQ(advice("$5"), "set tasks.units = [\"$\"]");
  EXPECT_EQ(advice("-$5"), "set tasks.units = [\"$\"]");
  EXPECT_EQ(advice("USD 5 m"), "set tasks.units = [\"USD\", \"m\"]");
  EXPECT_EQ(advice("12.345,67"), "set tasks.decimal = \",\" and tasks.thousands = \".\"");
  EXPECT_EQ(advice("12,345.67"), "set tasks.thousands = \",\"");
  EXPECT_EQ(advice("0,640"), "set tasks.decimal = \",\"");
  EXPECT_EQ(advice("1,200"), "set tasks.decimal = \",\", or tasks.thousands = \",\"");
  EXPECT_EQ(advice("$1,200.5"), "set tasks.units = [\"$\"] and tasks.thousands = \",\"");
  EXPECT_EQ(advice("36 m2"), "set tasks.units = [\"m2\"]");
  EXPECT_EQ(advice("(12.5)"), "write a number below zero with a minus sign");
  EXPECT_EQ(advice("5-"), "write its sign in front of it");
  EXPECT_EQ(advice("0x1F"), "write it in decimal digits");
  EXPECT_EQ(advice("1.5D3"), "write its exponent with e");
  for (const char* text : {"red", "A1", "X-7", "Q1", "cat7", "2018-01-31", "18-25", "10:30", "1.2.3",
                           "2018Q1", "group_1", "<5", ">= 10", "3f2a9c", "192.168.1.1", "3 of 5"})
    EXPECT_EQ(advice(text), "none") << text;
  TableFormat format;
  format.units = {"%"};
  EXPECT_EQ(other_notation("5 bp", format)->advice, "set tasks.units = [\"%\", \"bp\"]");
}

}  // namespace
}  // namespace shoal
