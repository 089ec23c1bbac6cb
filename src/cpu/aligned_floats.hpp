// SPDX-License-Identifier: Apache-2.0
// AlignedFloats: memory for interleaved vectors, 64-byte aligned. It grows and keeps its memory, so that
// nothing is allocated after the first step of a training run.
#pragma once

#include <cstddef>
#include <new>

namespace shoal::cpu {

class AlignedFloats {
 public:
  AlignedFloats() = default;
  ~AlignedFloats() { release(); }
  AlignedFloats(const AlignedFloats&) = delete;
  AlignedFloats& operator=(const AlignedFloats&) = delete;

  /// Returns memory for at least `count` floats; the contents are lost when it grows.
  float* reserve(std::size_t count) {
    if (count > size_) {
      release();
      data_ = static_cast<float*>(::operator new(count * sizeof(float), alignment));
      size_ = count;
    }
    return data_;
  }

 private:
  static constexpr std::align_val_t alignment{64};
  void release() {
    if (data_) ::operator delete(data_, alignment);
    data_ = nullptr;
    size_ = 0;
  }

  float* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace shoal::cpu
