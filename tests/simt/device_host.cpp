// SPDX-License-Identifier: Apache-2.0
// The device layer on the host: "device memory" is the heap, filled with NaN, and the n-th call may be made
// to fail (tests/simt/device_host.hpp). It claims to be a small H100.
#include "simt/device_host.hpp"

#include <chrono>
#include <cstdlib>
#include <cstring>

#include <shoal/error.hpp>

#include "cuda/device.hpp"
#include "simt/simt.hpp"

namespace shoal::cuda {
namespace {

simt::DevicePlan the_plan;
long calls = 0, live = 0;

void count_call(const char* what) {
  if (++calls == the_plan.fails_at) throw ResourceError(std::string("cuda: ") + what + ": planted failure");
}

}  // namespace

bool device_available(std::string& why) {
  if (the_plan.present) return true;
  why = "cudaErrorInsufficientDriver (planted)";
  return false;
}

DeviceInfo device_info() {
  count_call("cudaGetDeviceProperties");
  return {.name = "host",
          .major = 9,
          .minor = 0,
          .multiprocessors = 3,
          .clock_khz = 1'000'000,
          .shared_per_block = the_plan.shared_per_block,
          .memory = std::int64_t{1} << 30};
}

Stream::Stream() {
  count_call("cudaStreamCreate");
}
Stream::~Stream() = default;
void Stream::copy_to_device(void* to, const void* from, std::size_t bytes) {
  count_call("copy to the device");
  std::memcpy(to, from, bytes);
}
void Stream::copy_to_host(void* to, const void* from, std::size_t bytes) {
  count_call("copy from the device");
  std::memcpy(to, from, bytes);
}
void Stream::fill_zero(void* to, std::size_t bytes) {
  count_call("cudaMemsetAsync");
  std::memset(to, 0, bytes);
}
void Stream::check(const char* what) {
  count_call(what);
}
void Stream::synchronize(const char* what) {
  count_call(what);
  if (const std::string fault = simt::take_fault(); !fault.empty())
    throw ResourceError("cuda: " + std::string(what) + ": " + fault);
}

// The host's clock: kernels here have run when their launch returns.
namespace {
using HostTime = std::chrono::steady_clock::time_point;
}
DeviceClock::~DeviceClock() {
  for (const auto& [begin, end] : spans_) {
    delete static_cast<HostTime*>(begin);
    delete static_cast<HostTime*>(end);
  }
}
void DeviceClock::start(Stream&) {
  count_call("cudaEventRecord");
  if (used_ == spans_.size()) spans_.emplace_back(new HostTime, new HostTime);
  *static_cast<HostTime*>(spans_[used_].first) = std::chrono::steady_clock::now();
}
void DeviceClock::stop(Stream&) {
  count_call("cudaEventRecord");
  *static_cast<HostTime*>(spans_[used_++].second) = std::chrono::steady_clock::now();
}
double DeviceClock::take() {
  count_call("cudaEventElapsedTime");
  std::chrono::duration<double> sum{};
  for (; used_ > 0; --used_)
    sum +=
        *static_cast<HostTime*>(spans_[used_ - 1].second) - *static_cast<HostTime*>(spans_[used_ - 1].first);
  return sum.count();
}

void* allocate(std::size_t bytes) {
  count_call("allocation");
  void* const memory = std::malloc(bytes);
  std::memset(memory, 0xff, bytes);
  ++live;
  return memory;
}
void release(void* memory) noexcept {
  if (memory) --live;
  std::free(memory);
}

int resident_blocks(const void*, int, std::int64_t shared_bytes) {
  count_call("cudaFuncSetAttribute");
  return shared_bytes > the_plan.shared_per_block ? 0 : 2;
}

}  // namespace shoal::cuda

namespace simt {

void set_device(const DevicePlan& plan) {
  shoal::cuda::the_plan = plan;
  shoal::cuda::calls = 0;
}
long device_calls() {
  return shoal::cuda::calls;
}
long live_allocations() {
  return shoal::cuda::live;
}

}  // namespace simt
