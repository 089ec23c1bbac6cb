// SPDX-License-Identifier: Apache-2.0
// The cosine of a part of a turn in double with the same bits on every IEEE machine, as
// finance/logarithm.hpp.
#pragma once

namespace shoal::finance {

/// cos(2 pi turns) for turns in [0, 1); error below 2e-16.
double cosine_of_turns(double turns);

}  // namespace shoal::finance
