// SPDX-License-Identifier: Apache-2.0
#include "data/generated_source.hpp"

#include <cmath>

#include <shoal/error.hpp>

#include "core/float_environment.hpp"

namespace shoal {

using kernels::GeneratorCode;

GeneratedSource::GeneratedSource(const GeneratorOptions& options, GeneratorCode code, float low, float high)
    : query_grid_(options.query_grid) {
  const FloatEnvironment environment;
  if (options.support < 0) throw InvalidArgument("tasks: support must be at least 0");
  if (options.query < 1) throw InvalidArgument("tasks: query must be at least 1");
  if (!(options.noise >= 0.0 && options.noise < 1e30))
    throw InvalidArgument("tasks: noise must be at least 0");
  if (options.query_grid != 0 && options.query_grid < 2)
    throw InvalidArgument("evaluate: query_grid must be 0 (off) or at least 2 points");
  formula_ = {.code = code,
              .seed = options.seed,
              .low = low,
              .high = high,
              .noise = static_cast<float>(options.noise),
              .support = options.support,
              .query = options.query};
}

kernels::GeneratorFormula GeneratedSource::formula(Phase phase) const {
  kernels::GeneratorFormula formula = formula_;
  formula.purpose = static_cast<std::uint32_t>(purpose_of(phase));
  return formula;
}

TaskBatch GeneratedSource::sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const {
  return generate(phase, iteration * tasks, tasks, QueryPoints::random);
}

TaskBatch GeneratedSource::evaluation(Phase phase, std::int64_t tasks) const {
  return generate(phase, 0, tasks, query_grid_ > 0 ? QueryPoints::grid : QueryPoints::random);
}

TaskBatch GeneratedSource::generate(Phase phase, std::int64_t first, std::int64_t tasks,
                                    QueryPoints points) const {
  const FloatEnvironment environment;
  if (tasks < 1) throw InvalidArgument("a batch needs at least one task, not " + std::to_string(tasks));
  const kernels::GeneratorFormula formula = this->formula(phase);
  TaskSetStorage<float> support, query;
  std::vector<std::int64_t> ids;
  const int queries = points == QueryPoints::grid ? query_grid_ : formula.query;
  const auto count = static_cast<std::size_t>(tasks);
  ids.reserve(count);
  for (auto [set, rows] : {std::pair(&support, formula.support), std::pair(&query, queries)}) {
    set->x.reserve(count * static_cast<std::size_t>(rows));
    set->y.reserve(count * static_cast<std::size_t>(rows));
    set->row_starts.reserve(count + 1);
  }
  for (std::int64_t id = first; id < first + tasks; ++id) {
    kernels::TaskDraws draws(formula, id);
    const kernels::GeneratedTask task = draw_task(formula, draws);
    const auto add = [&](TaskSetStorage<float>& set, float x) {
      set.x.push_back(x);
      set.y.push_back(draw_y(formula, task, x, draws));
    };
    for (int r = 0; r < formula.support; ++r) add(support, draw_x(formula, task, draws));
    for (int r = 0; r < queries; ++r) {
      const float share = static_cast<float>(r) / static_cast<float>(queries - 1);
      add(query, points == QueryPoints::grid ? kernels::fma(task.high - task.low, share, task.low)
                                             : draw_x(formula, task, draws));
    }
    support.row_starts.push_back(static_cast<std::int64_t>(support.x.size()));
    query.row_starts.push_back(static_cast<std::int64_t>(query.x.size()));
    ids.push_back(id);
  }
  return TaskBatch::own(columns(), std::move(support), std::move(query), std::move(ids));
}

std::unique_ptr<TaskSource> make_sinusoid(const GeneratorOptions& options) {
  return std::make_unique<GeneratedSource>(options, GeneratorCode::sinusoid, -5.0f, 5.0f);
}

// When the distribution of x is symmetric, the best line through the even function x sin x is a constant.
std::unique_ptr<TaskSource> make_xsinx(const GeneratorOptions& options, const std::string& law, double low,
                                       double high) {
  const FloatEnvironment environment;
  if (law == "normal")
    return std::make_unique<GeneratedSource>(options, GeneratorCode::xsinx_normal, -4.0f, 4.0f);
  if (law != "uniform")
    throw InvalidArgument("tasks: law must be \"normal\" or \"uniform\", not \"" + law + "\"");
  if (!(low < high && std::abs(low) < 1e4 && std::abs(high) < 1e4))
    throw InvalidArgument("tasks: xsinx needs -1e4 < low < high < 1e4");
  return std::make_unique<GeneratedSource>(options, GeneratorCode::xsinx_uniform, static_cast<float>(low),
                                           static_cast<float>(high));
}

std::unique_ptr<TaskSource> make_xsinx_window(const GeneratorOptions& options) {
  return std::make_unique<GeneratedSource>(options, GeneratorCode::xsinx_window);
}

}  // namespace shoal
