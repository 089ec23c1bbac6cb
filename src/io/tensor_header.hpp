// SPDX-License-Identifier: Apache-2.0
// Reads the JSON header of a safetensors file in one pass. Time and memory grow with its length, whatever it
// contains.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/tensor_file.hpp>

namespace shoal {

struct TypeName {
  DType dtype;
  const char* name;
  std::size_t size;  ///< bytes per element
};
const TypeName& type_of(DType dtype);

/// Where the bytes of a tensor are, counted from the end of the header. The pointers refer to the file's map
/// of tensors.
struct TensorExtent {
  const std::string* name = nullptr;
  Tensor* tensor = nullptr;
  std::uint64_t begin = 0, end = 0;
};

struct TensorHeader {
  TensorFile content;                 ///< the tensors, still without bytes, and the metadata
  std::vector<TensorExtent> extents;  ///< in the order of their bytes, which fill the data without a gap
};

/// Reads a header that is followed by `data_size` bytes. Throws ModelError, naming `file` and the byte or
/// tensor.
TensorHeader read_tensor_header(const std::string& file, std::string_view text, std::uint64_t data_size);

/// The header for a file with this content. It leaves out the metadata entry `without`; empty = none.
std::string tensor_header_text(const TensorFile& content, std::string_view without = {});

}  // namespace shoal
