// SPDX-License-Identifier: Apache-2.0
// What a file of parameters says about them.
#pragma once

#include <shoal/run_config.hpp>
#include <shoal/run_folder.hpp>

namespace shoal::capi {

/// Options, and of a table how its rows become inputs. What a training said of the parameters in `metadata`
/// (its tasks, its validation, its gate) is left out: they are others now.
ModelMetadata metadata_of(RunConfig config, const ModelMetadata& metadata);

}  // namespace shoal::capi
