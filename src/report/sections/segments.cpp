// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "report/page_text.hpp"
#include "report/sections.hpp"

namespace shoal::report {
namespace {

constexpr std::size_t most_keys = 100, worst_keys = 50;

}  // namespace

Section segments_section(const Evidence& evidence) {
  Section section{"segments", "Segments"};
  const ForecastRows& rows = evidence.rows;
  const ForecastLine* model = model_in(rows);
  if (!model || rows.size() == 0) {
    section.say("There are no rows with a forecast of every line.");
    return section;
  }
  const ModelLine* best = best_baseline_of(evidence);
  const ForecastLine* base = best ? line_named(rows, best->name) : nullptr;
  const std::size_t keys = rows.keys.size();
  const std::vector<GroupMean> own = means_of(model->loss, rows.key, keys);
  const std::vector<GroupMean> other = base ? means_of(base->loss, rows.key, keys) : std::vector<GroupMean>();
  const auto badness = [&](std::size_t key) { return own[key].mean - (base ? other[key].mean : 0.0); };
  std::vector<std::size_t> order(keys);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t key) { return own[key].rows == 0; });
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return badness(a) != badness(b) ? badness(a) > badness(b) : rows.keys[a] < rows.keys[b];
  });
  const std::size_t all = order.size();
  const auto losing =
      std::count_if(order.begin(), order.end(), [&](std::size_t key) { return badness(key) > 0.0; });
  if (all > most_keys) order.resize(worst_keys);
  Table table{"keys",
              all > most_keys ? "The 50 worst of " + count_text(static_cast<std::int64_t>(all)) + " keys"
                              : "All keys, the worst first",
              {{"key", "key"}, {"rows", "rows"}, {"loss", "loss of the model"}},
              {}};
  if (base) {
    table.columns.push_back({"baseline_loss", "loss of " + name_text(base->name)});
    table.columns.push_back({"difference", "difference"});
  }
  for (const std::size_t key : order) {
    std::vector<Value> row = {name_text(rows.keys[key]), own[key].rows, own[key].mean};
    if (base) row.insert(row.end(), {other[key].mean, badness(key)});
    table.rows.push_back(std::move(row));
  }
  if (base)
    section.say("The model has a larger loss than " + name_text(base->name) + " in " + count_text(losing) +
                " of " + counted(static_cast<std::int64_t>(all), "key", "keys") +
                ". Keys are in order of that difference.");
  else
    section.say("There is no baseline, so the keys are in order of the model's loss.");
  section.blocks.emplace_back(std::move(table));
  return section;
}

}  // namespace shoal::report
