// SPDX-License-Identifier: Apache-2.0
// Graph: work that was captured from a stream once and is launched again as a whole, by one call.
#pragma once

#include "cuda/runtime/stream.hpp"

namespace shoal::cuda {

class Graph {
 public:
  Graph() = default;
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  /// Captures the work that work() submits to `stream`, without running it. Replaces an earlier capture, by
  /// an update of the graph where the device allows that. If work() throws, the stream is no longer capturing
  /// and the graph is empty.
  template <class Work>
  void capture(Stream& stream, Work work, const SourceLocation& where = SourceLocation::current()) {
    begin(stream, where);
    const long before = stream.launches_;
    stream.capturing_ = true;
    try {
      work();
    } catch (...) {
      stream.capturing_ = false;
      abandon(stream);
      throw;
    }
    stream.capturing_ = false;
    end(stream, where);
    kernels_ = stream.launches_ - before;
    ++device_counts().captures;
  }
  bool empty() const { return handle_ == nullptr; }
  void clear() noexcept;
  /// Number of kernels in one launch of the graph.
  long kernels() const { return kernels_; }

  void launch(Stream& stream, const SourceLocation& where = SourceLocation::current()) {
    start(stream, where);
    ++device_counts().graphs;
    device_counts().kernels += kernels_;
  }

 private:
  void begin(Stream& stream, const SourceLocation& where);
  void end(Stream& stream, const SourceLocation& where);
  void abandon(Stream& stream) noexcept;
  void start(Stream& stream, const SourceLocation& where);

  void* handle_ = nullptr;
  long kernels_ = 0;
};

}  // namespace shoal::cuda
