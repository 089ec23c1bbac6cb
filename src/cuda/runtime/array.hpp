// SPDX-License-Identifier: Apache-2.0
// Arrays that grow and keep their memory, so that calls after the first of a shape allocate nothing:
// DeviceArray in device memory, PinnedArray in host memory that the device can copy from and to.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "cuda/runtime/memory.hpp"
#include "cuda/runtime/memory_pool.hpp"

namespace shoal::cuda {

template <class T>
class DeviceArray {
 public:
  DeviceArray() = default;
  DeviceArray(DeviceArray&& other) noexcept
      : stream_(other.stream_),
        memory_(std::exchange(other.memory_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  DeviceArray& operator=(DeviceArray&& other) noexcept {
    std::swap(stream_, other.stream_);
    std::swap(memory_, other.memory_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~DeviceArray() { clear(); }

  /// Reserves memory for `count` values, which are undefined; null for none. The stream must outlive the
  /// array.
  T* reserve(Stream& stream, std::size_t count, const SourceLocation& where = SourceLocation::current()) {
    if (count > capacity_) {
      clear();
      memory_ = static_cast<T*>(allocate(stream, count * sizeof(T), where));
      capacity_ = count;
      stream_ = &stream;
    }
    return count == 0 ? nullptr : memory_;
  }
  T* reserve_zeroed(Stream& stream, std::size_t count,
                    const SourceLocation& where = SourceLocation::current()) {
    T* const at = reserve(stream, count, where);
    if (at) stream.fill_zero(at, count * sizeof(T), where);
    return at;
  }
  /// Copies `values` to the device; they must stay until the stream has finished the copy.
  T* upload(Stream& stream, std::span<const T> values,
            const SourceLocation& where = SourceLocation::current()) {
    T* const to = reserve(stream, values.size(), where);
    if (to) stream.copy_to_device(to, values.data(), values.size_bytes(), where);
    return to;
  }
  T* upload(Stream& stream, const std::vector<T>& values,
            const SourceLocation& where = SourceLocation::current()) {
    return upload(stream, std::span<const T>(values), where);
  }
  /// The same, and waits for the copy, so that the values may be freed.
  T* upload_and_wait(Stream& stream, const std::vector<T>& values,
                     const SourceLocation& where = SourceLocation::current()) {
    T* const to = reserve(stream, values.size(), where);
    if (to) stream.send(to, values.data(), values.size() * sizeof(T), where);
    return to;
  }

 private:
  void clear() {
    if (memory_) release(*stream_, std::exchange(memory_, nullptr), capacity_ * sizeof(T));
    capacity_ = 0;
  }

  Stream* stream_ = nullptr;
  T* memory_ = nullptr;
  std::size_t capacity_ = 0;
};

template <class T>
class PinnedArray {
 public:
  PinnedArray() = default;
  PinnedArray(const PinnedArray&) = delete;
  PinnedArray& operator=(const PinnedArray&) = delete;
  ~PinnedArray() { release_pinned(memory_); }

  /// Reserves memory for `count` values. Growing replaces the memory, so no copy may be in progress.
  std::span<T> reserve(std::size_t count, const SourceLocation& where = SourceLocation::current()) {
    if (count > capacity_) {
      release_pinned(std::exchange(memory_, nullptr));
      capacity_ = 0;
      memory_ = static_cast<T*>(allocate_pinned(count * sizeof(T), where));
      capacity_ = count;
    }
    return {memory_, count};
  }
  std::span<const T> assign(std::span<const T> values,
                            const SourceLocation& where = SourceLocation::current()) {
    const std::span<T> to = reserve(values.size(), where);
    std::copy(values.begin(), values.end(), to.begin());
    return to;
  }

 private:
  T* memory_ = nullptr;
  std::size_t capacity_ = 0;
};

}  // namespace shoal::cuda
