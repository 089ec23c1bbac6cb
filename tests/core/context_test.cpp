// SPDX-License-Identifier: Apache-2.0
// Context with the table of backends of quadratic_backend.cpp: cpu with scalar and avx2, reference, and cuda
// when a test enables it.
#include <shoal/context.hpp>
#include <shoal/program_environment.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/backend_access.hpp"
#include "expect_error.hpp"
#include "quadratic_backend.hpp"

namespace shoal::testing {
namespace {

TEST(Context, TakesTheCpuAndItsWidestSetByItself) {
  const Context context;
  EXPECT_EQ(context.backend_name(), "cpu");
  EXPECT_EQ(context.isa(), Isa::avx2);
  EXPECT_GE(context.threads(), 1);
  EXPECT_EQ(BackendAccess::of<float>(context).name(), "quadratic");
  expect_error<InvalidArgument>([&] { BackendAccess::of<double>(context); },
                                "backend cpu computes in float: use MetaLearner");
}

TEST(Context, TakesCudaByItselfWhereThereIsADevice) {
  EXPECT_EQ(Context().reason(), "auto: no cuda: no such device");
  cuda_present() = true;
  const Context taken, asked({.backend = BackendKind::cpu});
  cuda_present() = false;
  EXPECT_EQ(taken.backend_name(), "cuda");
  EXPECT_EQ(taken.reason(), "auto: a device");
  EXPECT_EQ(asked.backend_name(), "cpu");
  EXPECT_EQ(asked.reason(), "as asked for");
}

template <class T>
concept ShowsItsBackend = requires(const T& context) {
  context.template backend<float>();
};
static_assert(!ShowsItsBackend<Context>, "the seam is for learners alone");

TEST(Context, HasNoDeviceClockWithoutADevice) {
  EXPECT_EQ(Context({.time_device = true}).device_seconds(), std::nullopt);
}

TEST(Context, GivesWhatIsAskedFor) {
  const Context cpu({.backend = BackendKind::cpu, .threads = 3, .isa = Isa::scalar});
  EXPECT_EQ(cpu.threads(), 3);
  EXPECT_EQ(cpu.isa(), Isa::scalar);
  const Context reference({.backend = BackendKind::reference, .threads = 3});
  EXPECT_EQ(reference.backend_name(), "reference");
  EXPECT_EQ(reference.threads(), 1) << "serial by definition";
  EXPECT_EQ(reference.isa(), Isa::scalar);
  EXPECT_EQ(BackendAccess::of<double>(reference).name(), "quadratic");
  expect_error<InvalidArgument>([&] { BackendAccess::of<float>(reference); },
                                "backend reference computes in double: use MetaLearner64");
}

TEST(Context, RefusesByNameWhatIsNotToBeHad) {
  expect_error<InvalidArgument>([] { Context({.threads = -1}); },
                                "threads must be at least 0 (0 = every core), is -1");
  expect_error<ResourceError>([] { Context({.backend = BackendKind::cuda}); },
                              "backend cuda: no such device");
  for (const BackendKind kind : {BackendKind::automatic, BackendKind::reference})
    expect_error<ResourceError>(
        [&] { Context({.backend = kind, .math = Math::fast}); },
        kind == BackendKind::reference
            ? "math fast is not available on backend reference: only the cuda backend has it"
            : "math fast is not available on backend cpu: only the cuda backend has it");
  expect_error<ResourceError>([] { Context({.isa = Isa::avx512}); },
                              "instruction set avx512 is not available: this machine or this build lacks it");
}

// Only programs read the environment; the library depends on its arguments only.
TEST(Context, ReadsNoEnvironment) {
  const char* const variables[] = {"SHOAL_ISA", "SHOAL_CPU_PLAN", "SHOAL_CUDA_PLAN", "SHOAL_CUDA_DEVICE",
                                   "SHOAL_KERNEL_CACHE"};
  for (const char* variable : variables) setenv(variable, "nonsense", 1);
  EXPECT_EQ(Context().isa(), Isa::avx2);
  cuda_present() = true;
  EXPECT_EQ(Context().backend_name(), "cuda");
  cuda_present() = false;
  for (const char* variable : variables) unsetenv(variable);
}

TEST(Context, ProgramsPassTheEnvironmentAsOptions) {
  const ContextOptions before{.threads = 3, .device = 2, .cpu_plan = "units"};
  ContextOptions options = with_environment(before);
  EXPECT_EQ(options.threads, 3);
  EXPECT_EQ(options.device, 2) << "what is not set stays";
  EXPECT_EQ(options.cpu_plan, "units");
  EXPECT_EQ(options.cuda_plan, "");
  setenv("SHOAL_CPU_PLAN", "tasks+keep", 1);
  setenv("SHOAL_CUDA_PLAN", "64x16", 1);
  setenv("SHOAL_CUDA_DEVICE", "1", 1);
  options = with_environment(before);
  EXPECT_EQ(options.threads, 3);
  EXPECT_EQ(options.device, 1);
  EXPECT_EQ(options.cpu_plan, "tasks+keep");
  EXPECT_EQ(options.cuda_plan, "64x16");
  for (const char* wrong : {"-1", "gpu", "1x", " 1", "99999999999999999999"}) {
    setenv("SHOAL_CUDA_DEVICE", wrong, 1);
    expect_error<InvalidArgument>([] { with_environment({}); },
                                  "SHOAL_CUDA_DEVICE = \"" + std::string(wrong) +
                                      "\" is not the number of a CUDA device: they are numbered from 0");
  }
  for (const char* variable : {"SHOAL_CPU_PLAN", "SHOAL_CUDA_PLAN", "SHOAL_CUDA_DEVICE"}) unsetenv(variable);
}

/// Sets variables of the environment for its lifetime; null unsets one.
class Environment {
 public:
  explicit Environment(const std::vector<std::pair<std::string, const char*>>& variables) {
    for (const auto& [name, value] : variables) {
      const char* const before = std::getenv(name.c_str());
      before_.emplace_back(name, before ? std::optional<std::string>(before) : std::nullopt);
      set(name, value);
    }
  }
  ~Environment() {
    for (const auto& [name, value] : before_) set(name, value ? value->c_str() : nullptr);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  static void set(const std::string& name, const char* value) {
    if (value)
      setenv(name.c_str(), value, 1);
    else
      unsetenv(name.c_str());
  }
  std::vector<std::pair<std::string, std::optional<std::string>>> before_;
};

TEST(Context, TheCacheOfKernelsIsAFolderOfTheUser) {
  const auto cache = [](const char* named, const char* caches, const char* home,
                        ContextOptions options = {}) {
    const Environment environment(
        {{"SHOAL_KERNEL_CACHE", named}, {"XDG_CACHE_HOME", caches}, {"HOME", home}});
    return with_environment(std::move(options)).kernel_cache;
  };
  EXPECT_EQ(ContextOptions().kernel_cache, "") << "the library keeps nothing unless it is told to";
  EXPECT_EQ(cache(nullptr, nullptr, "/home/a"), "/home/a/.cache/shoal/kernels");
  EXPECT_EQ(cache("", "", "/home/a"), "/home/a/.cache/shoal/kernels");
  EXPECT_EQ(cache(nullptr, "/caches", "/home/a"), "/caches/shoal/kernels");
  EXPECT_EQ(cache(nullptr, "relative", "/home/a"), "/home/a/.cache/shoal/kernels");
  EXPECT_EQ(cache(nullptr, nullptr, nullptr), "");
  EXPECT_EQ(cache(nullptr, nullptr, "relative"), "");
  EXPECT_EQ(cache("/own", "/caches", "/home/a"), "/own");
  EXPECT_EQ(cache("off", "/caches", "/home/a"), "");
  EXPECT_EQ(cache(nullptr, "/caches", "/home/a", {.kernel_cache = "/given"}), "/given")
      << "what is not set stays";
  EXPECT_EQ(cache("/own", "/caches", "/home/a", {.kernel_cache = "/given"}), "/own");
  EXPECT_EQ(cache("off", "/caches", "/home/a", {.kernel_cache = "/given"}), "");
  for (const char* wrong : {"own", "Off", "./own"})
    expect_error<InvalidArgument>([&] { cache(wrong, nullptr, "/home/a"); },
                                  "SHOAL_KERNEL_CACHE = \"" + std::string(wrong) +
                                      "\" is neither off nor the absolute path of a folder");
}

TEST(Context, ReportsOnTheDeviceOfTheOptions) {
  cuda_present() = true;
  EXPECT_EQ(Context::backends({.device = 3})[2].detail, "a device, number 3");
  EXPECT_EQ(Context::backends({.kernel_cache = "/own"})[2].kernel_cache, "/own");
  cuda_present() = false;
}

TEST(Context, ReportsEveryBackend) {
  EXPECT_TRUE(isa_available(Isa::avx2));
  EXPECT_FALSE(isa_available(Isa::avx512));
  const auto reports = Context::backends();
  ASSERT_EQ(reports.size(), 3u);
  EXPECT_EQ(reports[0].name, "cpu");
  EXPECT_TRUE(reports[0].available);
  EXPECT_EQ(reports[2].name, "cuda");
  EXPECT_FALSE(reports[2].available);
  EXPECT_EQ(reports[2].detail, "no such device");
  EXPECT_EQ(reports[2].kernel_compiler, "a compiler") << "with or without a device";
  EXPECT_EQ(reports[0].kernel_compiler, "");
}

}  // namespace
}  // namespace shoal::testing
