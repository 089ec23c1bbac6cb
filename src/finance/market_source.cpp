// SPDX-License-Identifier: Apache-2.0
// market-regimes as a task source: panels of simulated assets, and their features.
#include <numeric>
#include <utility>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/task_source.hpp>

#include "core/float_environment.hpp"
#include "core/generated_tasks.hpp"
#include "finance/generator_checks.hpp"
#include "finance/market_regimes.hpp"
#include "finance/return_features.hpp"

namespace shoal {
namespace {

constexpr std::int64_t panel_size = 20;  // assets that make up a market

// The places of the columns of a task in volatility_columns: target, offset, and the nine features, which the
// offset is the first of.
constexpr std::size_t target = 0, first_feature = 1;
constexpr int features = 9;

class MarketRegimes final : public TaskSource {
 public:
  explicit MarketRegimes(const GeneratorOptions& options) : options_(options) {
    finance::check_generator(options, "market-regimes");
  }

  TaskColumns columns() const override { return {features, 1, 1}; }
  std::optional<std::int64_t> size(Phase) const override { return std::nullopt; }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    return generate(phase, iteration * tasks, tasks);
  }
  TaskBatch evaluation(Phase phase, std::int64_t tasks) const override { return generate(phase, 0, tasks); }

 private:
  /// A panel of assets on as many days as a task needs.
  struct Panel {
    std::vector<finance::AssetReturns> assets;
    std::vector<double> market;
  };

  Panel draw(Phase phase, std::int64_t number) const {
    const std::int64_t days = static_cast<std::int64_t>(finance::warm_up) + options_.support + options_.query;
    Panel panel;
    panel.assets.resize(panel_size);
    for (std::int64_t a = 0; a < panel_size; ++a) {
      finance::AssetReturns& asset = panel.assets[static_cast<std::size_t>(a)];
      asset.returns =
          finance::simulate_returns(options_.seed, purpose_of(phase), number * panel_size + a, days).returns;
      asset.days.resize(asset.returns.size());
      std::iota(asset.days.begin(), asset.days.end(), std::size_t{0});
    }
    panel.market = finance::market_variance(panel.assets, static_cast<std::size_t>(days));
    return panel;
  }

  TaskBatch generate(Phase phase, std::int64_t first, std::int64_t tasks) const {
    const FloatEnvironment environment;
    if (tasks < 1) throw InvalidArgument("a batch needs at least one task, not " + std::to_string(tasks));
    TaskSetStorage<float> support, query;
    std::vector<std::int64_t> ids;
    finance::reserve_rows(support, columns(), tasks, options_.support);
    finance::reserve_rows(query, columns(), tasks, options_.query);
    ids.reserve(static_cast<std::size_t>(tasks));
    Panel panel;
    for (std::int64_t id = first; id < first + tasks; ++id) {
      if (id == first || id % panel_size == 0) panel = draw(phase, id / panel_size);
      const std::vector<double> rows =
          finance::feature_rows(panel.assets[static_cast<std::size_t>(id % panel_size)], panel.market,
                                finance::warm_up, NextDay::left_out);
      add(support, rows, 0, options_.support);
      add(query, rows, options_.support, options_.support + options_.query);
      ids.push_back(id);
    }
    return TaskBatch::own(columns(), std::move(support), std::move(query), std::move(ids));
  }

  static void add(TaskSetStorage<float>& set, const std::vector<double>& rows, int begin, int end) {
    for (int r = begin; r < end; ++r) {
      const double* const row = rows.data() + static_cast<std::size_t>(r) * volatility_columns.size();
      for (std::size_t c = first_feature; c < first_feature + features; ++c)
        set.x.push_back(static_cast<float>(row[c]));
      set.y.push_back(static_cast<float>(row[target]));
      set.output_offset.push_back(static_cast<float>(row[first_feature]));
    }
    set.row_starts.push_back(set.row_starts.back() + (end - begin));
  }

  GeneratorOptions options_;
};

}  // namespace

std::unique_ptr<TaskSource> make_market_regimes(const GeneratorOptions& options) {
  return std::make_unique<MarketRegimes>(options);
}

}  // namespace shoal
