// SPDX-License-Identifier: Apache-2.0
// The device layer on the host: "device memory" is the heap, filled with a NaN of its own, and the n-th call
// may be made to fail (tests/simt/device_host.hpp). It claims to be a small H100. Whoever fetches a word that
// still holds that NaN fetches what nobody wrote: the next wait throws, as compute-sanitizer's initcheck
// reports it on a device.
//
// It is as late as a device may be: work is done when somebody waits for its stream, so that a result that is
// read too early, or memory that is filled again or given back too early, shows. That holds for copies from
// and to any memory: CUDA may do those of memory that is not pinned at once, but does not promise it.
#include "simt/device_host.hpp"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "cuda/device.hpp"
#include "cuda/device_graph.hpp"
#include "cuda/device_memory.hpp"
#include "cuda/device_range.hpp"
#include "simt/simt.hpp"

namespace shoal::cuda {
namespace {

using Work = std::function<void()>;
struct Queue {
  std::deque<Work> waiting;
  std::vector<Work>* recording = nullptr;
};
struct Recorded {
  std::vector<Work> work;
};

simt::DevicePlan the_plan;
constexpr std::uint32_t unwritten = 0xffc5a3e1;  // a NaN that no kernel makes
std::string fetch_fault;
long calls = 0, live = 0, graph_launches = 0, kernel_launches = 0;
std::int64_t bytes_in_use = 0;
std::map<const void*, std::size_t> on_device;
std::vector<std::string> ranges;
int open_ranges = 0;

void count_call(const std::string& call, const CallSite& where) {
  if (++calls == the_plan.fails_at) throw DeviceError(call, "planted failure", where);
}

Queue& queue_of(void* handle) {
  return *static_cast<Queue*>(handle);
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
void give(Queue& queue, Work work) {
  if (queue.recording)
    queue.recording->push_back(std::move(work));
  else
    queue.waiting.push_back(std::move(work));
}
void drain(Queue& queue) {
  while (!queue.waiting.empty()) {
    const Work work = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    work();
  }
}
// A kernel that somebody launches on a stream.
void launch_later(void* stream, const Work& kernel) {
  give(queue_of(stream), [kernel] {
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

int chosen_device() {
  const char* wish = std::getenv("SHOAL_CUDA_DEVICE");
  return wish && *wish ? device_number(wish, 1) : 0;
}

DeviceInfo device_info(int device, const CallSite& where) {
  count_call("cudaGetDeviceProperties", where);
  return {.index = device,
          .count = 1,
          .name = "host",
          .major = 9,
          .minor = 0,
          .multiprocessors = 3,
          .clock_khz = 1'000'000,
          .shared_per_block = the_plan.shared_per_block,
          .memory = the_plan.memory};
}

std::int64_t free_memory(const CallSite& where) {
  count_call("cudaMemGetInfo", where);
  return the_plan.memory - bytes_in_use;
}

DeviceScope::DeviceScope(int, const CallSite& where) {
  count_call("cudaGetDevice", where);
}
DeviceScope::~DeviceScope() = default;

void load_kernel(const void*, const CallSite& where) {
  count_call("cudaFuncGetAttributes", where);
}

int resident_blocks(const void*, int, std::int64_t shared_bytes, const CallSite& where) {
  count_call("cudaFuncSetAttribute", where);
  return shared_bytes > the_plan.shared_per_block ? 0 : 2;
}

Stream::Stream(const CallSite& where) {
  count_call("cudaStreamCreateWithFlags", where);
  handle_ = new Queue;
  ++live;
}
Stream::~Stream() {
  drain(queue_of(handle_));
  delete &queue_of(handle_);
  --live;
}

void Stream::copy_to_device(void* to, const void* from, std::size_t bytes, const CallSite& where) {
  count_call("cudaMemcpyAsync to the device", where);
  give(queue_of(handle_), [=] { std::memcpy(to, from, bytes); });
}
void Stream::copy_to_host(void* to, const void* from, std::size_t bytes, const CallSite& where) {
  count_call("cudaMemcpyAsync from the device", where);
  give(queue_of(handle_), [=] {
    look_for_unwritten(from, bytes);
    std::memcpy(to, from, bytes);
  });
}
void Stream::fill_zero(void* to, std::size_t bytes, const CallSite& where) {
  count_call("cudaMemsetAsync", where);
  give(queue_of(handle_), [=] { std::memset(to, 0, bytes); });
}
void Stream::accept(const char* what, const CallSite& where) {
  count_call(what, where);
}
void Stream::synchronize(const char* what, const CallSite& where) {
  count_call(what, where);
  drain(queue_of(handle_));
  if (const std::string fault = simt::take_fault(); !fault.empty()) throw DeviceError(what, fault, where);
  if (const std::string fault = std::exchange(fetch_fault, {}); !fault.empty())
    throw DeviceError(what, fault, where);
}

// An event is the stream that it waits for, and when that came by.
namespace {
struct Passage {
  Queue* queue = nullptr;
  std::chrono::steady_clock::time_point at;
};
Passage& passage_of(void* handle) {
  return *static_cast<Passage*>(handle);
}
}  // namespace
Event::Event(const CallSite& where) {
  count_call("cudaEventCreate", where);
  handle_ = new Passage;
  ++live;
}
Event::~Event() {
  delete &passage_of(handle_);
  --live;
}
void Event::record(Stream& stream, const CallSite& where) {
  count_call("cudaEventRecord", where);
  Passage& passage = passage_of(handle_);
  passage.queue = &queue_of(stream.handle());
  give(*passage.queue, [&passage] { passage.at = std::chrono::steady_clock::now(); });
}
void Event::wait(const CallSite& where) {
  count_call("cudaEventSynchronize", where);
  if (passage_of(handle_).queue) drain(*passage_of(handle_).queue);
}
float Event::milliseconds_since(const Event& earlier, const CallSite& where) const {
  count_call("cudaEventElapsedTime", where);
  const std::chrono::duration<float, std::milli> time =
      passage_of(handle_).at - passage_of(earlier.handle_).at;
  return time.count();
}

void* allocate(Stream&, std::size_t bytes, const CallSite& where) {
  const std::string call = "cudaMallocAsync of " + std::to_string(bytes) + " bytes";
  count_call(call, where);
  if (bytes_in_use + static_cast<std::int64_t>(bytes) > the_plan.memory)
    throw DeviceError(call, "cudaErrorMemoryAllocation (out of memory)", where);
  ++device_counts().allocations;
  void* const memory = std::malloc(bytes);
  fill_unwritten(memory, bytes);
  bytes_in_use += static_cast<std::int64_t>(bytes);
  on_device[memory] = bytes;
  ++live;
  return memory;
}
void release(Stream& stream, void* memory) noexcept {
  bytes_in_use -= static_cast<std::int64_t>(on_device.at(memory));
  on_device.erase(memory);
  --live;
  drain(queue_of(stream.handle()));
  std::free(memory);
}

void* allocate_pinned(std::size_t bytes, const CallSite& where) {
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
void Graph::begin(Stream& stream, const CallSite& where) {
  count_call("cudaStreamBeginCapture", where);
  queue_of(stream.handle()).recording = new std::vector<Work>;
}
void Graph::end(Stream& stream, const CallSite& where) {
  Queue& queue = queue_of(stream.handle());
  const std::unique_ptr<std::vector<Work>> recorded(std::exchange(queue.recording, nullptr));
  clear();
  count_call("cudaStreamEndCapture", where);
  count_call("cudaGraphInstantiate", where);
  handle_ = new Recorded{std::move(*recorded)};
  ++live;
}
void Graph::abandon(Stream& stream) noexcept {
  delete std::exchange(queue_of(stream.handle()).recording, nullptr);
  clear();
}
void Graph::start(Stream& stream, const CallSite& where) {
  count_call("cudaGraphLaunch", where);
  ++graph_launches;
  for (const Work& work : static_cast<const Recorded*>(handle_)->work) give(queue_of(stream.handle()), work);
}

Range::Range(const char* name) {
  ranges.emplace_back(name);
  ++open_ranges;
}
Range::~Range() {
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
  shoal::cuda::count_call(what, CallSite::current());
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
