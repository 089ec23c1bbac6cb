// SPDX-License-Identifier: Apache-2.0
// Checks the options of a table before anything is read. Messages use the names of the configuration.
#pragma once

#include <shoal/table_source.hpp>

namespace shoal {

/// Throws InvalidArgument, naming the key, for a value that is impossible or that contradicts another option
/// or the targets. The path is not checked: code that reads files does that.
void validate(const TableOptions& options, const TargetType& target);
/// Throws InvalidArgument, naming the key, when the options choose other columns than a model was trained
/// with. They may choose other rows.
void validate_same_columns(const TableOptions& options, const Preprocessing& preprocessing);

}  // namespace shoal
