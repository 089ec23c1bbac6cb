// SPDX-License-Identifier: Apache-2.0
#include "simt/late_stream.hpp"

#include <utility>

namespace simt {
namespace {

void run_until(CUstream_st& stream, long target) {
  while (stream.done < target) {
    const std::function<void()> work = std::move(stream.waiting.front());
    stream.waiting.pop_front();
    work();
    ++stream.done;
  }
}

}  // namespace

CUstream_st& stream_of(void* handle) {
  static CUstream_st the_default;
  return handle ? *static_cast<CUstream_st*>(handle) : the_default;
}

CUstream_st* make_stream(int device) {
  auto stream = std::make_unique<CUstream_st>();
  stream->device = device;
  return stream.release();
}

void destroy_stream(CUstream_st* stream) {
  static std::vector<std::unique_ptr<CUstream_st>> ended;
  run_all(*stream);
  ended.emplace_back(stream);
}

void enqueue(CUstream_st& stream, std::function<void()> work) {
  if (stream.recording) {
    stream.recording->push_back(std::move(work));
    return;
  }
  stream.waiting.push_back(std::move(work));
  ++stream.given;
}

void run_all(CUstream_st& stream) {
  run_until(stream, stream.given);
}

void record(CUevent_st& event, CUstream_st& stream) {
  event.at = std::make_shared<std::chrono::steady_clock::time_point>();
  enqueue(stream, [at = event.at] { *at = std::chrono::steady_clock::now(); });
  event.stream = &stream;
  event.target = stream.given;
}

void run_up_to(const CUevent_st& event) {
  if (event.stream) run_until(*event.stream, event.target);
}

void make_wait(CUstream_st& stream, const CUevent_st& event) {
  if (!event.stream) return;
  enqueue(stream, [before = event.stream, target = event.target] { run_until(*before, target); });
}

}  // namespace simt
