// SPDX-License-Identifier: Apache-2.0
// Student's t distribution, for confidence intervals of means.
#pragma once

#include <cstdint>

namespace shoal {

/// The 97.5 % quantile of Student's t distribution, half the width of a 95 % interval in standard errors:
/// 12.706 for 1 degree of freedom, 3.182 for 3, towards 1.960 for many. Relative error below 1e-9. Throws
/// InvalidArgument for fewer than 1 degree of freedom.
double student_t_975(std::int64_t degrees_of_freedom);

}  // namespace shoal
