// SPDX-License-Identifier: Apache-2.0
#include "capi/model_metadata.hpp"

#include <shoal/config.hpp>
#include <shoal/version.hpp>

namespace shoal::capi {

ModelMetadata metadata_of(RunConfig config, const ModelMetadata& metadata) {
  config.gate = Gate::off;  // which was decided for other parameters
  ModelMetadata own = {{"config", to_toml(config, ConfigScope::of_model)}, {"version", SHOAL_VERSION}};
  if (const auto found = metadata.find("preprocessing"); found != metadata.end()) own.insert(*found);
  return own;
}

}  // namespace shoal::capi
