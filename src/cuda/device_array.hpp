// SPDX-License-Identifier: Apache-2.0
// DeviceArray: device memory that grows and is kept, so that calls after the first allocate nothing.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "cuda/device.hpp"

namespace shoal::cuda {

template <class T>
class DeviceArray {
 public:
  DeviceArray() = default;
  DeviceArray(DeviceArray&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), room_(std::exchange(other.room_, 0)) {}
  DeviceArray& operator=(DeviceArray&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(room_, other.room_);
    return *this;
  }
  ~DeviceArray() { release(memory_); }

  /// Room for `count` values, which are undefined. Null for none.
  T* room_for(std::size_t count) {
    if (count > room_) {
      release(std::exchange(memory_, nullptr));
      room_ = 0;
      memory_ = static_cast<T*>(allocate(count * sizeof(T)));
      room_ = count;
    }
    return count == 0 ? nullptr : memory_;
  }
  /// A copy of `values` on the device. They must stay until the stream has been synchronized.
  T* take(Stream& stream, std::span<const T> values) {
    T* const to = room_for(values.size());
    if (to) stream.copy_to_device(to, values.data(), values.size_bytes());
    return to;
  }
  T* take(Stream& stream, const std::vector<T>& values) { return take(stream, std::span<const T>(values)); }

 private:
  T* memory_ = nullptr;
  std::size_t room_ = 0;
};

}  // namespace shoal::cuda
