// SPDX-License-Identifier: Apache-2.0
// Which options of a table can be, before a file is opened.
#pragma once

#include <shoal/table_source.hpp>

namespace shoal {

/// Throws InvalidArgument, naming the key of the configuration, for options that contradict themselves or the
/// loss that the targets are for.
void validate(const TableOptions& options, const TargetType& target);
/// Other rows may be read with a model's preprocessing, other columns not: throws InvalidArgument for them.
void validate_same_columns(const TableOptions& options, const Preprocessing& preprocessing);

}  // namespace shoal
