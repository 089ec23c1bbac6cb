// SPDX-License-Identifier: Apache-2.0
// safetensors as dictionaries of arrays.
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>

#include <shoal/tensor_file.hpp>

#include "adapted.hpp"
#include "arrays.hpp"
#include "bindings.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace shoal::python {
namespace {

template <class T>
nb::object array_of(const Tensor& tensor) {
  auto values = std::make_unique<std::vector<T>>(tensor.values<T>());
  const std::vector<std::size_t> shape(tensor.shape.begin(), tensor.shape.end());
  T* const data = values->data();
  nb::capsule owner(values.get(), [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  static_cast<void>(values.release());
  return nb::cast(nb::ndarray<nb::numpy, T>(data, shape.size(), shape.data(), owner));
}

nb::object array_of(const Tensor& tensor) {
  switch (tensor.dtype) {
    case DType::f32:
      return array_of<float>(tensor);
    case DType::f64:
      return array_of<double>(tensor);
    case DType::i64:
      return array_of<std::int64_t>(tensor);
    case DType::i32:
      return array_of<std::int32_t>(tensor);
    case DType::u8:
      break;
  }
  return array_of<std::uint8_t>(tensor);
}

std::span<const std::byte> span_of_bytes(const nb::bytes& bytes) {
  return {static_cast<const std::byte*>(bytes.data()), bytes.size()};
}

}  // namespace

void bind_tensors(nb::module_& module) {
  module.def(
      "parse_tensors",
      [](const nb::bytes& bytes, const std::string& name) {
        const TensorFile file = parse_tensor_file(span_of_bytes(bytes), name);
        nb::dict tensors;
        for (const auto& [tensor, content] : file.tensors) tensors[tensor.c_str()] = array_of(content);
        return nb::make_tuple(tensors, file.metadata);
      },
      "bytes"_a, "name"_a, "(tensors, metadata) of the bytes of a safetensors file.");
  module.def(
      "with_metadata",
      [](const nb::bytes& bytes, const std::map<std::string, std::string>& more) {
        TensorFile file = parse_tensor_file(span_of_bytes(bytes), "model in memory");
        for (const auto& [key, value] : more) file.metadata[key] = value;
        return bytes_of(tensor_file_bytes(with_content_hash(std::move(file))));
      },
      "bytes"_a, "more"_a, "The same file with more metadata.");
  module.def(
      "write_file",
      [](const std::string& file, const nb::bytes& bytes) { write_file(file, span_of_bytes(bytes)); },
      "file"_a, "bytes"_a, "Writes crash-safely.");
}

}  // namespace shoal::python
