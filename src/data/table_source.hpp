// SPDX-License-Identifier: Apache-2.0
// Makes a source of tasks from columns that any ColumnReader supplies. The two functions correspond to the
// two forms of make_table_source (include/shoal/table_source.hpp), which set the float environment first.
#pragma once

#include <cstdint>
#include <memory>

#include <shoal/table_source.hpp>

#include "data/column_reader.hpp"

namespace shoal {

std::unique_ptr<TableSource> build_table_source(std::unique_ptr<ColumnReader> reader,
                                                const TableOptions& options, const TargetType& target,
                                                std::uint64_t seed, Sampling sampling);
std::unique_ptr<TableSource> build_table_source(std::unique_ptr<ColumnReader> reader,
                                                const TableOptions& options,
                                                const Preprocessing& preprocessing, const TargetType& target,
                                                TargetsNeeded needed, Phases phases, std::uint64_t seed);

}  // namespace shoal
