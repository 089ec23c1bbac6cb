// SPDX-License-Identifier: Apache-2.0
// Texts of a page. Expectations are written by hand.
#include "report/page_text.hpp"

#include <clocale>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace shoal::report {
namespace {

TEST(page_text, everything_that_html_reads_is_escaped) {
  EXPECT_EQ(escaped("<script>alert(\"a\" & 'b')</script>"),
            "&lt;script&gt;alert(&quot;a&quot; &amp; &#39;b&#39;)&lt;/script&gt;");
  EXPECT_EQ(escaped("Zürich"), "Zürich");
}

TEST(page_text, names_from_data_are_short_and_without_control_characters) {
  EXPECT_EQ(name_text("a\nb"), "a\\nb");
  EXPECT_EQ(name_text(std::string(200, 'x')), std::string(longest_name, 'x') + "...");
}

TEST(page_text, numbers) {
  EXPECT_EQ(number_text(1.45423), "1.4542");
  EXPECT_EQ(number_text(-0.0144), "-0.0144");
  EXPECT_EQ(number_text(0.00123), "0.00123");
  EXPECT_EQ(number_text(12345.6), "12346");
  EXPECT_EQ(number_text(123.456), "123.5");
  EXPECT_EQ(number_text(0.0), "0");
  EXPECT_EQ(number_text(1.5e-7), "1.50e-07");
  EXPECT_EQ(number_text(std::numeric_limits<double>::quiet_NaN()), "-");
  EXPECT_EQ(number_text(std::optional<double>()), "-");
  EXPECT_EQ(fixed_text(-0.00001, 2), "0.00");
  EXPECT_EQ(percent_text(0.0116), "1.16 %");
  EXPECT_EQ(p_text(0.0004), "< 0.001");
  EXPECT_EQ(p_text(0.0498), "0.0498");
  EXPECT_EQ(p_text(0.456), "0.456");
}

TEST(page_text, counts_have_commas) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(1234567), "1,234,567");
  EXPECT_EQ(count_text(-123), "-123");
  EXPECT_EQ(count_text(-1234), "-1,234");
  EXPECT_EQ(counted(1, "task", "tasks"), "1 task");
  EXPECT_EQ(counted(2000, "task", "tasks"), "2,000 tasks");
}

TEST(page_text, cells) {
  EXPECT_EQ(shown(std::monostate{}, Show::plain), "-");
  EXPECT_EQ(shown(std::int64_t{1500}, Show::plain), "1,500");
  EXPECT_EQ(shown(0.05, Show::percent), "5.00 %");
  EXPECT_EQ(shown(0.05, Show::p_value), "0.0500");
  EXPECT_EQ(shown(std::string("text"), Show::percent), "text");
}

}  // namespace
}  // namespace shoal::report
