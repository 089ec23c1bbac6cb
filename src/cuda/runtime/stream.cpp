// SPDX-License-Identifier: Apache-2.0
// Implements streams and events with the CUDA runtime.
#include "cuda/runtime/stream.hpp"
#include "cuda/runtime/runtime_call.hpp"

namespace shoal::cuda {
namespace {

cudaEvent_t event_of(void* handle) {
  return static_cast<cudaEvent_t>(handle);
}

}  // namespace

Stream::Stream(const StreamOptions& options, const SourceLocation& where)
    : borrowed_(options.borrowed.has_value()), memory_(options.memory) {
  if (borrowed_) {
    handle_ = *options.borrowed;
    return;
  }
  cudaStream_t stream = nullptr;
  throw_on_error(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags",
                 where);
  handle_ = stream;
}
Stream::~Stream() {
  if (!borrowed_) cudaStreamDestroy(stream_of(handle_));
}

void Stream::copy_to_device(void* to, const void* from, std::size_t bytes, const SourceLocation& where) {
  throw_on_error(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_of(handle_)),
                 with_bytes("cudaMemcpyAsync to the device", bytes), where);
}
void Stream::copy_to_host(void* to, const void* from, std::size_t bytes, const SourceLocation& where) {
  throw_on_error(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_of(handle_)),
                 with_bytes("cudaMemcpyAsync from the device", bytes), where);
}
void Stream::copy_on_device(void* to, const void* from, std::size_t bytes, const SourceLocation& where) {
  throw_on_error(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream_of(handle_)),
                 with_bytes("cudaMemcpyAsync on the device", bytes), where);
}
void Stream::fill_zero(void* to, std::size_t bytes, const SourceLocation& where) {
  throw_on_error(cudaMemsetAsync(to, 0, bytes, stream_of(handle_)), with_bytes("cudaMemsetAsync", bytes),
                 where);
}
void Stream::accept(const char* what, const SourceLocation& where) {
  throw_on_error(cudaGetLastError(), what, where);
}
void Stream::synchronize(const char* what, const SourceLocation& where) {
  throw_on_error(cudaStreamSynchronize(stream_of(handle_)), what, where);
}

Event::Event(const SourceLocation& where) {
  cudaEvent_t event = nullptr;
  throw_on_error(cudaEventCreate(&event), "cudaEventCreate", where);
  handle_ = event;
}
Event::~Event() {
  cudaEventDestroy(event_of(handle_));
}
void Event::record(Stream& stream, const SourceLocation& where) {
  throw_on_error(cudaEventRecord(event_of(handle_), stream_of(stream.handle())), "cudaEventRecord", where);
}
void Event::wait(const SourceLocation& where) {
  throw_on_error(cudaEventSynchronize(event_of(handle_)), "cudaEventSynchronize", where);
}
float Event::milliseconds_since(const Event& earlier, const SourceLocation& where) const {
  float milliseconds = 0.0f;
  throw_on_error(cudaEventElapsedTime(&milliseconds, event_of(earlier.handle_), event_of(handle_)),
                 "cudaEventElapsedTime", where);
  return milliseconds;
}

}  // namespace shoal::cuda
