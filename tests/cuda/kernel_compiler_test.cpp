// SPDX-License-Identifier: Apache-2.0
// The compiler of kernels at run time, with toolchains of the test: who waits for what, what becomes of
// failures, the cache on disk, threads and forks; and the options that lead to it.
#include "cuda/compiled/kernel_compiler.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

#include "cuda/compiled/nvrtc.hpp"
#include "cuda/cuda_options.hpp"
#include "cuda/runtime/array.hpp"
#include "kernels/device/device.cuh"
#include "simt/compiled_kernels.hpp"
#include "simt/device_host.hpp"
#include "support/scratch.hpp"

namespace shoal::testing {
namespace {

using namespace cuda;
using Kind = KernelState::Kind;

/// A kernel to compile: values[i] = i * factor.
__global__ void multiples(float* values, float factor) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  values[i] = static_cast<float>(i) * factor;
}

KernelSource source(const std::string& program) {
  return {"kernel " + program, program, "multiples"};
}

/// A compiler that a test holds and releases, and that counts.
class FakeToolchain final : public KernelToolchain {
 public:
  explicit FakeToolchain(std::vector<int> architectures = {80, 90})
      : architectures_(std::move(architectures)) {}
  std::string name_and_version() const override { return "fake 1"; }
  std::vector<int> architectures() const override { return architectures_; }
  CompiledKernel compile(const KernelSource& source, int architecture) const override {
    std::unique_lock lock(mutex_);
    programs_.push_back(source.program);
    threads_.insert(std::this_thread::get_id());
    architecture_ = architecture;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_; });
    ++finished_;
    if (source.program == "wrong") throw ResourceError("fake: " + source.title + " has an error in line 3");
    return {source.program == "not loadable" ? "nothing" : source.kernel, "code of " + source.program, "ptx"};
  }

  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  /// Waits until `count` compilations have begun.
  void wait_for_begun(std::size_t count) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return programs_.size() >= count; });
  }
  std::vector<std::string> programs() const {
    const std::lock_guard lock(mutex_);
    return programs_;
  }
  std::size_t finished() const {
    const std::lock_guard lock(mutex_);
    return finished_;
  }
  std::size_t threads() const {
    const std::lock_guard lock(mutex_);
    return threads_.size();
  }
  int architecture() const {
    const std::lock_guard lock(mutex_);
    return architecture_;
  }

 private:
  const std::vector<int> architectures_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable std::vector<std::string> programs_;
  mutable std::set<std::thread::id> threads_;
  mutable int architecture_ = 0;
  mutable std::size_t finished_ = 0;
  bool held_ = false;
};

class KernelCompilerTest : public ::testing::Test {
 protected:
  void SetUp() override { simt::offer_kernel("multiples", multiples); }
  void TearDown() override { simt::set_device({}); }
  KernelCompilerOptions options(std::string folder = {}) const {
    return {.capability = 90, .cache_folder = std::move(folder), .open = [tools = tools_] { return tools; }};
  }
  const std::shared_ptr<FakeToolchain> tools_ = std::make_shared<FakeToolchain>();
};

TEST_F(KernelCompilerTest, CompilesBesideWhoeverAsks) {
  tools_->hold();
  KernelCompiler compiler(options());
  EXPECT_EQ(compiler.state(source("a")).kind, Kind::unknown);
  EXPECT_EQ(compiler.find(source("a")), nullptr);
  EXPECT_EQ(compiler.find(source("b")), nullptr);
  tools_->wait_for_begun(1);
  EXPECT_EQ(compiler.state(source("a")).kind, Kind::waiting);
  EXPECT_EQ(compiler.state(source("b")).kind, Kind::waiting);
  EXPECT_EQ(compiler.find(source("a")), nullptr);
  tools_->release();
  const auto b = compiler.wait_for(source("b"));
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(compiler.state(source("a")).kind, Kind::ready) << "in the order of asking";
  const auto a = compiler.find(source("a"));
  ASSERT_NE(a, nullptr);
  EXPECT_NE(a, b);
  EXPECT_EQ(compiler.find(source("a")), a);
  KernelSource retitled = source("a");
  retitled.title = "another title";
  EXPECT_EQ(compiler.find(retitled), a) << "the title is for people";
  EXPECT_EQ(tools_->programs(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(tools_->threads(), 1u);
  EXPECT_EQ(compiler.compilations(), 2);
  EXPECT_EQ(tools_->architecture(), 90);
}

TEST_F(KernelCompilerTest, WhatIsFoundCanBeLaunched) {
  const long before = simt::live_objects();
  {
    KernelCompiler compiler({.capability = 90});  // the toolchain of the test build
    const auto kernel = compiler.wait_for(source("any"));
    ASSERT_NE(kernel, nullptr) << compiler.state(source("any")).reason;
    Stream stream;
    DeviceArray<float> array;
    float* values = array.reserve(stream, 6);
    float factor = 2.5f;
    void* arguments[] = {&values, &factor};
    kernel->launch(stream, {.blocks = 2, .threads = 3}, arguments, "multiples");
    factor = 0.0f;  // the launch has a copy
    std::vector<float> got(6);
    stream.fetch(got.data(), values, 6 * sizeof(float));
    EXPECT_EQ(got, (std::vector<float>{0.0f, 2.5f, 5.0f, 7.5f, 10.0f, 12.5f}));
  }
  EXPECT_EQ(simt::live_objects(), before);
}

TEST_F(KernelCompilerTest, AFailedCompilationIsToldAndNotTriedAgain) {
  KernelCompiler compiler(options());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(compiler.wait_for(source("wrong")), nullptr);
  EXPECT_EQ(compiler.find(source("wrong")), nullptr);
  EXPECT_EQ(compiler.state(source("wrong")).kind, Kind::failed);
  EXPECT_EQ(compiler.state(source("wrong")).reason, "fake: kernel wrong has an error in line 3");
  EXPECT_EQ(tools_->programs().size(), 1u);
  EXPECT_NE(compiler.wait_for(source("right")), nullptr) << "others are not concerned";
  EXPECT_EQ(compiler.unavailable(), "");
}

TEST_F(KernelCompilerTest, AKernelThatDoesNotLoadHasFailed) {
  KernelCompiler compiler(options());
  EXPECT_EQ(compiler.wait_for(source("not loadable")), nullptr);
  EXPECT_NE(compiler.state(source("not loadable")).reason.find("cudaLibraryGetKernel"), std::string::npos);
  simt::set_device({.fails_at = 1});
  EXPECT_EQ(compiler.wait_for(source("a")), nullptr);
  EXPECT_EQ(compiler.state(source("a")).kind, Kind::failed);
  EXPECT_NE(compiler.state(source("a")).reason.find("planted failure"), std::string::npos);
}

TEST_F(KernelCompilerTest, AMissingToolchainIsToldAndHarmless) {
  KernelCompiler compiler({.capability = 90, .open = [] { return open_nvrtc("libnot-there.so.1"); }});
  EXPECT_EQ(compiler.unavailable(), "no NVRTC: libnot-there.so.1");
  EXPECT_EQ(compiler.find(source("a")), nullptr);
  EXPECT_EQ(compiler.wait_for(source("a")), nullptr);
  EXPECT_EQ(compiler.state(source("a")).kind, Kind::failed);
  EXPECT_EQ(compiler.state(source("a")).reason, "no NVRTC: libnot-there.so.1");
  EXPECT_EQ(compiler.compilations(), 0);
}

TEST_F(KernelCompilerTest, TheArchitectureIsTheLastThatTheDeviceCanRun) {
  for (const auto& [capability, want] : {std::pair{86, 80}, {80, 80}, {100, 90}, {90, 90}}) {
    KernelCompilerOptions with = options();
    with.capability = capability;
    KernelCompiler compiler(with);
    compiler.wait_for(source("a"));
    EXPECT_EQ(tools_->architecture(), want) << capability;
  }
  KernelCompilerOptions old = options();
  old.capability = 75;
  KernelCompiler compiler(old);
  EXPECT_EQ(compiler.unavailable(), "fake 1 does not compile for devices of sm_75");
  EXPECT_EQ(compiler.wait_for(source("a")), nullptr);
}

TEST_F(KernelCompilerTest, WhatWaitsCanBeDropped) {
  tools_->hold();
  KernelCompiler compiler(options());
  for (const char* program : {"a", "b", "c"}) EXPECT_EQ(compiler.find(source(program)), nullptr);
  tools_->wait_for_begun(1);
  compiler.drop_waiting();
  EXPECT_EQ(compiler.wait_for(source("c")), nullptr);
  EXPECT_EQ(compiler.state(source("b")).reason, "dropped before its compilation began");
  EXPECT_EQ(compiler.state(source("a")).kind, Kind::waiting) << "it has begun";
  tools_->release();
  EXPECT_NE(compiler.wait_for(source("a")), nullptr);
  EXPECT_NE(compiler.wait_for(source("d")), nullptr) << "the next one comes after those that waited";
  EXPECT_EQ(tools_->programs(), (std::vector<std::string>{"a", "d"}));
}

TEST_F(KernelCompilerTest, TheEndWaitsForTheCompilationThatHasBegun) {
  tools_->hold();
  std::thread releasing;
  {
    KernelCompiler compiler(options());
    for (const char* program : {"a", "b"}) EXPECT_EQ(compiler.find(source(program)), nullptr);
    tools_->wait_for_begun(1);
    releasing = std::thread([&] { tools_->release(); });
  }
  releasing.join();
  EXPECT_EQ(tools_->finished(), tools_->programs().size()) << "nothing is under way after the end";
}

TEST_F(KernelCompilerTest, TheNextProcessTakesKernelsFromTheDisk) {
  const Scratch folder;
  {
    KernelCompiler first(options(folder.path()));
    EXPECT_NE(first.wait_for(source("a")), nullptr);
    EXPECT_EQ(first.wait_for(source("wrong")), nullptr);
    EXPECT_EQ(first.compilations(), 1);
  }
  KernelCompiler second(options(folder.path()));
  EXPECT_NE(second.wait_for(source("a")), nullptr);
  EXPECT_EQ(second.compilations(), 0);
  EXPECT_EQ(second.wait_for(source("wrong")), nullptr);
  EXPECT_NE(second.wait_for(source("b")), nullptr);
  EXPECT_EQ(second.compilations(), 1);
  EXPECT_EQ(tools_->programs(), (std::vector<std::string>{"a", "wrong", "wrong", "b"}))
      << "failures are not kept";
  KernelCompilerOptions other = options(folder.path());
  other.capability = 80;
  KernelCompiler third(other);
  EXPECT_NE(third.wait_for(source("a")), nullptr);
  EXPECT_EQ(third.compilations(), 1) << "of another architecture";
}

TEST_F(KernelCompilerTest, AnUnusableCacheIsHarmless) {
  KernelCompiler compiler(options("/dev/null/kernels"));
  EXPECT_NE(compiler.wait_for(source("a")), nullptr);
  EXPECT_EQ(compiler.compilations(), 1);
}

TEST_F(KernelCompilerTest, ManyThreadsGetOneKernel) {
  KernelCompiler compiler(options());
  std::vector<std::shared_ptr<const LoadedKernel>> got(8);
  std::vector<std::thread> threads;
  threads.reserve(got.size());
  for (std::size_t t = 0; t < got.size(); ++t)
    threads.emplace_back([&, t] {
      if (t % 2 == 0) {
        got[t] = compiler.wait_for(source("a"));
        return;
      }
      compiler.unavailable();
      while (!got[t]) got[t] = compiler.find(source("a"));
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& one : got) EXPECT_EQ(one, got[0]);
  EXPECT_NE(got[0], nullptr);
  EXPECT_EQ(compiler.compilations(), 1);
}

// ThreadSanitizer does not support threads in the child of a process that had some.
#if !defined(__SANITIZE_THREAD__)
TEST_F(KernelCompilerTest, AChildOfAForkBeginsAnew) {
  tools_->hold();
  KernelCompilerOptions with = options();
  // The child's own toolchain: the other one is held by a thread that the child does not have.
  with.open = [parent = ::getpid(), tools = tools_]() -> std::shared_ptr<const KernelToolchain> {
    if (::getpid() == parent) return tools;
    return std::make_shared<FakeToolchain>();
  };
  auto compiler = std::make_unique<KernelCompiler>(with);
  EXPECT_EQ(compiler->find(source("a")), nullptr);
  tools_->wait_for_begun(1);
  const pid_t user = ::fork();  // one child uses the compiler, one only ends it
  if (user == 0) {
    const bool anew = compiler->state(source("a")).kind == Kind::unknown;
    const bool found = compiler->wait_for(source("a")) != nullptr && compiler->compilations() == 1;
    compiler.reset();
    ::_exit(anew && found ? 0 : 1);
  }
  const pid_t ender = ::fork();
  if (ender == 0) {
    compiler.reset();
    ::_exit(0);
  }
  for (const pid_t child : {user, ender}) {
    int status = 1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  tools_->release();
  EXPECT_NE(compiler->wait_for(source("a")), nullptr);
}
#endif

TEST_F(KernelCompilerTest, TheFolderOfAContextIsAbsolute) {
  EXPECT_EQ(cuda_options({.kernel_cache = "/a/folder"}).kernel_cache, "/a/folder");
  EXPECT_EQ(cuda_options({}).kernel_cache, "");
  try {
    cuda_options({.kernel_cache = "kernels"});
    FAIL() << "no error";
  } catch (const InvalidArgument& error) {
    EXPECT_EQ(std::string(error.what()), "kernel_cache takes the absolute path of a folder, not \"kernels\"");
  }
}

}  // namespace
}  // namespace shoal::testing
