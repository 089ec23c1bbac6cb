// SPDX-License-Identifier: Apache-2.0
// What shoal-device-rates measures. Every function prints a JSON line per result, as soon as it has it.
#pragma once

namespace shoal::bench {

struct Device {
  int multiprocessors = 1;
  int shared_per_block = 0;  ///< most bytes of dynamic shared memory
  /// As little work as possible: for an emulated device, where times mean nothing.
  bool brief = false;

  /// Shared memory with which no second block fits a multiprocessor.
  int shared_of_a_lone_block() const {
    constexpr int more_than_half = 116 * 1024;
    return more_than_half < shared_per_block ? more_than_half : shared_per_block;
  }
};

/// The reciprocal of the fixed kernels against 1.0f / y, for every mantissa. Returns whether all bits agree.
bool measure_reciprocals(const Device& device);
/// 16-byte loads from shared memory by which lanes have equal addresses: wavefronts (parts of a load that are
/// served one after another, one a cycle) per load.
void measure_shared_loads(const Device& device);
/// The product of the fixed kernels with tiles of 8 x 4: share of the multiply-adds that a multiprocessor
/// could issue.
void measure_products(const Device& device);
/// Atomic adds of 64 bits without a result: how many, by where neighbouring lanes add.
void measure_reductions(const Device& device);
/// Code without branches that is executed again and again, by its size: cycles per instruction.
void measure_straight_code(const Device& device);

}  // namespace shoal::bench
