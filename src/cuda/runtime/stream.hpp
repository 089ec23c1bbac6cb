// SPDX-License-Identifier: Apache-2.0
// Stream: a queue of work on the device. Event: a point in a stream. All functions here throw DeviceError.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>

#include <shoal/device_memory_resource.hpp>

#include "cuda/runtime/counts.hpp"
#include "cuda/runtime/error.hpp"

namespace shoal::cuda {

struct StreamOptions {
  std::optional<CUstream_st*> borrowed = {};  ///< the caller's, which must outlive this; none: a new one
  std::shared_ptr<DeviceMemoryResource> memory = {};  ///< for arrays on this stream; null: the CUDA runtime
};

class Stream {
 public:
  explicit Stream(const StreamOptions& options = {}, const SourceLocation& where = SourceLocation::current());
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// The stream copies the bytes later: until then they must stay valid and unchanged. (For memory that is
  /// not pinned the runtime may copy at once, but does not promise to.)
  void copy_to_device(void* to, const void* from, std::size_t bytes,
                      const SourceLocation& where = SourceLocation::current());
  /// The bytes have arrived after synchronize().
  void copy_to_host(void* to, const void* from, std::size_t bytes,
                    const SourceLocation& where = SourceLocation::current());
  void copy_on_device(void* to, const void* from, std::size_t bytes,
                      const SourceLocation& where = SourceLocation::current());
  void fill_zero(void* to, std::size_t bytes, const SourceLocation& where = SourceLocation::current());
  /// Copies and waits: after the call, even if it throws, the stream no longer uses the host's memory.
  void send(void* to, const void* from, std::size_t bytes,
            const SourceLocation& where = SourceLocation::current());
  void fetch(void* to, const void* from, std::size_t bytes,
             const SourceLocation& where = SourceLocation::current());
  /// Throws if the last launch was not accepted; `what` names that launch.
  void check(const char* what, const SourceLocation& where = SourceLocation::current()) {
    accept(what, where);
    ++launches_;
    if (!capturing_) ++device_counts().kernels;
  }
  /// Waits for all work of the stream; also throws for faults of kernels.
  void synchronize(const char* what, const SourceLocation& where = SourceLocation::current());
  void* handle() const { return handle_; }
  CUstream_st* cuda() const { return static_cast<CUstream_st*>(handle_); }
  /// Whether the caller owns the stream and may submit work to it too.
  bool is_borrowed() const { return borrowed_; }
  DeviceMemoryResource* memory() const { return memory_.get(); }

 private:
  friend class Graph;
  void accept(const char* what, const SourceLocation& where);

  void* handle_ = nullptr;
  bool borrowed_ = false;
  std::shared_ptr<DeviceMemoryResource> memory_;
  long launches_ = 0;  ///< launches accepted so far
  bool capturing_ = false;
};

/// Waits for the stream when an exception leaves its scope: submitted work may read memory that is about to
/// be freed.
class DrainOnFailure {
 public:
  explicit DrainOnFailure(Stream& stream) : stream_(stream), before_(std::uncaught_exceptions()) {}
  ~DrainOnFailure() {
    if (std::uncaught_exceptions() == before_) return;
    try {
      stream_.synchronize("work in flight before a failure");
    } catch (const DeviceError&) {  // the exception in flight says more
    }
  }
  DrainOnFailure(const DrainOnFailure&) = delete;
  DrainOnFailure& operator=(const DrainOnFailure&) = delete;

 private:
  Stream& stream_;
  int before_;
};

inline void Stream::send(void* to, const void* from, std::size_t bytes, const SourceLocation& where) {
  const DrainOnFailure drain(*this);
  if (bytes > 0) copy_to_device(to, from, bytes, where);
  synchronize("copy to the device", where);
}
inline void Stream::fetch(void* to, const void* from, std::size_t bytes, const SourceLocation& where) {
  const DrainOnFailure drain(*this);
  if (bytes > 0) copy_to_host(to, from, bytes, where);
  synchronize("waiting for results", where);
}

class Event {
 public:
  explicit Event(const SourceLocation& where = SourceLocation::current());
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void record(Stream& stream, const SourceLocation& where = SourceLocation::current());
  /// Waits until the stream has reached the point recorded last; returns at once if nothing was recorded.
  void wait(const SourceLocation& where = SourceLocation::current());
  /// Time since `earlier`; both events must have happened.
  float milliseconds_since(const Event& earlier,
                           const SourceLocation& where = SourceLocation::current()) const;

 private:
  void* handle_ = nullptr;
};

}  // namespace shoal::cuda
