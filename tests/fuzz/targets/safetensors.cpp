// SPDX-License-Identifier: Apache-2.0
// safetensors files with any content; a file that could be read is written and read again.
#include <shoal/tensor_file.hpp>

#include "fuzz/fuzz_input.hpp"

namespace {

bool same(const shoal::TensorFile& a, const shoal::TensorFile& b) {
  if (a.metadata != b.metadata || a.tensors.size() != b.tensors.size()) return false;
  for (const auto& [name, tensor] : a.tensors) {
    const auto other = b.tensors.find(name);
    if (other == b.tensors.end() || other->second.dtype != tensor.dtype ||
        other->second.shape != tensor.shape || other->second.bytes != tensor.bytes)
      return false;
  }
  return true;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  // An input that begins like JSON is a header without its length; other inputs are whole files.
  const std::string path =
      fuzz::write("any.safetensors", input.starts_with('{') ? fuzz::tensor_file(input) : std::string(input));
  fuzz::allow({fuzz::model}, [&] {
    const TensorFile content = read_tensor_file(path);
    for (const auto& [name, tensor] : content.tensors)
      if (tensor.dtype == DType::f32 || tensor.dtype == DType::f64) {
        tensor.values<float>();
        tensor.values<double>();
      }
    const std::filesystem::path again = fuzz::folder() / "again.safetensors";
    write_tensor_file(again, content);
    fuzz::require(same(read_tensor_file(again), content), "a file that does not read back");
  });
  return 0;
}
