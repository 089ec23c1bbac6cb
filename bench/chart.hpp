// SPDX-License-Identifier: Apache-2.0
// --chart: draws the rows of a run, with tasks per second beside shares of peak.
#pragma once

#include <string>

#include "report_words.hpp"
#include "results.hpp"

namespace shoal::bench {

/// An SVG document: one line per row, grouped by shape, coloured by backend.
std::string chart_of(const Results& results, const Circumstances& run);

}  // namespace shoal::bench
