// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "report/page_text.hpp"
#include "report/sections.hpp"

namespace shoal::report {
namespace {

constexpr double moved = 0.1, moved_far = 0.25;  // the bounds that practitioners use
constexpr std::size_t most_inputs = 100;

std::string meaning(double index) {
  return index >= moved_far ? "moved far" : index >= moved ? "moved" : "stable";
}

}  // namespace

Section stability_section(const Evidence& evidence) {
  Section section{"stability", "Stability"};
  const StabilityFacts& facts = evidence.stability;
  if (!facts.why_not.empty()) {
    section.say(facts.why_not);
    return section;
  }
  section.say("Population stability index of the " + counted(facts.now, "evaluated row", "evaluated rows") +
              " against the " + counted(facts.then, "meta-train row", "meta-train rows") +
              (evidence.is_backtest ? " of the last fold" : "") +
              ", in ten groups between the deciles of the latter: below 0.1 stable, from 0.25 moved far.");
  Table table{"index",
              "Population stability index",
              {{"name", "input"}, {"kind", "kind"}, {"psi", "index"}, {"meaning", "meaning"}},
              {}};
  const auto add = [&](const std::vector<Drift>& drifts, const char* kind) {
    for (const Drift& drift : drifts)
      table.rows.push_back({name_text(drift.name), std::string(kind), drift.index, meaning(drift.index)});
  };
  std::vector<Drift> features = facts.features;
  std::stable_sort(features.begin(), features.end(),
                   [](const Drift& a, const Drift& b) { return a.index > b.index; });
  add(features, "feature");
  add(facts.scores, "score");
  Chart chart{"indices", "Population stability index of the 12 that moved most", "", "index", Shape::bar};
  Series series{"index", {}, {}};
  for (std::size_t i = 0; i < features.size() && i < 12; ++i) {
    chart.categories.push_back(std::to_string(i + 1));
    series.y.push_back(features[i].index);
  }
  chart.x_title = "input, by its place in the table";
  chart.series.push_back(std::move(series));
  if (!features.empty()) section.blocks.emplace_back(std::move(chart));
  cut_rows(table, most_inputs);
  section.blocks.emplace_back(std::move(table));
  return section;
}

}  // namespace shoal::report
