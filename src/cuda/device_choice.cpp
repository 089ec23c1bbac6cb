// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "cuda/device.hpp"

namespace shoal::cuda {

int device_number(const std::string& text, int count) {
  int device = -1;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, device);
  if (error != std::errc{} || stop != end || device < 0 || device >= count)
    throw InvalidArgument("SHOAL_CUDA_DEVICE = \"" + text + "\" names none of the " + std::to_string(count) +
                          " visible CUDA devices (numbered from 0)");
  return device;
}

std::string DeviceInfo::describe() const {
  return "device " + std::to_string(index) + " of " + std::to_string(count) + ": " + name + ", sm_" +
         std::to_string(major) + std::to_string(minor) + ", " + std::to_string(multiprocessors) +
         " multiprocessors, " + std::to_string(memory >> 20) + " MiB";
}

}  // namespace shoal::cuda
