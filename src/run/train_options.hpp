// SPDX-License-Identifier: Apache-2.0
// The options of the training loop, as a configuration says.
#pragma once

#include <shoal/run_config.hpp>
#include <shoal/trainer.hpp>

namespace shoal {

/// `config` is one that with_validation returned (model_selection.hpp).
TrainOptions train_options_of(const RunConfig& config);

}  // namespace shoal
