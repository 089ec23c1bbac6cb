// SPDX-License-Identifier: Apache-2.0
#include "data/generated_source.hpp"

#include <shoal/error.hpp>

namespace shoal {
namespace {

// Training, validation and test tasks come from different streams: the same id means different tasks.
Purpose purpose_of(Phase phase) {
  switch (phase) {
    case Phase::train:
      return Purpose::train_tasks;
    case Phase::validation:
      return Purpose::validation_tasks;
    default:
      return Purpose::evaluation_tasks;
  }
}

}  // namespace

GeneratedSource::GeneratedSource(const GeneratorOptions& options) : options_(options) {
  if (options.support < 0) throw InvalidArgument("tasks: support must be at least 0");
  if (options.query < 1) throw InvalidArgument("tasks: query must be at least 1");
  if (!(options.noise >= 0.0 && options.noise < 1e30))
    throw InvalidArgument("tasks: noise must be at least 0");
  if (options.query_grid != 0 && options.query_grid < 2)
    throw InvalidArgument("evaluate: query_grid must be 0 (off) or at least 2 points");
}

TaskBatch GeneratedSource::sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const {
  return generate(purpose_of(phase), iteration * tasks, tasks, QueryPoints::random);
}

TaskBatch GeneratedSource::evaluation(Phase phase, std::int64_t tasks) const {
  return generate(purpose_of(phase), 0, tasks,
                  options_.query_grid > 0 ? QueryPoints::grid : QueryPoints::random);
}

TaskBatch GeneratedSource::generate(Purpose purpose, std::int64_t first, std::int64_t tasks,
                                    QueryPoints points) const {
  if (tasks < 1) throw InvalidArgument("a batch needs at least one task, not " + std::to_string(tasks));
  TaskSetStorage<float> support, query;
  std::vector<std::int64_t> ids;
  const int queries = points == QueryPoints::grid ? options_.query_grid : options_.query;
  const auto count = static_cast<std::size_t>(tasks);
  ids.reserve(count);
  for (auto [set, rows] : {std::pair(&support, options_.support), std::pair(&query, queries)}) {
    set->x.reserve(count * static_cast<std::size_t>(rows));
    set->y.reserve(count * static_cast<std::size_t>(rows));
    set->offsets.reserve(count + 1);
  }
  const auto noise = static_cast<float>(options_.noise);
  for (std::int64_t id = first; id < first + tasks; ++id) {
    TaskDraws draws(options_.seed, purpose, id);
    const GeneratedTask task = draw_task(draws);
    const auto add = [&](TaskSetStorage<float>& set, float x) {
      float y = target(task, x);
      if (noise > 0.0f) y = kernels::fma(noise, draws.normal(), y);
      set.x.push_back(x);
      set.y.push_back(y);
    };
    for (int r = 0; r < options_.support; ++r) add(support, draw_x(task, draws));
    for (int r = 0; r < queries; ++r) {
      const float share = static_cast<float>(r) / static_cast<float>(queries - 1);
      add(query, points == QueryPoints::grid ? kernels::fma(task.high - task.low, share, task.low)
                                             : draw_x(task, draws));
    }
    support.offsets.push_back(static_cast<std::int64_t>(support.x.size()));
    query.offsets.push_back(static_cast<std::int64_t>(query.x.size()));
    ids.push_back(id);
  }
  return TaskBatch::own(columns(), std::move(support), std::move(query), std::move(ids));
}

}  // namespace shoal
