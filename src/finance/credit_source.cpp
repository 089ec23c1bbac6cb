// SPDX-License-Identifier: Apache-2.0
// credit-segments as a task source.
#include <cmath>
#include <utility>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/task_source.hpp>

#include "core/float_environment.hpp"
#include "core/generated_tasks.hpp"
#include "finance/credit_segments.hpp"
#include "finance/generator_checks.hpp"

namespace shoal {
namespace {

class CreditSegments final : public TaskSource {
 public:
  CreditSegments(const GeneratorOptions& options, const SegmentSpread& spread)
      : options_(options), spread_(spread) {
    finance::check_generator(options, "credit-segments");
    finance::check_spread(spread);
  }

  TaskColumns columns() const override {
    return {static_cast<int>(finance::applicant_features.size()), 1, 0};
  }
  std::optional<std::int64_t> size(Phase) const override { return std::nullopt; }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    return generate(phase, iteration * tasks, tasks);
  }
  TaskBatch evaluation(Phase phase, std::int64_t tasks) const override { return generate(phase, 0, tasks); }

 private:
  TaskBatch generate(Phase phase, std::int64_t first, std::int64_t tasks) const {
    const FloatEnvironment environment;
    if (tasks < 1) throw InvalidArgument("a batch needs at least one task, not " + std::to_string(tasks));
    TaskSetStorage<float> support, query;
    std::vector<std::int64_t> ids;
    finance::reserve_rows(support, columns(), tasks, options_.support);
    finance::reserve_rows(query, columns(), tasks, options_.query);
    ids.reserve(static_cast<std::size_t>(tasks));
    for (std::int64_t id = first; id < first + tasks; ++id) {
      const finance::CreditSegment segment(options_.seed, purpose_of(phase), id, spread_);
      add(support, segment, 0, options_.support);
      add(query, segment, options_.support, options_.support + options_.query);
      ids.push_back(id);
    }
    return TaskBatch::own(columns(), std::move(support), std::move(query), std::move(ids));
  }

  static void add(TaskSetStorage<float>& set, const finance::CreditSegment& segment, int begin, int end) {
    for (int r = begin; r < end; ++r) {
      const finance::Applicant applicant = segment.applicant(r);
      for (const double feature : applicant.features) set.x.push_back(static_cast<float>(feature));
      set.y.push_back(applicant.defaults ? 1.0f : 0.0f);
    }
    set.row_starts.push_back(set.row_starts.back() + (end - begin));
  }

  GeneratorOptions options_;
  SegmentSpread spread_;
};

}  // namespace

std::unique_ptr<TaskSource> make_credit_segments(const GeneratorOptions& options,
                                                 const SegmentSpread& spread) {
  return std::make_unique<CreditSegments>(options, spread);
}

}  // namespace shoal
