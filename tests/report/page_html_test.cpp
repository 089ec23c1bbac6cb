// SPDX-License-Identifier: Apache-2.0
// The page as HTML and as JSON. Covers page_json, page.
#include "report/page_html.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "report/page_json.hpp"

namespace shoal::report {
namespace {

using testing::HasSubstr;
using testing::Not;

Page hostile_page() {
  const std::string bad = "</style><script src=\"http://x\">'";
  Page page{bad, {}};
  Section section{"first", bad};
  section.say(bad);
  section.warn("a warning");
  section.blocks.emplace_back(Table{"numbers",
                                    bad,
                                    {{"name", bad}, {"value", "value", Show::percent}, {"none", "none"}},
                                    {{bad, 0.25, std::monostate{}}, {std::string("b"), std::int64_t{3}, 1.5}},
                                    bad});
  section.blocks.emplace_back(
      Chart{"curve", bad, bad, bad, Shape::line, {}, {{bad, {1, 2}, {3, 4}}, {"b", {1}, {2}}}});
  section.blocks.emplace_back(Listing{"config", bad, bad});
  page.sections.push_back(section);
  return page;
}

TEST(page_html, nothing_of_the_data_is_markup) {
  const std::string html = html_of(hostile_page());
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("&lt;script src=&quot;http://x&quot;&gt;&#39;"));
  EXPECT_EQ(html.find("</style>"), html.rfind("</style>"));
  EXPECT_THAT(html, HasSubstr("<section id=\"first\">"));
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(html, HasSubstr("@media print"));
  EXPECT_THAT(html, HasSubstr("25.00 %"));
  EXPECT_THAT(html, HasSubstr("<p class=\"warning\">a warning</p>"));
}

TEST(page_html, the_json_has_the_values_of_the_page) {
  const auto json = nlohmann::json::parse(json_of(hostile_page()));
  const auto& section = json.at("first");
  EXPECT_EQ(section.at("text").size(), 2U);
  EXPECT_EQ(section.at("numbers")[0].at("value"), 0.25);
  EXPECT_TRUE(section.at("numbers")[0].at("none").is_null());
  EXPECT_EQ(section.at("numbers")[1].at("value"), 3);
  EXPECT_EQ(section.at("curve").at("series")[0].at("y")[1], 4.0);
  EXPECT_EQ(section.at("config"), "</style><script src=\"http://x\">'");
}

TEST(page_html, what_is_not_a_number_is_null_and_a_dash) {
  Page page{"t", {{"s", "s"}}};
  page.sections[0].blocks.emplace_back(
      Table{"t", "t", {{"a", "a"}}, {{std::numeric_limits<double>::infinity()}}});
  EXPECT_TRUE(nlohmann::json::parse(json_of(page)).at("s").at("t")[0].at("a").is_null());
  EXPECT_THAT(html_of(page), HasSubstr("<td>-</td>"));
}

}  // namespace
}  // namespace shoal::report
