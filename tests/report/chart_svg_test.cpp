// SPDX-License-Identifier: Apache-2.0
// Charts. What is drawn is read back from the SVG; where it must lie is computed by hand.
#include "report/chart_svg.hpp"

#include <cmath>
#include <limits>
#include <regex>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace shoal::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// All matches of a pattern, their groups as numbers.
std::vector<std::vector<double>> numbers_of(const std::string& text, const std::string& pattern) {
  std::vector<std::vector<double>> found;
  const std::regex expression(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) {
    std::vector<double> numbers;
    for (std::size_t i = 1; i < at->size(); ++i) numbers.push_back(std::stod((*at)[i]));
    found.push_back(numbers);
  }
  return found;
}

const std::string rectangles =
    R"re(<rect class="s\d" x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)"/>)re";

TEST(chart_svg, texts_are_escaped) {
  const std::string svg =
      svg_of({"c", "<b>\"title\"", "a & b", "<y>", Shape::bar, {"<script>"}, {{"s", {}, {1.0}}}});
  EXPECT_THAT(svg, Not(HasSubstr("<script>")));
  EXPECT_THAT(svg, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(svg, HasSubstr("a &amp; b"));
  EXPECT_THAT(svg, HasSubstr("aria-label=\"&lt;b&gt;&quot;title&quot;\""));
}

TEST(chart_svg, bars_have_the_proportions_of_their_values) {
  const std::string svg =
      svg_of({"c", "t", "", "", Shape::bar, {"a", "b", "c"}, {{"s", {}, {2.0, -1.0, nan}}}});
  const auto bars = numbers_of(svg, rectangles);
  ASSERT_EQ(bars.size(), 2U);  // the NaN is left out
  EXPECT_NEAR(bars[0][3] / bars[1][3], 2.0, 0.01);
  EXPECT_NEAR(bars[0][1] + bars[0][3], bars[1][1], 0.11);  // one ends at zero, where the other begins
  EXPECT_LT(bars[0][0], bars[1][0]);
}

TEST(chart_svg, whiskers_reach_as_far_as_the_half_width) {
  const std::string svg = svg_of({"c", "t", "", "", Shape::bar, {"a"}, {{"s", {}, {2.0}, {1.0}}}});
  const auto bars = numbers_of(svg, rectangles);
  const auto whiskers =
      numbers_of(svg, R"re(<line class="whisker" x1="[\d.]+" y1="([\d.]+)" x2="[\d.]+" y2="([\d.]+)"/>)re");
  ASSERT_EQ(bars.size(), 1U);
  ASSERT_EQ(whiskers.size(), 1U);
  EXPECT_NEAR(std::fabs(whiskers[0][0] - whiskers[0][1]), bars[0][3],
              0.3);  // 2 x 1 is as long as the bar of 2
}

TEST(chart_svg, a_line_breaks_where_a_value_is_missing) {
  const std::string svg =
      svg_of({"c", "t", "", "", Shape::line, {}, {{"s", {1, 2, 3, 4, 5}, {1, 2, nan, 2, 1}}}});
  std::size_t pieces = 0;
  for (std::size_t at = svg.find("<polyline"); at != std::string::npos; at = svg.find("<polyline", at + 1))
    ++pieces;
  EXPECT_EQ(pieces, 2U);
}

TEST(chart_svg, a_step_chart_lies_between_zero_and_one) {
  const std::string svg = svg_of({"c", "t", "", "", Shape::step, {}, {{"s", {0, 0.5, 1}, {0, 0.75, 1}}}});
  const auto points =
      numbers_of(svg, R"re(points="([\d.]+),([\d.]+) ([\d.]+),([\d.]+) ([\d.]+),([\d.]+)")re");
  const auto diagonal = numbers_of(
      svg, R"re(<line class="diagonal" x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)"/>)re");
  ASSERT_EQ(points.size(), 1U);
  ASSERT_EQ(diagonal.size(), 1U);
  EXPECT_DOUBLE_EQ(points[0][0], diagonal[0][0]);
  EXPECT_DOUBLE_EQ(points[0][5], diagonal[0][3]);
  EXPECT_NEAR(points[0][2], (diagonal[0][0] + diagonal[0][2]) / 2, 0.11);
  EXPECT_NEAR(points[0][3], diagonal[0][1] + 0.75 * (diagonal[0][3] - diagonal[0][1]), 0.11);
}

TEST(chart_svg, spans_lie_in_the_row_of_their_category) {
  const std::string svg = svg_of({"c",
                                  "t",
                                  "",
                                  "",
                                  Shape::span,
                                  {"first", "second"},
                                  {{"train", {2000, nan}, {2004, nan}}, {"test", {nan, 2004}, {nan, 2006}}}});
  const auto spans = numbers_of(svg, rectangles);
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_NEAR(spans[0][2] / spans[1][2], 2.0, 0.02);
  EXPECT_NEAR(spans[0][0] + spans[0][2], spans[1][0], 0.2);
  EXPECT_NEAR(spans[1][1] - spans[0][1], 14.0, 0.11);
}

TEST(chart_svg, degenerate_charts_have_finite_coordinates) {
  for (const Shape shape : {Shape::line, Shape::step, Shape::bar, Shape::span})
    for (const std::vector<double>& values :
         {std::vector<double>{}, {nan}, {0.0}, {5.0, 5.0}, {1e300, -1e300}, {1e-300, 0.0}}) {
      const std::vector<std::string> categories(values.size(), "c");
      const std::string svg = svg_of({"c", "t", "", "", shape, categories, {{"s", values, values}}});
      EXPECT_THAT(svg, Not(HasSubstr("nan")));
      EXPECT_THAT(svg, Not(HasSubstr("inf")));
      EXPECT_THAT(svg, Not(HasSubstr("\"-\"")));
      EXPECT_LT(svg.size(), 20000U);
    }
}

}  // namespace
}  // namespace shoal::report
