// SPDX-License-Identifier: Apache-2.0
// Forecasts that somebody else made, as outputs of the network would say the same.
#pragma once

#include <cstdint>
#include <map>

#include <shoal/baselines.hpp>
#include <shoal/loss.hpp>

namespace shoal {

/// The output that means a response of a loss: the logit of a probability (cut off 2^-52 from 0 and 1), the
/// logarithm of a variance, the prediction itself. NaN stays NaN.
double output_of_response(const Loss& loss, double response);

/// Outputs by row of the table, in the user's units; rows without a forecast are not there. Throws
/// InvalidArgument for a loss whose response is not one number (bce, mse, huber, qlike are) and a column that
/// is not there, DataError for a row that occurs twice or is no whole number, a probability outside [0, 1]
/// and a variance that is not positive.
std::map<std::int64_t, double> outputs_in(const ForecastFile& forecasts, const Loss& loss);

}  // namespace shoal
