// SPDX-License-Identifier: Apache-2.0
// Makes sources of tasks from tables in files: reads the files, and leaves the tasks to table_source.cpp.
#include <memory>

#include <shoal/error.hpp>
#include <shoal/table_source.hpp>

#include "core/float_environment.hpp"
#include "data/file_columns.hpp"
#include "data/table_source.hpp"

namespace shoal {
namespace {

std::unique_ptr<ColumnReader> reader_of(const TableOptions& options) {
  if (options.path.empty()) throw InvalidArgument("tasks: source \"table\" needs a path");
  return std::make_unique<FileColumns>(options.path, options.format);
}

}  // namespace

std::unique_ptr<TableSource> make_table_source(const TableOptions& options, const TargetType& target,
                                               std::uint64_t seed, Sampling sampling) {
  const FloatEnvironment environment;
  return build_table_source(reader_of(options), options, target, seed, sampling);
}

std::unique_ptr<TableSource> make_table_source(const TableOptions& options,
                                               const Preprocessing& preprocessing, const TargetType& target,
                                               TargetsNeeded needed, Phases phases, std::uint64_t seed) {
  const FloatEnvironment environment;
  return build_table_source(reader_of(options), options, preprocessing, target, needed, phases, seed);
}

}  // namespace shoal
