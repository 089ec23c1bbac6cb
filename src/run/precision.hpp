// SPDX-License-Identifier: Apache-2.0
// Selects the precision of a context: double on the reference backend, float on the others.
#pragma once

#include <cstdint>
#include <type_traits>

#include <shoal/context.hpp>
#include <shoal/task_source.hpp>

namespace shoal {

/// Calls work(Real{}) with the precision of the context.
template <class Work>
auto in_precision(const Context& context, Work work) {
  return context.backend_name() == "reference" ? work(double{}) : work(float{});
}

template <class Real>
BasicTaskBatch<Real> evaluation_tasks(const TaskSource& source, Phase phase, std::int64_t tasks) {
  if constexpr (std::is_same_v<Real, double>)
    return source.evaluation64(phase, tasks);
  else
    return source.evaluation(phase, tasks);
}

/// Number of tasks without support rows.
template <class Real>
std::int64_t without_support(const BasicTaskBatch<Real>& tasks) {
  std::int64_t count = 0;
  for (std::int64_t t = 0; t < tasks.size(); ++t) count += tasks.support().rows(t) == 0 ? 1 : 0;
  return count;
}

}  // namespace shoal
