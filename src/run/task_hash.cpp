// SPDX-License-Identifier: Apache-2.0
#include "run/task_hash.hpp"

#include <span>

#include <shoal/target_units.hpp>
#include <shoal/tensor_file.hpp>

#include "run/precision.hpp"

namespace shoal {
namespace {

template <class T>
std::string hash_of(std::span<const T> values) {
  return sha256(std::as_bytes(values)) + "\n";
}

/// Each array has a line of its own, so that values cannot move from one array into the next.
template <class Real>
std::string lines_of(const TaskSet<Real>& set) {
  return hash_of(set.x) + hash_of(set.y) + hash_of(set.labels) + hash_of(set.output_offset) +
         hash_of(set.row_starts);
}

}  // namespace

template <class Real>
std::string sha256_of_tasks(const TaskSource& source) {
  const TargetUnits& units = source.target_units();
  std::string lines =
      hash_of(std::span<const double>(units.mean)) + hash_of(std::span<const double>(units.deviation));
  for (const Phase phase : {Phase::train, Phase::validation}) {
    const std::int64_t count = source.size(phase).value_or(0);
    lines += std::string(to_string(phase)) + " " + std::to_string(count) + "\n";
    if (count == 0) continue;
    const auto tasks = evaluation_tasks<Real>(source, phase, count);
    const TaskColumns& columns = tasks.columns();
    lines += std::to_string(columns.inputs) + " " + std::to_string(columns.targets) + " " +
             std::to_string(columns.offsets) + "\n" + hash_of(tasks.ids()) + lines_of(tasks.support()) +
             lines_of(tasks.query());
  }
  return sha256(lines);
}

template std::string sha256_of_tasks<float>(const TaskSource& source);
template std::string sha256_of_tasks<double>(const TaskSource& source);

}  // namespace shoal
