// SPDX-License-Identifier: Apache-2.0
// What the options of a table may be, before anything is read. They are named as in a configuration.
#pragma once

#include <shoal/table_source.hpp>

namespace shoal {

/// Throws InvalidArgument naming the key whose value cannot be, or that does not go with another or with the
/// targets. The path is the affair of who reads files.
void validate(const TableOptions& options, const TargetType& target);
/// Other rows may be read with a model's preprocessing, other columns not: throws InvalidArgument naming the
/// key.
void validate_same_columns(const TableOptions& options, const Preprocessing& preprocessing);

}  // namespace shoal
