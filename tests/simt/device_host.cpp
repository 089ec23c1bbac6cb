// SPDX-License-Identifier: Apache-2.0
// The device layer on the host. "Device memory" is on the heap and filled with a special NaN; the n-th call
// can be made to fail (tests/simt/device_host.hpp). The device claims to be a small H100. A download of a
// word that still has that NaN reads unwritten memory: the next wait throws, as compute-sanitizer's initcheck
// reports it on a device.
//
// The device is as late as CUDA allows: work is done when somebody waits for its stream, so that tests notice
// a result that is read too early, or memory that is overwritten or freed too early. This holds for copies
// from and to any memory: CUDA may do copies of memory that is not pinned at once, but does not promise to.
#include "simt/device_host.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "cuda/runtime/device.hpp"
#include "cuda/runtime/graph.hpp"
#include "cuda/runtime/memory_pool.hpp"
#include "cuda/runtime/range.hpp"
#include "simt/late_stream.hpp"
#include "simt/simt.hpp"

namespace shoal::cuda {
namespace {

using simt::enqueue;
using simt::stream_of;
using Work = std::function<void()>;
struct Recorded {
  std::vector<Work> work;
};

simt::DevicePlan the_plan;
constexpr std::uint32_t unwritten = 0xffc5a3e1;  // a NaN that no kernel produces
std::string fetch_fault;
thread_local int device_now = 0;
std::atomic<long> calls{0}, live{0};
long graph_launches = 0, kernel_launches = 0;
std::int64_t bytes_in_use = 0;
struct Allocation {
  std::size_t bytes = 0;
  int device = 0;
};
std::map<const void*, Allocation> on_device;
std::vector<std::string> ranges;
int open_ranges = 0;

void count_call(const std::string& call, const SourceLocation& where) {
  if (++calls == the_plan.fails_at) throw DeviceError(call, "planted failure", where);
}

void fill_unwritten(void* memory, std::size_t bytes) {
  std::memset(memory, 0xff, bytes);
  for (std::size_t at = 0; at + sizeof unwritten <= bytes; at += sizeof unwritten)
    std::memcpy(static_cast<char*>(memory) + at, &unwritten, sizeof unwritten);
}
void look_for_unwritten(const void* memory, std::size_t bytes) {
  std::uint32_t word;
  for (std::size_t at = 0; at + sizeof word <= bytes && fetch_fault.empty(); at += sizeof word) {
    std::memcpy(&word, static_cast<const char*>(memory) + at, sizeof word);
    if (word == unwritten)
      fetch_fault = "fetched device memory that nobody wrote: byte " + std::to_string(at) + " of " +
                    std::to_string(bytes);
  }
}
// Submits a kernel to a stream.
void launch_later(void* stream, const Work& kernel) {
  enqueue(stream_of(stream), [kernel] {
    ++kernel_launches;
    kernel();
  });
}
const bool hooked = (simt::launch_on_stream = launch_later, true);

}  // namespace

bool device_available(std::string& why) {
  if (the_plan.present) return true;
  why = "cudaErrorInsufficientDriver (planted)";
  return false;
}

int device_count(const SourceLocation& where) {
  count_call("cudaGetDeviceCount", where);
  return the_plan.devices;
}
int current_device(const SourceLocation& where) {
  count_call("cudaGetDevice", where);
  return device_now;
}
std::optional<int> device_of(CUstream_st* stream, const SourceLocation& where) {
  if (!stream) return std::nullopt;
  count_call("cudaStreamGetDevice", where);
  return stream->device;
}

DeviceInfo device_info(int device, const SourceLocation& where) {
  count_call("cudaGetDeviceProperties", where);
  return {.index = device,
          .count = the_plan.devices,
          .name = "host",
          .major = 9,
          .minor = 0,
          .multiprocessors = 3,
          .clock_khz = 1'000'000,
          .shared_per_block = the_plan.shared_per_block,
          .memory = the_plan.memory};
}

std::int64_t free_memory(const SourceLocation& where) {
  count_call("cudaMemGetInfo", where);
  return the_plan.memory - bytes_in_use;
}

DeviceScope::DeviceScope(int device, const SourceLocation& where) {
  count_call("cudaGetDevice", where);
  before_ = std::exchange(device_now, device);
}
DeviceScope::~DeviceScope() {
  device_now = before_;
}

void load_kernel(const void*, const SourceLocation& where) {
  count_call("cudaFuncGetAttributes", where);
}

int resident_blocks(const void*, int, std::int64_t shared_bytes, const SourceLocation& where) {
  count_call("cudaFuncSetAttribute", where);
  return shared_bytes > the_plan.shared_per_block ? 0 : 2;
}

void forget_kernel(const void*) noexcept {}

Stream::Stream(const StreamOptions& options, const SourceLocation& where)
    : borrowed_(options.borrowed.has_value()), memory_(options.memory) {
  if (borrowed_) {
    handle_ = *options.borrowed;
    return;
  }
  count_call("cudaStreamCreateWithFlags", where);
  handle_ = simt::make_stream(device_now);
  ++live;
}
Stream::~Stream() {
  if (borrowed_) return;
  simt::destroy_stream(cuda());
  --live;
}

void Stream::copy_to_device(void* to, const void* from, std::size_t bytes, const SourceLocation& where) {
  count_call("cudaMemcpyAsync to the device", where);
  enqueue(stream_of(handle_), [=] { std::memcpy(to, from, bytes); });
}
void Stream::copy_to_host(void* to, const void* from, std::size_t bytes, const SourceLocation& where) {
  count_call("cudaMemcpyAsync from the device", where);
  enqueue(stream_of(handle_), [=] { simt::fetch_device_memory(to, from, bytes); });
}
void Stream::copy_on_device(void* to, const void* from, std::size_t bytes, const SourceLocation& where) {
  count_call("cudaMemcpyAsync on the device", where);
  enqueue(stream_of(handle_), [=] { std::memcpy(to, from, bytes); });
}
void Stream::fill_zero(void* to, std::size_t bytes, const SourceLocation& where) {
  count_call("cudaMemsetAsync", where);
  enqueue(stream_of(handle_), [=] { std::memset(to, 0, bytes); });
}
void Stream::accept(const char* what, const SourceLocation& where) {
  count_call(what, where);
}
void Stream::synchronize(const char* what, const SourceLocation& where) {
  count_call(what, where);
  if (const std::string fault = simt::run_and_take_fault(handle_); !fault.empty())
    throw DeviceError(what, fault, where);
}

namespace {
CUevent_st& event_of(void* handle) {
  return *static_cast<CUevent_st*>(handle);
}
}  // namespace
Event::Event(const SourceLocation& where) {
  count_call("cudaEventCreate", where);
  handle_ = new CUevent_st;
  ++live;
}
Event::~Event() {
  delete &event_of(handle_);
  --live;
}
void Event::record(Stream& stream, const SourceLocation& where) {
  count_call("cudaEventRecord", where);
  simt::record(event_of(handle_), stream_of(stream.handle()));
}
void Event::wait(const SourceLocation& where) {
  count_call("cudaEventSynchronize", where);
  simt::run_up_to(event_of(handle_));
}
float Event::milliseconds_since(const Event& earlier, const SourceLocation& where) const {
  count_call("cudaEventElapsedTime", where);
  const std::chrono::duration<float, std::milli> time = *event_of(handle_).at - *event_of(earlier.handle_).at;
  return time.count();
}

void* allocate_from_pool(Stream&, std::size_t bytes, const SourceLocation& where) {
  const std::string call = "cudaMallocAsync of " + std::to_string(bytes) + " bytes";
  count_call(call, where);
  void* const memory = simt::allocate_device_memory(bytes, device_now);
  if (!memory) throw DeviceError(call, "cudaErrorMemoryAllocation (out of memory)", where);
  ++device_counts().allocations;
  return memory;
}
void release_to_pool(Stream& stream, void* memory) noexcept {
  simt::release_device_memory(memory, stream.handle());
}

std::optional<int> device_of_memory(const void* address, const SourceLocation& where) {
  count_call("cudaPointerGetAttributes", where);
  return simt::device_of_memory(address);
}

void* allocate_pinned(std::size_t bytes, const SourceLocation& where) {
  count_call("cudaHostAlloc of " + std::to_string(bytes) + " bytes", where);
  ++device_counts().allocations;
  void* const memory = std::malloc(bytes);
  std::memset(memory, 0xff, bytes);
  ++live;
  return memory;
}
void release_pinned(void* memory) noexcept {
  if (!memory) return;
  --live;
  std::free(memory);
}

Graph::~Graph() {
  clear();
}
void Graph::clear() noexcept {
  if (handle_) --live;
  delete static_cast<Recorded*>(handle_);
  handle_ = nullptr;
  kernels_ = 0;
}
void Graph::begin(Stream& stream, const SourceLocation& where) {
  count_call("cudaStreamBeginCapture", where);
  stream_of(stream.handle()).recording = new std::vector<Work>;
}
void Graph::end(Stream& stream, const SourceLocation& where) {
  const std::unique_ptr<std::vector<Work>> recorded(
      std::exchange(stream_of(stream.handle()).recording, nullptr));
  clear();
  count_call("cudaStreamEndCapture", where);
  count_call("cudaGraphInstantiate", where);
  handle_ = new Recorded{std::move(*recorded)};
  ++live;
}
void Graph::abandon(Stream& stream) noexcept {
  delete std::exchange(stream_of(stream.handle()).recording, nullptr);
  clear();
}
void Graph::start(Stream& stream, const SourceLocation& where) {
  count_call("cudaGraphLaunch", where);
  ++graph_launches;
  for (const Work& work : static_cast<const Recorded*>(handle_)->work)
    enqueue(stream_of(stream.handle()), work);
}

ProfilerRange::ProfilerRange(const char* name) {
  ranges.emplace_back(name);
  ++open_ranges;
}
ProfilerRange::~ProfilerRange() {
  --open_ranges;
}

}  // namespace shoal::cuda

namespace simt {

using namespace shoal::cuda;

void set_device(const DevicePlan& plan) {
  the_plan = plan;
  calls = 0;
}
void count_device_call(const char* what) {
  shoal::cuda::count_call(what, SourceLocation::current());
}
void count_live_object(int change) {
  live += change;
}
void* allocate_device_memory(std::size_t bytes, int device) {
  if (bytes_in_use + static_cast<std::int64_t>(bytes) > the_plan.memory) return nullptr;
  void* memory = nullptr;
  if (::posix_memalign(&memory, 256, bytes) != 0) return nullptr;  // exactly `bytes`, for AddressSanitizer
  fill_unwritten(memory, bytes);
  bytes_in_use += static_cast<std::int64_t>(bytes);
  on_device[memory] = {bytes, device};
  ++live;
  return memory;
}
void release_device_memory(void* memory, void* stream) {
  bytes_in_use -= static_cast<std::int64_t>(on_device.at(memory).bytes);
  on_device.erase(memory);
  --live;
  enqueue(stream_of(stream), [memory] { std::free(memory); });
}
std::optional<int> device_of_memory(const void* memory) {
  const auto after = on_device.upper_bound(memory);
  if (after == on_device.begin()) return std::nullopt;
  const auto& [begin, allocation] = *std::prev(after);
  const bool inside = memory < static_cast<const char*>(begin) + allocation.bytes;
  return inside ? std::optional(allocation.device) : std::nullopt;
}
void fetch_device_memory(void* to, const void* from, std::size_t bytes) {
  look_for_unwritten(from, bytes);
  std::memcpy(to, from, bytes);
}
std::string run_and_take_fault(void* stream) {
  run_all(stream_of(stream));
  const std::string fetched = std::exchange(fetch_fault, {});
  const std::string fault = take_fault();
  return fault.empty() ? fetched : fault;
}
int& device_of_thread() {
  return device_now;
}

long device_calls() {
  return calls;
}
long live_objects() {
  return live;
}
std::int64_t live_bytes() {
  return bytes_in_use;
}
long launches_run() {
  return kernel_launches;
}
long graphs_run() {
  return graph_launches;
}
std::vector<std::string> take_ranges() {
  return open_ranges == 0 ? std::exchange(ranges, {}) : std::vector<std::string>{};
}

}  // namespace simt
