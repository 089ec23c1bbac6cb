// SPDX-License-Identifier: Apache-2.0
// Orders and faults of kernels that run on the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace simt {

enum class Order { forward, reverse, random };
/// Sets the order in which blocks start and the threads of a block run between two barriers. The seed is for
/// random order.
void set_order(Order order, std::uint64_t seed = 0);
/// Limits of a block on sm_90 and later architectures.
inline constexpr unsigned most_threads = 1024;
inline constexpr std::size_t most_shared_bytes = 227 * 1024;
/// The message of the first fault since the last call, or "". Faults are: a barrier that part of a block
/// never reaches, threads that wait at different kinds of barriers, a launch that no device accepts.
std::string take_fault();
/// How a launch on a stream runs its blocks; the device layer sets it.
extern void (*launch_on_stream)(void* stream, const std::function<void()>& blocks);

}  // namespace simt
