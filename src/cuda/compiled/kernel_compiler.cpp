// SPDX-License-Identifier: Apache-2.0
#include "cuda/compiled/kernel_compiler.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <shoal/error.hpp>

#include "cuda/compiled/kernel_cache.hpp"
#include "cuda/compiled/kernel_key.hpp"
#include "cuda/compiled/nvrtc.hpp"

namespace shoal::cuda {
namespace {

using Lock = std::unique_lock<ForkSafeMutex<>>;

/// The toolchain with the architecture that suits the device, or why there is none.
struct Toolchain {
  std::shared_ptr<const KernelToolchain> tools;
  int architecture = 0;
  std::string unavailable;
};

/// The last one of the list that is not above the device's own: a device runs the machine code of an earlier
/// architecture, or its driver translates the PTX.
int suitable(const std::vector<int>& architectures, int capability) {
  int best = 0;
  for (const int one : architectures)
    if (one <= capability) best = std::max(best, one);
  return best;
}

Toolchain open_toolchain(const KernelCompilerOptions& options) {
  Toolchain result;
  try {
    result.tools = options.open ? options.open() : open_nvrtc();
    result.architecture = suitable(result.tools->architectures(), options.capability);
    if (result.architecture == 0)
      result.unavailable = result.tools->name_and_version() + " does not compile for devices of sm_" +
                           std::to_string(options.capability);
  } catch (const std::exception& error) {
    result.unavailable = error.what();
  }
  return result;
}

/// A kernel, from its first mention on. `compiling` includes the time in the queue.
struct Entry {
  enum class Phase { compiling, compiled, loading, ready, failed };
  Phase phase = Phase::compiling;
  KernelSource source = {};
  CompiledKernel compiled = {};
  std::shared_ptr<const LoadedKernel> loaded = {};
  std::string reason = {};

  void fail(const std::string& why) {
    phase = Phase::failed;
    reason = why;
  }
};

}  // namespace

struct KernelCompiler::Process {
  explicit Process(const std::string& cache_folder) : cache(cache_folder) {}

  const pid_t id = ::getpid();
  const KernelCache cache;
  std::map<std::pair<std::string, std::string>, Entry> entries;  ///< by program and kernel; none is removed
  std::deque<Entry*> queue;
  std::condition_variable_any changed;
  std::thread thread;
  bool stop = false, opening = false;
  std::unique_ptr<const Toolchain> toolchain;  ///< null until somebody needs it
  long compilations = 0;

  /// Opens the toolchain if it is not open, without holding the lock meanwhile.
  const Toolchain& tools(Lock& lock, const KernelCompilerOptions& options);
  Entry& asked_for(const KernelSource& source, const KernelCompiler& owner);
  void work(ForkSafeMutex<>& mutex, const KernelCompilerOptions& options);
  void compile(Entry& entry, Lock& lock, const KernelCompilerOptions& options);
  std::shared_ptr<const LoadedKernel> load(Entry& entry, Lock& lock);
};

const Toolchain& KernelCompiler::Process::tools(Lock& lock, const KernelCompilerOptions& options) {
  changed.wait(lock, [&] { return !opening; });
  if (toolchain) return *toolchain;
  opening = true;
  lock.unlock();
  auto opened = std::make_unique<Toolchain>(open_toolchain(options));
  lock.lock();
  opening = false;
  toolchain = std::move(opened);
  changed.notify_all();
  return *toolchain;
}

Entry& KernelCompiler::Process::asked_for(const KernelSource& source, const KernelCompiler& owner) {
  const auto [at, is_new] = entries.try_emplace({source.program, source.kernel});
  Entry& entry = at->second;
  if (!is_new) return entry;
  entry.source = source;
  queue.push_back(&entry);
  if (!thread.joinable()) {
    try {
      thread = std::thread([this, &owner] { work(owner.mutex_, owner.options_); });
    } catch (const std::system_error& error) {
      queue.clear();
      entry.fail(std::string("the system refuses the thread that compiles: ") + error.what());
    }
  }
  changed.notify_all();
  return entry;
}

/// What the thread in the background does.
void KernelCompiler::Process::work(ForkSafeMutex<>& mutex, const KernelCompilerOptions& options) {
  Lock lock(mutex);
  for (;;) {
    changed.wait(lock, [&] { return stop || !queue.empty(); });
    if (stop) return;
    Entry& entry = *queue.front();
    queue.pop_front();
    try {
      compile(entry, lock, options);
    } catch (const std::exception& error) {
      if (!lock.owns_lock()) lock.lock();
      entry.fail(error.what());
    }
    changed.notify_all();
  }
}

void KernelCompiler::Process::compile(Entry& entry, Lock& lock, const KernelCompilerOptions& options) {
  const Toolchain& with = tools(lock, options);
  if (!with.unavailable.empty()) throw ResourceError(with.unavailable);
  lock.unlock();
  const std::string key = kernel_key(entry.source, with.architecture, with.tools->name_and_version());
  std::optional<CompiledKernel> kernel = cache.load(key);
  const bool is_new = !kernel;
  if (is_new) {
    kernel = with.tools->compile(entry.source, with.architecture);
    cache.store(key, *kernel);
  }
  lock.lock();
  compilations += is_new;
  entry.compiled = std::move(*kernel);
  entry.phase = Entry::Phase::compiled;
}

std::shared_ptr<const LoadedKernel> KernelCompiler::Process::load(Entry& entry, Lock& lock) {
  entry.phase = Entry::Phase::loading;
  lock.unlock();
  std::shared_ptr<const LoadedKernel> loaded;
  std::string reason;
  try {
    loaded = std::make_shared<LoadedKernel>(entry.compiled);
  } catch (const std::exception& error) {
    reason = error.what();
  }
  lock.lock();
  entry.compiled = {};
  entry.loaded = loaded;
  if (loaded)
    entry.phase = Entry::Phase::ready;
  else
    entry.fail(reason);
  changed.notify_all();
  return loaded;
}

KernelCompiler::KernelCompiler(KernelCompilerOptions options)
    : options_(std::move(options)), process_(std::make_unique<Process>(options_.cache_folder)) {}

KernelCompiler::~KernelCompiler() {
  if (process_->id != ::getpid()) {
    static_cast<void>(process_.release());  // its thread can be neither joined nor destroyed
    return;
  }
  drop_waiting();
  {
    const std::lock_guard lock(mutex_);
    process_->stop = true;
  }
  process_->changed.notify_all();
  if (process_->thread.joinable()) process_->thread.join();
}

/// Holding the mutex.
KernelCompiler::Process& KernelCompiler::of_this_process() const {
  if (process_->id != ::getpid()) {
    static_cast<void>(process_.release());
    process_ = std::make_unique<Process>(options_.cache_folder);
  }
  return *process_;
}

std::shared_ptr<const LoadedKernel> KernelCompiler::find(const KernelSource& source) {
  Lock lock(mutex_);
  Process& process = of_this_process();
  Entry& entry = process.asked_for(source, *this);
  return entry.phase == Entry::Phase::compiled ? process.load(entry, lock) : entry.loaded;
}

std::shared_ptr<const LoadedKernel> KernelCompiler::wait_for(const KernelSource& source) {
  using Phase = Entry::Phase;
  Lock lock(mutex_);
  Process& process = of_this_process();
  Entry& entry = process.asked_for(source, *this);
  process.changed.wait(lock,
                       [&] { return entry.phase != Phase::compiling && entry.phase != Phase::loading; });
  return entry.phase == Phase::compiled ? process.load(entry, lock) : entry.loaded;
}

KernelState KernelCompiler::state(const KernelSource& source) const {
  using Kind = KernelState::Kind;
  const Lock lock(mutex_);
  const Process& process = of_this_process();
  const auto at = process.entries.find({source.program, source.kernel});
  if (at == process.entries.end()) return {};
  switch (at->second.phase) {
    case Entry::Phase::compiling:
    case Entry::Phase::loading:
      return {Kind::waiting};
    case Entry::Phase::compiled:
    case Entry::Phase::ready:
      return {Kind::ready};
    case Entry::Phase::failed:
      break;
  }
  return {Kind::failed, at->second.reason};
}

void KernelCompiler::drop_waiting() {
  const Lock lock(mutex_);
  Process& process = of_this_process();
  for (Entry* const entry : process.queue) entry->fail("dropped before its compilation began");
  process.queue.clear();
  process.changed.notify_all();
}

std::string KernelCompiler::unavailable() const {
  Lock lock(mutex_);
  return of_this_process().tools(lock, options_).unavailable;
}

long KernelCompiler::compilations() const {
  const Lock lock(mutex_);
  return of_this_process().compilations;
}

}  // namespace shoal::cuda
