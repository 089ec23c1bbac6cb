// SPDX-License-Identifier: Apache-2.0
// What validation has found so far, as tensors of a checkpoint.
#pragma once

#include <filesystem>

#include <shoal/tensor_file.hpp>
#include <shoal/trainer.hpp>

namespace shoal {

/// Writes nothing where no validation has been.
template <class Real>
void store_selection(TensorFile& content, const ModelSelection<Real>& selection);

/// The selection of a checkpoint whose other parts have been read. Throws ModelError naming `file` when its
/// tensors are missing, have other shapes than `checkpoint.parameters`, or tell what cannot be.
template <class Real>
ModelSelection<Real> load_selection(const std::filesystem::path& file, const TensorFile& content,
                                    const Checkpoint<Real>& checkpoint);

}  // namespace shoal
