// SPDX-License-Identifier: Apache-2.0
// Stream: an order of work on the device. Event: a point in it. Everything here throws DeviceError.
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
  std::optional<CUstream_st*> borrowed = {};  ///< the caller's, which outlives this one; none: a new one
  std::shared_ptr<DeviceMemoryResource> memory = {};  ///< of arrays made with the stream; null: the runtime's
};

class Stream {
 public:
  explicit Stream(const StreamOptions& options = {}, const SourceLocation& where = SourceLocation::current());
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// The bytes leave when the stream gets there: until then they stay as they are, and where. Of memory that
  /// is not pinned the runtime may take a copy at once, and promises nothing.
  void copy_to_device(void* to, const void* from, std::size_t bytes,
                      const SourceLocation& where = SourceLocation::current());
  /// The bytes are there after synchronize().
  void copy_to_host(void* to, const void* from, std::size_t bytes,
                    const SourceLocation& where = SourceLocation::current());
  void copy_on_device(void* to, const void* from, std::size_t bytes,
                      const SourceLocation& where = SourceLocation::current());
  void fill_zero(void* to, std::size_t bytes, const SourceLocation& where = SourceLocation::current());
  /// The same, and waits: the host's memory is the caller's own again, also when this throws.
  void send(void* to, const void* from, std::size_t bytes,
            const SourceLocation& where = SourceLocation::current());
  void fetch(void* to, const void* from, std::size_t bytes,
             const SourceLocation& where = SourceLocation::current());
  /// Whether the launch before was accepted; `what` names it.
  void check(const char* what, const SourceLocation& where = SourceLocation::current()) {
    accept(what, where);
    ++launches_;
    if (!capturing_) ++device_counts().kernels;
  }
  /// Waits for everything given to the stream, faults of kernels included.
  void synchronize(const char* what, const SourceLocation& where = SourceLocation::current());
  void* handle() const { return handle_; }
  CUstream_st* cuda() const { return static_cast<CUstream_st*>(handle_); }
  /// Whether others may give it work too.
  bool is_borrowed() const { return borrowed_; }
  DeviceMemoryResource* memory() const { return memory_.get(); }

 private:
  friend class Graph;
  void accept(const char* what, const SourceLocation& where);

  void* handle_ = nullptr;
  bool borrowed_ = false;
  std::shared_ptr<DeviceMemoryResource> memory_;
  long launches_ = 0;  ///< accepted so far
  bool capturing_ = false;
};

/// Waits for the stream when its scope is left by an exception: work that was given to the stream before may
/// read memory that is about to go.
class DrainOnFailure {
 public:
  explicit DrainOnFailure(Stream& stream) : stream_(stream), before_(std::uncaught_exceptions()) {}
  ~DrainOnFailure() {
    if (std::uncaught_exceptions() == before_) return;
    try {
      stream_.synchronize("what was begun before a failure");
    } catch (const DeviceError&) {  // the failure that is on its way tells more
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
  synchronize("what the host waits for", where);
}

class Event {
 public:
  explicit Event(const SourceLocation& where = SourceLocation::current());
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void record(Stream& stream, const SourceLocation& where = SourceLocation::current());
  /// Until the stream has come to where it was recorded last; at once if it never was.
  void wait(const SourceLocation& where = SourceLocation::current());
  /// Between two events that have both come to pass.
  float milliseconds_since(const Event& earlier,
                           const SourceLocation& where = SourceLocation::current()) const;

 private:
  void* handle_ = nullptr;
};

}  // namespace shoal::cuda
