// SPDX-License-Identifier: Apache-2.0
// Makes the options of the training loop from a configuration.
#pragma once

#include <shoal/run_config.hpp>
#include <shoal/trainer.hpp>

namespace shoal {

/// `config` comes from with_validation (model_selection.hpp).
TrainOptions train_options_of(const RunConfig& config);

}  // namespace shoal
