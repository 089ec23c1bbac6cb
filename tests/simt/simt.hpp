// SPDX-License-Identifier: Apache-2.0
// Orders and faults of kernels that run on the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace simt {

enum class Order { forward, reverse, random };
/// In which order blocks start, and threads of a block between two barriers. The seed is for random.
void set_order(Order order, std::uint64_t seed = 0);
/// Of a block, on every architecture from sm_90 on.
inline constexpr unsigned most_threads = 1024;
inline constexpr std::size_t most_shared_bytes = 227 * 1024;
/// Message of the first fault since the last call, or "": a barrier that part of a block never reaches, or
/// where threads wait at different kinds; a launch that no device takes.
std::string take_fault();
/// What a launch on a stream does with the running of its blocks: the device layer's choice.
extern void (*launch_on_stream)(void* stream, const std::function<void()>& blocks);

}  // namespace simt
