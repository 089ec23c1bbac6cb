// SPDX-License-Identifier: Apache-2.0
// Streams that run as late as a device may: work stays in its stream until somebody waits for it. A program
// that reads a result without waiting, or overwrites memory that a copy has yet to read, gets wrong numbers
// every time.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

// These types have the names of CUDA's headers, so that programs can use them.
struct CUstream_st {
  std::deque<std::function<void()>> waiting;
  std::vector<std::function<void()>>* recording = nullptr;  ///< of a graph, which records the work instead
  int device = 0;
  long given = 0, done = 0;  ///< pieces of work submitted and finished
};
struct CUevent_st {
  CUstream_st* stream = nullptr;  ///< null: never recorded
  long target = 0;                ///< pieces of work of the stream before the event
  std::shared_ptr<std::chrono::steady_clock::time_point> at = {};  ///< time at which the stream reached it
};

namespace simt {

/// Null is CUDA's default stream, which here orders nothing with other streams.
CUstream_st& stream_of(void* handle);
CUstream_st* make_stream(int device);
/// Runs the remaining work. Events may still refer to the stream.
void destroy_stream(CUstream_st* stream);

void enqueue(CUstream_st& stream, std::function<void()> work);
void run_all(CUstream_st& stream);
void record(CUevent_st& event, CUstream_st& stream);
/// Runs the stream of the event up to the event.
void run_up_to(const CUevent_st& event);
/// Makes all work submitted to `stream` from now on wait for the event.
void make_wait(CUstream_st& stream, const CUevent_st& event);

}  // namespace simt
