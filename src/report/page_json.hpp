// SPDX-License-Identifier: Apache-2.0
// Writes a page as JSON: an object per section, under its id, with the values of the page's tables and
// charts.
#pragma once

#include <string>

#include "report/page.hpp"

namespace shoal::report {

/// {"title", SECTION: {"title", "text": [paragraphs], TABLE: [{COLUMN: value}], CHART: {"series": [{"name",
/// "x", "y"}]}, LISTING: text}}. What is not defined is null.
std::string json_of(const Page& page);

}  // namespace shoal::report
