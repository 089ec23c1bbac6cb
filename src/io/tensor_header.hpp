// SPDX-License-Identifier: Apache-2.0
// The JSON header of a safetensors file, read in one pass: time and memory grow with its length, whatever it
// says.
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
  std::size_t size;  ///< bytes of an element
};
const TypeName& type_of(DType dtype);

/// Where a tensor's bytes lie behind the header. The pointers look into the file's map of tensors.
struct TensorExtent {
  const std::string* name = nullptr;
  Tensor* tensor = nullptr;
  std::uint64_t begin = 0, end = 0;
};

struct TensorHeader {
  TensorFile content;                 ///< tensors without bytes, metadata
  std::vector<TensorExtent> extents;  ///< in the order of their bytes, which fill the data without a gap
};

/// Reads a header that stands before `data_size` bytes. Throws ModelError naming `file` and byte or tensor.
TensorHeader read_tensor_header(const std::string& file, std::string_view text, std::uint64_t data_size);

/// The header of the file that `content` makes, without the metadata entry `without` (empty: with all).
std::string tensor_header_text(const TensorFile& content, std::string_view without = {});

}  // namespace shoal
