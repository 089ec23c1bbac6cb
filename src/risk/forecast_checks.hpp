// SPDX-License-Identifier: Apache-2.0
// What a table of forecasts must hold before it is assessed.
#pragma once

#include <shoal/assessment.hpp>

namespace shoal {

/// Throws InvalidArgument and DataError as assess does.
void check_forecasts(const ForecastTable& table, const AssessmentOptions& options);

}  // namespace shoal
