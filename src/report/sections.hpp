// SPDX-License-Identifier: Apache-2.0
// The sections of a report, in order. Each says in one sentence why it is empty where it has no content for a
// model.
#pragma once

#include <string>
#include <vector>

#include "report/evidence.hpp"
#include "report/page.hpp"

namespace shoal::report {

/// The one sentence of the summary that says what wins, and by how much.
std::string verdict_of(const Evidence& evidence);

Section summary_section(const Evidence& evidence);
Section data_section(const Evidence& evidence);
Section split_section(const Evidence& evidence);
Section baselines_section(const Evidence& evidence);
Section var_section(const Evidence& evidence);
Section calibration_section(const Evidence& evidence);
Section adaptation_section(const Evidence& evidence);
Section heterogeneity_section(const Evidence& evidence);
Section segments_section(const Evidence& evidence);
Section stability_section(const Evidence& evidence);
Section limits_section(const Evidence& evidence);
Section manifest_section(const Evidence& evidence);

Page page_of(const Evidence& evidence);

/// A line's name on the page: "model, 5 steps", "linear".
std::string name_of_line(const std::string& name, const std::optional<int>& steps);
/// Leaves the first `most` rows of a table, and says below it how many there are.
void cut_rows(Table& table, std::size_t most);
Value value_of(const std::optional<double>& number);

}  // namespace shoal::report
