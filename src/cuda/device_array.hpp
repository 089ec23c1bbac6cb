// SPDX-License-Identifier: Apache-2.0
// Arrays that grow and are kept, so that calls after the first of a shape allocate nothing: DeviceArray on
// the device, PinnedArray where the device can fetch from and deliver to.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "cuda/device_memory.hpp"
#include "cuda/memory_pool.hpp"

namespace shoal::cuda {

template <class T>
class DeviceArray {
 public:
  DeviceArray() = default;
  DeviceArray(DeviceArray&& other) noexcept
      : stream_(other.stream_),
        memory_(std::exchange(other.memory_, nullptr)),
        room_(std::exchange(other.room_, 0)) {}
  DeviceArray& operator=(DeviceArray&& other) noexcept {
    std::swap(stream_, other.stream_);
    std::swap(memory_, other.memory_);
    std::swap(room_, other.room_);
    return *this;
  }
  ~DeviceArray() { clear(); }

  /// Room for `count` values, which are undefined. Null for none. The stream outlives the array.
  T* room_for(Stream& stream, std::size_t count, const CallSite& where = CallSite::current()) {
    if (count > room_) {
      clear();
      memory_ = static_cast<T*>(allocate(stream, count * sizeof(T), where));
      room_ = count;
      stream_ = &stream;
    }
    return count == 0 ? nullptr : memory_;
  }
  T* zeroed(Stream& stream, std::size_t count, const CallSite& where = CallSite::current()) {
    T* const at = room_for(stream, count, where);
    if (at) stream.fill_zero(at, count * sizeof(T), where);
    return at;
  }
  /// A copy of `values` on the device; they must stay until the stream has come there.
  T* take(Stream& stream, std::span<const T> values, const CallSite& where = CallSite::current()) {
    T* const to = room_for(stream, values.size(), where);
    if (to) stream.copy_to_device(to, values.data(), values.size_bytes(), where);
    return to;
  }
  T* take(Stream& stream, const std::vector<T>& values, const CallSite& where = CallSite::current()) {
    return take(stream, std::span<const T>(values), where);
  }
  /// The same, and waits for it: the values may go.
  T* take_now(Stream& stream, const std::vector<T>& values, const CallSite& where = CallSite::current()) {
    T* const to = room_for(stream, values.size(), where);
    if (to) stream.send(to, values.data(), values.size() * sizeof(T), where);
    return to;
  }

 private:
  void clear() {
    if (memory_) release(*stream_, std::exchange(memory_, nullptr), room_ * sizeof(T));
    room_ = 0;
  }

  Stream* stream_ = nullptr;
  T* memory_ = nullptr;
  std::size_t room_ = 0;
};

template <class T>
class PinnedArray {
 public:
  PinnedArray() = default;
  PinnedArray(const PinnedArray&) = delete;
  PinnedArray& operator=(const PinnedArray&) = delete;
  ~PinnedArray() { release_pinned(memory_); }

  /// Room for `count` values; a longer one than before is new memory, so no copy may be under way.
  std::span<T> room_for(std::size_t count, const CallSite& where = CallSite::current()) {
    if (count > room_) {
      release_pinned(std::exchange(memory_, nullptr));
      room_ = 0;
      memory_ = static_cast<T*>(allocate_pinned(count * sizeof(T), where));
      room_ = count;
    }
    return {memory_, count};
  }
  std::span<const T> hold(std::span<const T> values, const CallSite& where = CallSite::current()) {
    const std::span<T> to = room_for(values.size(), where);
    std::copy(values.begin(), values.end(), to.begin());
    return to;
  }

 private:
  T* memory_ = nullptr;
  std::size_t room_ = 0;
};

}  // namespace shoal::cuda
