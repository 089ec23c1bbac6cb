// SPDX-License-Identifier: Apache-2.0
// The sections of a page, from evidence that is made by hand. Covers sections/*, evidence.
#include "report/sections.hpp"

#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "report/page_html.hpp"
#include "report/page_json.hpp"

namespace shoal::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A model and a baseline whose losses differ by `difference`, with t.
Evidence compared(double difference, double t, double p) {
  Evidence evidence;
  evidence.name = "run";
  evidence.phase = "test";
  ModelLine model{"model",          5,   true, 100,       1000, 10, {{"qlike", 1.4}},
                  {{"qlike", 1.5}}, 1.4, 0.1,  "by task", {}};
  model.against.push_back({"linear", {.mean = difference, .t = t, .p = p}});
  ModelLine linear{"linear", std::nullopt,     false, 100,       1000, 10, {{"qlike", 1.4 - difference}},
                   {},       1.4 - difference, 0.1,   "by task", {}};
  ModelLine constant = linear;
  constant.name = "constant";
  constant.loss = 9.0;
  evidence.models = {model, constant, linear};
  return evidence;
}

/// Rows of `keys` keys with `rows` rows each.
void add_rows(Evidence& evidence, int keys, int rows, LossKind kind) {
  ForecastRows& all = evidence.rows;
  evidence.config.loss.kind = all.loss.kind = kind;
  for (int t = 0; t < rows; ++t) all.times.push_back(std::to_string(2000 + t));
  all.lines = {{"model", true, 5, true, {}, {}}, {"linear", false, std::nullopt, false, {}, {}}};
  for (int key = 0; key < keys; ++key) {
    all.keys.push_back("key " + std::to_string(key) + " <b>&\"" + std::string(60, 'x'));
    for (int t = 0; t < rows; ++t) {
      all.target.push_back((key + t) % 3 == 0 ? 1.0 : 0.0);
      all.task.push_back(key);
      all.key.push_back(key);
      all.time.push_back(t);
      all.lines[0].output.push_back(0.1 * ((key * 7 + t) % 11) - 0.5);
      all.lines[1].output.push_back(0.05 * ((key * 5 + t) % 7) - 0.2);
    }
  }
  add_losses(all);
}

std::string text_of(const Section& section) {
  std::string text;
  for (const Block& block : section.blocks)
    if (const auto* paragraph = std::get_if<Paragraph>(&block)) text += paragraph->text + "\n";
  return text;
}

TEST(sections, the_verdict_names_what_wins) {
  EXPECT_THAT(verdict_of(compared(-0.1, -2.5, 0.012)), HasSubstr("significantly better than linear"));
  EXPECT_THAT(verdict_of(compared(-0.1, -2.5, 0.012)), Not(HasSubstr("not significantly")));
  EXPECT_THAT(verdict_of(compared(-0.01, -1.9, 0.057)), HasSubstr("not significantly better than linear"));
  EXPECT_THAT(verdict_of(compared(0.01, 0.5, 0.6)), HasSubstr("The baseline linear wins"));
  EXPECT_THAT(verdict_of(compared(0.01, 0.5, 0.6)), HasSubstr("not significantly better than linear"));
  EXPECT_THAT(verdict_of(compared(0.1, 3.0, 0.003)), HasSubstr("significantly worse"));
  // four tasks: t is large, and Student's p is not
  EXPECT_THAT(verdict_of(compared(-0.1, -2.2, 0.12)), HasSubstr("not significantly better"));
  Evidence alone = compared(0, 0, 1);
  alone.models.resize(1);
  EXPECT_THAT(verdict_of(alone), HasSubstr("no baseline"));
  alone.models.clear();
  EXPECT_THAT(verdict_of(alone), HasSubstr("Nothing could be compared"));
}

TEST(sections, a_combination_is_no_baseline) {
  Evidence evidence = compared(-0.1, -2.5, 0.012);
  ModelLine both = evidence.models[2];
  both.name = "model+linear";
  both.loss = 0.1;
  evidence.models.push_back(both);
  evidence.combinations = {"model+linear"};
  ASSERT_NE(best_baseline_of(evidence), nullptr);
  EXPECT_EQ(best_baseline_of(evidence)->name, "linear");
}

TEST(sections, every_section_is_there_even_without_evidence) {
  const Page page = page_of(Evidence{});
  std::vector<std::string> ids;
  for (const Section& section : page.sections) {
    ids.push_back(section.id);
    EXPECT_FALSE(section.blocks.empty()) << section.id;
  }
  EXPECT_THAT(ids, ElementsAre("summary", "data", "split", "baselines", "var", "calibration", "adaptation",
                               "heterogeneity", "segments", "stability", "limits", "manifest"));
  EXPECT_FALSE(html_of(page).empty());
}

TEST(sections, segments_are_the_worst_fifty_of_many_keys) {
  Evidence evidence = compared(-0.1, -2.5, 0.012);
  add_rows(evidence, 101, 4, LossKind::mse);
  const auto json = nlohmann::json::parse(json_of(page_of(evidence)));
  const auto& keys = json.at("segments").at("keys");
  ASSERT_EQ(keys.size(), 50U);
  for (std::size_t i = 1; i < keys.size(); ++i)
    EXPECT_GE(keys[i - 1].at("difference"), keys[i].at("difference"));
  const auto& worst = keys[0];
  EXPECT_NEAR(worst.at("loss").get<double>() - worst.at("baseline_loss").get<double>(),
              worst.at("difference"), 1e-15);
  Evidence few = compared(-0.1, -2.5, 0.012);
  add_rows(few, 100, 4, LossKind::mse);
  EXPECT_EQ(nlohmann::json::parse(json_of(page_of(few))).at("segments").at("keys").size(), 100U);
}

TEST(sections, a_page_of_a_hundred_thousand_keys_is_small) {
  Evidence evidence = compared(-0.1, -2.5, 0.012);
  add_rows(evidence, 100000, 2, LossKind::bce);
  evidence.config_text = std::string(300000, 'x') + "\n";
  for (int i = 0; i < 3000; ++i) {
    FoldFacts fold;
    fold.fold = "f" + std::to_string(i);
    fold.from = "2001-01-01";
    fold.to = "2002-01-01";
    evidence.folds.push_back(fold);
    evidence.stability.features.push_back({"input " + std::to_string(i), 0.3});
    evidence.hashes["file " + std::to_string(i)] = std::string(64, 'a');
  }
  evidence.is_backtest = true;
  const Page page = page_of(evidence);
  EXPECT_LT(html_of(page).size(), 2000000U);
  EXPECT_LT(json_of(page).size(), 2000000U);
  EXPECT_THAT(html_of(page), Not(HasSubstr("<b>")));
}

TEST(sections, exceedances_are_counted_by_year_and_model) {
  Evidence evidence = compared(-0.1, -2.5, 0.012);
  add_rows(evidence, 2, 2, LossKind::qlike);  // the years 2000 and 2001
  const double nan = std::nan("");
  evidence.rows.returns = {-3, -1, -3, nan};
  evidence.rows.vars = {{"model", 0.05, {-2, -2, -2, -2}}, {"linear", 0.05, {-4, nan, -2.5, -4}}};
  RiskFacts risk;
  risk.model = "model";
  risk.level = 0.05;
  risk.keys = 2;
  risk.red = 1;
  evidence.risk.push_back(risk);
  const auto json = nlohmann::json::parse(json_of(page_of(evidence)));
  const auto& lines = json.at("var").at("exceedances");
  ASSERT_EQ(lines.size(), 3U);  // linear has nothing in 2001
  EXPECT_EQ(lines[0].at("model"), "model");
  EXPECT_EQ(lines[0].at("group"), "2000");
  EXPECT_EQ(lines[0].at("rows"), 2);
  EXPECT_EQ(lines[0].at("exceedances"), 2);
  EXPECT_EQ(lines[1].at("rows"), 1);
  EXPECT_EQ(lines[1].at("exceedances"), 0);
  EXPECT_EQ(lines[2].at("model"), "linear");
  EXPECT_EQ(lines[2].at("rows"), 2);
  EXPECT_EQ(lines[2].at("exceedances"), 1);
  EXPECT_THAT(text_of(var_section(evidence)), HasSubstr("is red for 1 key of 2"));
  EXPECT_THAT(text_of(var_section(compared(0, 0, 1))), HasSubstr("forecasts no value at risk"));
}

TEST(sections, limits_name_what_speaks_against_the_model) {
  Evidence evidence = compared(0.01, 0.5, 0.6);
  add_rows(evidence, 3, 30, LossKind::bce);
  evidence.gate.emplace();
  evidence.gate->decision = Advice::bias;
  evidence.left_out.emplace();
  evidence.left_out->keys = 4;
  evidence.without_support = 2;
  evidence.short_support = 1;
  evidence.steps = {{.steps = 5, .tasks = 98, .failed = 2}};
  evidence.stability.features = {{"income", 0.4}};
  const std::string text = text_of(limits_section(evidence));
  for (const char* said :
       {"Not significantly better than linear", "2 tasks failed (2.00 %)", "The gate refused",
        "all 3 keys still have rows at the end", "4 keys have too few rows",
        "2 tasks have no row to adapt on", "1 task has fewer support rows", "One seed",
        "30 rows have an outcome of 1", "1 input has moved far"})
    EXPECT_THAT(text, HasSubstr(said));
  evidence.seeds = {{"7", 1.5, 0.1}, {"8", 1.25, 0.1}};
  EXPECT_THAT(text_of(limits_section(evidence)), HasSubstr("between 1.2500 and 1.5000"));
}

TEST(sections, the_manifest_counts_looks_at_the_test_tasks) {
  Evidence evidence = compared(0, 0, 1);
  evidence.evaluations = 3;
  EXPECT_THAT(text_of(manifest_section(evidence)), HasSubstr("looked at 3 times by evaluate"));
  evidence.evaluations.reset();
  EXPECT_THAT(text_of(manifest_section(evidence)), HasSubstr("nobody has counted"));
}

TEST(sections, reliability_has_the_calibration_error_of_the_table) {
  Evidence evidence = compared(-0.1, -2.5, 0.012);
  add_rows(evidence, 5, 21, LossKind::bce);
  const auto json = nlohmann::json::parse(json_of(page_of(evidence)));
  const auto& groups = json.at("calibration").at("groups");
  EXPECT_EQ(groups.size(), 20U);  // of the model and of the best baseline
  std::int64_t rows = 0;
  for (const auto& group : groups) rows += group.at("rows").get<std::int64_t>();
  EXPECT_EQ(rows, 2 * 105);
  EXPECT_EQ(json.at("calibration").at("roc").at("series").size(), 2U);
}

}  // namespace
}  // namespace shoal::report
