// SPDX-License-Identifier: Apache-2.0
// Makes the options of a learner from a configuration and the data.
#pragma once

#include <shoal/meta_learner.hpp>
#include <shoal/run_config.hpp>
#include <shoal/target_units.hpp>
#include <shoal/task_source.hpp>

namespace shoal {

/// `source` decides how targets are scaled, and so which loss the learner computes.
template <class Real>
typename BasicMetaLearner<Real>::Options learner_options(const RunConfig& config, const ModelSpec& model,
                                                         const TaskSource& source) {
  return {.model = model,
          .loss = scaled_loss(config.loss, source.target_units()),
          .algorithm = config.algorithm,
          .optimizer = config.train.optimizer,
          .init = config.model.init,
          .seed = config.seed,
          .chunk = config.train.chunk};
}

}  // namespace shoal
