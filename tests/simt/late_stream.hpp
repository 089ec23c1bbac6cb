// SPDX-License-Identifier: Apache-2.0
// Streams that run as late as a device may: work lies in its stream until somebody waits for it. What reads a
// result without waiting, or fills memory that a copy has yet to read, gets wrong numbers every time.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

// By the names that CUDA's headers give them, so that programs can be written in these.
struct CUstream_st {
  std::deque<std::function<void()>> waiting;
  std::vector<std::function<void()>>* recording = nullptr;  ///< of a graph: takes the work instead
  int device = 0;
  long given = 0, done = 0;  ///< pieces of work
};
struct CUevent_st {
  CUstream_st* stream = nullptr;  ///< null: never recorded
  long target = 0;                ///< pieces of work of the stream that come before
  std::shared_ptr<std::chrono::steady_clock::time_point> at = {};  ///< when the stream came by
};

namespace simt {

/// Null is CUDA's default stream, which orders nothing with others here.
CUstream_st& stream_of(void* handle);
CUstream_st* make_stream(int device);
/// Runs what is left. Events may go on naming the stream.
void destroy_stream(CUstream_st* stream);

void enqueue(CUstream_st& stream, std::function<void()> work);
void run_all(CUstream_st& stream);
void record(CUevent_st& event, CUstream_st& stream);
/// Runs the event's stream up to where it was recorded.
void run_up_to(const CUevent_st& event);
/// Work given to `stream` from now on comes after what comes before the event.
void make_wait(CUstream_st& stream, const CUevent_st& event);

}  // namespace simt
