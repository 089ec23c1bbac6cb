// SPDX-License-Identifier: Apache-2.0
// Stores the state of model selection as tensors of a checkpoint.
#pragma once

#include <filesystem>

#include <shoal/tensor_file.hpp>
#include <shoal/trainer.hpp>

namespace shoal {

/// Stores nothing when there has been no validation.
template <class Real>
void store_selection(TensorFile& content, const ModelSelection<Real>& selection);

/// Loads the selection of a checkpoint whose other parts have been loaded. Throws ModelError, naming `file`,
/// when its tensors are missing, have other shapes than `checkpoint.parameters`, or have impossible values.
template <class Real>
ModelSelection<Real> load_selection(const std::filesystem::path& file, const TensorFile& content,
                                    const Checkpoint<Real>& checkpoint);

}  // namespace shoal
