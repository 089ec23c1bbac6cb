// SPDX-License-Identifier: Apache-2.0
// A text as a time: every layout, and the messages of errors.
#include <gtest/gtest.h>

#include <limits>
#include <locale>

#include <shoal/error.hpp>

#include "data/time_format.hpp"
#include "data/time_layout.hpp"
#include "data/whole_number_time.hpp"

namespace shoal {
namespace {

constexpr std::int64_t second = 1'000'000'000;

struct Readable {
  const char* text;
  TimeKind kind;
  std::int64_t days;  ///< since 1970-01-01, counted independently of the library
  std::int64_t nanoseconds = 0;
};

void expect_read(const TimeReading& reading, const Readable& expected) {
  ASSERT_TRUE(reading.time) << expected.text << " " << reading.problem;
  EXPECT_EQ(name_of(reading.time->kind), name_of(expected.kind)) << expected.text;
  EXPECT_EQ(reading.time->value.days, expected.days) << expected.text;
  EXPECT_EQ(reading.time->value.nanoseconds, expected.nanoseconds) << expected.text;
}

void expect_refused(const TimeReading& reading, const char* text, const char* named) {
  EXPECT_FALSE(reading.time) << text << " was read";
  EXPECT_NE(reading.problem.find(named), std::string::npos) << text << ": " << reading.problem;
}

TEST(Time, EveryLayoutIsRead) {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const Readable layouts[] = {
      {"17", TimeKind::whole_number, 17},
      {"-3", TimeKind::whole_number, -3},
      {"+5", TimeKind::whole_number, 5},
      {"0042", TimeKind::whole_number, 42},
      {"-0", TimeKind::whole_number, 0},
      {"17.0", TimeKind::whole_number, 17},
      {"17.", TimeKind::whole_number, 17},
      {"2.0e1", TimeKind::whole_number, 20},
      {"2.003013100000000000e+07", TimeKind::whole_number, 20030131},
      {"1582218195625938945", TimeKind::whole_number, 1582218195625938945},
      {"9223372036854775807", TimeKind::whole_number, most},
      {"-9223372036854775808", TimeKind::whole_number, least},
      {"2018-01", TimeKind::month, 17532},
      {"2018-1", TimeKind::month, 17532},
      {"2018M01", TimeKind::month, 17532},
      {"2018m1", TimeKind::month, 17532},
      {"2018-M01", TimeKind::month, 17532},
      {"2018-10", TimeKind::month, 17805},
      {"2018Q4", TimeKind::quarter, 17805},
      {"2018-q4", TimeKind::quarter, 17805},
      {"1970-W01", TimeKind::week, -3},
      {"2020W53", TimeKind::week, 18624},
      {"2020w9", TimeKind::week, 18316},
      {"2020-W53-7", TimeKind::day, 18630},
      {"2020W537", TimeKind::day, 18630},
      {"1970-01-01", TimeKind::day, 0},
      {"1969-12-31", TimeKind::day, -1},
      {"2000-02-29", TimeKind::day, 11016},
      {"2000-2-9", TimeKind::day, 10996},
      {"0000-01-01", TimeKind::day, -719528},
      {"9999-12-31", TimeKind::day, 2932896},
      {"1970-01-02T16", TimeKind::date_time, 1, 57600 * second},
      {"1970-01-02 9:30", TimeKind::date_time, 1, 34200 * second},
      {"1970-01-02t16:00:05", TimeKind::date_time, 1, 57605 * second},
      {"1970-01-02 16:00:05.5", TimeKind::date_time, 1, 57605 * second + second / 2},
      {"1970-01-02 16:00:05,000000001", TimeKind::date_time, 1, 57605 * second + 1},
      {"9999-12-31T23:59:59.999999999", TimeKind::date_time, 2932896, 86400 * second - 1},
      {"19700102T160005", TimeKind::date_time, 1, 57605 * second},
      {"1970-01-02T00:00Z", TimeKind::offset_date_time, 1},
      {"1970-01-02 00:00:00z", TimeKind::offset_date_time, 1},
      {"1970-01-02T00:00+01", TimeKind::offset_date_time, 0, 82800 * second},
      {"1970-01-02T00:00+05:30", TimeKind::offset_date_time, 0, 66600 * second},
      {"1970-01-02T00:00+0530", TimeKind::offset_date_time, 0, 66600 * second},
      {"1970-01-02T23:30-00:45", TimeKind::offset_date_time, 2, 900 * second},
      {"19700102T2330-0045", TimeKind::offset_date_time, 2, 900 * second},
  };
  for (const Readable& each : layouts) expect_read(read_time(each.text), each);
}

TEST(Time, WhatIsNoTimeIsRefusedWithWhatToWrite) {
  const std::pair<const char*, const char*> bad[] = {
      {"2018-02-30", "this month has the days 1 to 28"},
      {"2000-02-30", "this month has the days 1 to 29"},
      {"2018-04-31", "1 to 30"},
      {"2018-01-00", "1 to 31"},
      {"2018-13-01", "months 1 to 12"},
      {"2018-00", "months 1 to 12"},
      {"2018M13", "months 1 to 12"},
      {"2018Q5", "quarters 1 to 4"},
      {"2018Q0", "quarters 1 to 4"},
      {"2018-W53", "weeks 1 to 52"},
      {"2018-W00", "weeks 1 to 52"},
      {"2020-W54", "weeks 1 to 53"},
      {"2018-W01-0", "days of a week"},
      {"2018-W01-8", "days of a week"},
      {"2018-01-01T24:00", "hours are 0 to 23"},
      {"2018-01-01T23:60", "hours are 0 to 23"},
      {"2018-01-01T23:59:60", "hours are 0 to 23"},
      {"2018-01-01T00:00:00.0000000001", "nine digits"},
      {"2018-01-01T00:00+24:00", "offset beyond 23:59"},
      {"2018-01-01T00:00+01:60", "offset beyond 23:59"},
      {"9223372036854775808", "64 bits"},
      {"-9223372036854775809", "64 bits"},
      {"1e30", "digits behind its exponent"},
      {"1e3", "digits behind its exponent"},
      {"2.00301E+07", "digits behind its exponent"},
      {"1.0e99999999999999999999", "exponent"},
      {"2018.1", "tasks.time_format = \"%Y.%m\""},
      {"2018.10", "tasks.time_format = \"%Y.%m\""},
      {"0.5", "not a whole number"},
      {"1.5e0", "not a whole number"},
      {"1e-5", "not a whole number"},
      {"12/31/2018", "\"%d/%m/%Y\" or \"%m/%d/%Y\""},
      {"31.12.2018", "\"%d.%m.%Y\""},
      {"2018/12/31", "\"%Y/%m/%d\""},
      {"31-Dec-18", "\"%d-%b-%y\""},
      {"Dec-2018", "\"%b-%Y\""},
      {"Dec 31, 2018 at noon", "tasks.time_format, e.g."},
  };
  for (const auto& [text, named] : bad) expect_refused(read_time(text), text, named);
  const char* others[] = {"",
                          "2018-",
                          "2018-1-",
                          "2018-001",
                          "2018-1-1-1",
                          "-2018-01",
                          "+2018-01-01",
                          "2018--01",
                          "2018 Q1",
                          "18-01-01",
                          "02018-01",
                          "2018-01-01T",
                          "2018-01-01  00:00",
                          "2018-01-01T00:0",
                          "2018-01-01T:00",
                          "2018-01-01T00:00:00.",
                          "2018-01-01T00:00 +01:00",
                          "2018-01-01T00:00+1",
                          "2018-01-01Z",
                          "2018-01-01T00:00+01:00:00",
                          "20180101T1",
                          "20180101T10:00",
                          "2018-W",
                          "2018-W1-",
                          "2018W5311",
                          "2018Q",
                          "2018Q11",
                          "--1",
                          "+-1",
                          "0x10",
                          "inf",
                          "nan",
                          "1,5",
                          "1 000",
                          "e5"};
  for (const char* text : others)
    expect_refused(read_time(text), text, "is not a time in a format that needs no tasks.time_format");
  expect_refused(read_time(std::string(100'000, '7')), "many digits", "64 bits");
}

TEST(Time, NumbersOutOfBinaryOnesAreExact) {
  expect_read(read_time("1e+05", Exponents::are_exact), {"1e+05", TimeKind::whole_number, 100000});
  expect_read(read_time("1.5e+18", Exponents::are_exact),
              {"1.5e+18", TimeKind::whole_number, 1'500'000'000'000'000'000});
  expect_refused(read_time("1e+19", Exponents::are_exact), "1e+19", "64 bits");
  expect_refused(read_time("1.5", Exponents::are_exact), "1.5", "not a whole number");
}

TEST(Time, FormatsAreRead) {
  struct Case {
    const char* format;
    Readable expected;
  };
  const Case cases[] = {
      {"%d/%m/%Y", {"31/12/1970", TimeKind::day, 364}},
      {"%d/%m/%Y", {"1/2/1970", TimeKind::day, 31}},
      {"%m/%d/%Y", {"1/2/1970", TimeKind::day, 1}},
      {"%d-%b-%y", {"02-Jan-70", TimeKind::day, 1}},
      {"%d-%b-%y", {"2-JAN-70", TimeKind::day, 1}},
      {"%d-%b-%y", {"02-January-70", TimeKind::day, 1}},
      {"%d %B %Y", {"2 Jan 1970", TimeKind::day, 1}},
      {"%d-%b-%y", {"01-Jan-69", TimeKind::day, -365}},
      {"%d-%b-%y", {"31-Dec-68", TimeKind::day, 36159}},
      {"%d%m%Y", {"02011970", TimeKind::day, 1}},
      {"%m%d%Y", {"01021970", TimeKind::day, 1}},
      {"%Y.%m", {"1970.1", TimeKind::month, 0}},
      {"%Y.%m", {"1970.10", TimeKind::month, 273}},
      {"%b %Y", {"Feb 1970", TimeKind::month, 31}},
      {"FY%y", {"FY71", TimeKind::year, 365}},
      {"%Y%j", {"1970365", TimeKind::day, 364}},
      {"%Y-%j", {"2000-366", TimeKind::day, 11322}},
      {"%V/%G", {"1/1970", TimeKind::week, -3}},
      {"%G-W%V-%u", {"2020-W53-7", TimeKind::day, 18630}},
      {"%a %d.%m.%Y", {"Fri 02.01.1970", TimeKind::day, 1}},
      {"%D", {"01/02/70", TimeKind::day, 1}},
      {"%F %R", {"1970-01-02 16:30", TimeKind::date_time, 1, 59400 * second}},
      {"%d.%m.%Y %T", {"02.01.1970 16:30:05", TimeKind::date_time, 1, 59405 * second}},
      {"%d.%m.%Y %T", {"02.01.1970 16:30:05.000000001", TimeKind::date_time, 1, 59405 * second + 1}},
      {"%d.%m.%Y %H:%M:%S", {"02.01.1970 6:30:05.25", TimeKind::date_time, 1, 23405 * second + second / 4}},
      {"%H%M%S %d%m%Y", {"163005 02011970", TimeKind::date_time, 1, 59405 * second}},
      {"%m/%d/%Y %I:%M:%S %p", {"1/2/1970 12:00:01 AM", TimeKind::date_time, 1, second}},
      {"%m/%d/%Y %I:%M %p", {"1/2/1970 12:00 pm", TimeKind::date_time, 1, 43200 * second}},
      {"%d/%m/%Y %H:%M %z", {"02/01/1970 00:00 +0530", TimeKind::offset_date_time, 0, 66600 * second}},
      {"%d/%m/%Y %H:%M %z", {"02/01/1970 00:00 +05:30", TimeKind::offset_date_time, 0, 66600 * second}},
      {"%d/%m/%Y %H:%M%z", {"02/01/1970 00:00Z", TimeKind::offset_date_time, 1}},
      {"%d/%m/%Y %H:%M:%S%z",
       {"02/01/1970 00:00:00.5-01", TimeKind::offset_date_time, 1, 3600 * second + second / 2}},
      {"%d/%m/%Y", {"31/12/9999", TimeKind::day, 2932896}},
  };
  for (const auto& [format, expected] : cases) expect_read(TimeFormat(format).read(expected.text), expected);
}

TEST(Time, TextsThatDoNotFitTheirFormatAreRefused) {
  const std::pair<const char*, std::vector<const char*>> bad[] = {
      {"%d/%m/%Y",
       {"31/02/2018", "01/13/2018", "0/1/2018", "1/2/18", "1/2/218", "01/02/20189", "2018-01-31", "",
        "01/02/2018 ", "01/02/2018x", "+1/2/2018", "-1/2/2018", "001/02/2018", "1/2/-218", "01/02/02018"}},
      {"%d%m%Y", {"1122003", "1112003", "110203", "31022003", "311220030"}},
      {"%Y%m%d", {"2018111", "2018131", "20181301"}},
      {"%d-%b-%y", {"31-Apr-18", "01-Jna-18", "01-Jan-2018", "01-Ja-18", "01-Januar-18"}},
      {"%Y%j", {"2018366", "2018000", "20181", "201801"}},
      {"%Y-%j", {"2018-366", "2018-0", "2018-31"}},
      {"%V/%G", {"53/2018", "0/2018", "54/2020"}},
      {"%a %d.%m.%Y", {"Mon 02.01.1970", "02.01.1970"}},
      {"%d.%m.%Y %T",
       {"01.01.2018 24:00:00", "01.01.2018 23:60:00", "01.01.2018 23:59:60", "01.01.2018 23:59", "01.01.2018",
        "01.01.2018 00:00:00.", "01.01.2018 00:00:00.1234567891", "01.01.2018 00:00:", "01.01.2018 1:2:3x"}},
      {"%H%M%S %F", {"16305 1970-01-02", "63005 1970-01-02", "1630055 1970-01-02"}},
      {"%m/%d/%Y %I:%M %p", {"1/2/2018 13:00 PM", "1/2/2018 0:00 AM", "1/2/2018 1:00", "1/2/2018 1:00 XM"}},
      {"%d/%m/%Y %H:%M %z",
       {"1/2/2018 1:00", "1/2/2018 1:00 +2400", "1/2/2018 1:00 UTC", "1/2/2018 1:00 +1", "1/2/2018 1:00 -",
        "1/2/2018 1:00 -x"}},
      {"%b %Y", {"Jan 18", "Foo 2018", "Jan2018x", "1 2018", "Jan 2018 1"}},
  };
  for (const auto& [format, texts] : bad)
    for (const char* text : texts)
      expect_refused(TimeFormat(format).read(text), text, "tasks.time_format = ");
}

TEST(Time, FormatsThatSayTooLittleAreRefused) {
  for (const char* format :
       {"dd/mm/yyyy",  "%d/%m",       "%d/%Y",          "%H:%M", "%Y %H:%M", "%b %Y %H",  "%Y-%m-%d %I:%M",
        "%F %H %p",    "%F %S",       "%F %H:%S",       "%F %z", "%V",       "%G",        "%a %b %Y",
        "%d/%m/%Y %Q", "%d/%m/%Y %Z", "%F %H:%M:%S.%f", "%Ey",   "%10Y",     "%d/%m/%Y%", "%F %T %S"}) {
    try {
      TimeFormat{format};
      ADD_FAILURE() << format << " was accepted";
    } catch (const InvalidArgument& error) {
      EXPECT_EQ(std::string(error.what()).find("tasks.time_format = \"" + std::string(format) + "\": "), 0u)
          << error.what();
    }
  }
}

/// Decimal comma, groups of three digits.
struct German : std::numpunct<char> {
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
  char do_decimal_point() const override { return ','; }
};

TEST(Time, TheLocaleOfTheProcessDoesNotMatter) {
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new German));
  const TimeReading reading = TimeFormat("%d %b %Y %H:%M:%S").read("02 Jan 1970 00:00:00.5");
  std::locale::global(before);
  expect_read(reading, {"02 Jan 1970", TimeKind::date_time, 1, second / 2});
}

TEST(Time, DatesDisguisedAsNumbersAreFound) {
  const std::pair<std::vector<std::string>, const char*> found[] = {
      {{"20102003", "21102003"},
       "the day first; write 20031231 or 2003-12-31, or set tasks.time_format = \"%d%m%Y\""},
      {{"12312003"}, "the month first"},
      {{"01022003"}, "the day or the month first"},
      {{"31122003", "12312003"}, "the day or the month first; write 20031231 or 2003-12-31"},
      {{"31122003.0", "01012004.0"}, "the day first"},
      {{"1122003", "31122003"}, "the day first"},
      {{"102003", "112003", "12004"}, "a month with the year last"},
      {{"311220031600", "010120040930"}, "the day first"},
      {{"311218", "310119", "280219"},
       "has two digits; write 2003-12-31, or six digits each and "
       "tasks.time_format = \"%d%m%y\""},
      {{"123118", "013119", "022819"}, "tasks.time_format = \"%m%d%y\""},
      {{"991231", "000103"}, "tasks.time_format = \"%y%m%d\""},
      {{"10118", "10218"}, "\"%d%m%y\" or \"%m%d%y\""},
      {{"010203", "020304", "030405"}, "\"%d%m%y\" or \"%m%d%y\" or \"%y%m%d\""},
      {{"31122003160000", "01012004093059"}, "the day first"},
  };
  for (const auto& [texts, named] : found)
    EXPECT_NE(disguised_dates(texts).find(named), std::string::npos)
        << texts[0] << ": " << disguised_dates(texts);
  const std::vector<std::string> plain[] = {{"20102003", "21102003", "32102003"},
                                            {"10000000", "10000001"},
                                            {"-31122003"},
                                            {"31122003", "5"},
                                            {"102000", "102001"},
                                            {"1", "2", "3"},
                                            {"41900", "41901"},
                                            {"1012000", "1012001"},
                                            {"3.1122003e7"},
                                            {"201801", "201812"},
                                            {"200101", "200212", "201012", "191105"},
                                            {"110198", "110199", "110200", "120100"},
                                            {"43101", "43102", "43461"},
                                            {"311218", "310119", "320219"},
                                            {"311220032500", "010120040930"}};
  for (const auto& texts : plain) EXPECT_EQ(disguised_dates(texts), "") << texts[0];
  EXPECT_EQ(day_of_digits("19700102")->days, 1);
  EXPECT_EQ(day_of_digits("19700102.0")->days, 1);
  for (const char* text : {"19700230", "1970010", "+19700102", "197001021", "19700102.1"})
    EXPECT_FALSE(day_of_digits(text)) << text;
}

}  // namespace
}  // namespace shoal
