// SPDX-License-Identifier: Apache-2.0
// Kernels that NVRTC compiles and the device runs: the bits of the host, from machine code or PTX, from the
// cache, with much shared memory; and how NVRTC reports errors.
// Covers nvrtc_builtins, loaded_kernel.
//
// Where there is no NVRTC the tests that compile are skipped and say why; SHOAL_TEST_NEEDS_NVRTC=1 makes that
// a failure.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <regex>
#include <string>
#include <vector>

#include "core/exact_sum.hpp"
#include "cuda/compiled/embedded_headers.hpp"
#include "cuda/compiled/kernel_compiler.hpp"
#include "cuda/compiled/nvrtc.hpp"
#include "cuda/runtime/array.hpp"
#include "cuda/runtime/device.hpp"
#include "kernels/math/activations.hpp"
#include "kernels/math/losses.hpp"
#include "support/scratch.hpp"

// Compiles its argument, and keeps it as text for NVRTC.
#define SHOAL_CODE_AND_TEXT(name, ...) __VA_ARGS__ constexpr const char* name = #__VA_ARGS__

// Everything about a row: of each of three inputs the activation with its derivatives, and of the loss on
// these its terms, its gradient and its second derivative along the inputs. Calls use(value).
SHOAL_CODE_AND_TEXT(
    row_text,
    namespace shoal::kernels {
      template <Activation activation, LossKind kind, class Use>
      SHOAL_HD void row(const float* z, const float* y, Use use) {
        const float quantiles[3] = {0.1f, 0.5f, 0.9f};
        Network net;
        net.outputs = kind == LossKind::gaussian_nll ? 2 : 3;
        net.targets = kind == LossKind::softmax || kind == LossKind::pinball || kind == LossKind::gaussian_nll ? 1 : 3;
        LossOptions options;
        options.kind = kind;
        options.quantiles = quantiles;
        options.quantile_count = 3;
        options.floor = 1e-3f;
        float o[3];
        float delta[3];
        for (int j = 0; j < net.outputs; ++j) {
  float first = 0.0f;
  float second = 0.0f;
  ActivationOf<activation>::curvature(z[j], o[j], first, second);
  use(o[j]);
  use(first);
  use(second);
        }
        const auto loss = LossOf<kind>::of(options, net);
        loss.terms(o, y, [&](float a, float b) {
  use(fma(a, b, 0.0f)); });
        loss.gradient(o, y, 0.5f, delta);
        for (int j = 0; j < net.outputs; ++j) use(delta[j]);
        loss.curvature(o, y, z, 0.5f, delta);
        for (int j = 0; j < net.outputs; ++j) use(delta[j]);
}
});

namespace shoal::testing {
namespace {

using namespace cuda;

constexpr int rows = 96, values_per_row = 24;

const char* const kernel_text = R"(
namespace shoal::kernels {
template <Activation activation, LossKind kind>
__global__ void rows(const float* z, const float* y, float* values, long long* digits) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  float* at = values + 24 * i;
  row<activation, kind>(z + 3 * i, y + 3 * i, [&](float value) {
    *at++ = value;
    if (fabsf(value) <= 0x1p+60f) atomic_add_exactly(value, digits, 1);
  });
}
}
)";

KernelSource rows_source(const std::string& activation, const std::string& loss) {
  return {activation + " and " + loss,
          "#include \"kernels/device/exact_digits.cuh\"\n#include \"kernels/math/activations.hpp\"\n"
          "#include \"kernels/math/losses.hpp\"\n" +
              std::string(row_text) + kernel_text,
          "shoal::kernels::rows<shoal::Activation::" + activation + ", shoal::LossKind::" + loss + ">"};
}

int capability() {
  const DeviceInfo device = device_info(current_device());
  return 10 * device.major + device.minor;
}

class CompiledKernelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      tools_ = open_nvrtc();
    } catch (const ResourceError& error) {
      const char* const needed = std::getenv("SHOAL_TEST_NEEDS_NVRTC");
      if (needed && *needed == '1') FAIL() << error.what();
      GTEST_SKIP() << error.what();
    }
  }
  std::string error_of(const KernelSource& source) const {
    try {
      tools_->compile(source, 90);
    } catch (const ResourceError& error) {
      return error.what();
    }
    return "";
  }
  std::shared_ptr<const KernelToolchain> tools_;
};

/// The inputs of all rows, and targets in the domain of the loss.
struct Rows {
  std::vector<float> z, y;
  explicit Rows(LossKind loss) : z(3 * rows), y(3 * rows) {
    std::mt19937 random(17);
    std::normal_distribution<float> normal(0.0f, 3.0f);
    for (float& value : z) value = normal(random);
    for (float& value : y)
      value = loss == LossKind::softmax ? static_cast<float>(random() % 3)
              : loss == LossKind::bce   ? static_cast<float>(random() % 2)
              : loss == LossKind::qlike ? std::fabs(normal(random)) + 0.01f
                                        : normal(random);
    z[0] = 0.0f, z[1] = -0.0f, z[2] = 90.0f, z[3] = -90.0f, z[4] = 1e-38f;
  }
};

struct Results {
  std::vector<float> values = std::vector<float>(rows * values_per_row);
  std::vector<long long> digits = std::vector<long long>(kernels::exact_digits);
};

Results on_device(const LoadedKernel& kernel, const Rows& inputs) {
  Stream stream;
  DeviceArray<float> z, y, values;
  DeviceArray<long long> digits;
  Results results;
  const float *z_at = z.upload_and_wait(stream, inputs.z), *y_at = y.upload_and_wait(stream, inputs.y);
  float* values_at = values.reserve_zeroed(stream, results.values.size());
  long long* digits_at = digits.reserve_zeroed(stream, results.digits.size());
  void* arguments[] = {&z_at, &y_at, &values_at, &digits_at};
  kernel.launch(stream, {.blocks = 3, .threads = rows / 3}, arguments, "rows");
  stream.fetch(results.values.data(), values_at, results.values.size() * sizeof(float));
  stream.fetch(results.digits.data(), digits_at, results.digits.size() * sizeof(long long));
  return results;
}

template <Activation activation, LossKind loss>
void expect_bits_of_the_host(const LoadedKernel& kernel) {
  const Rows inputs(loss);
  const Results got = on_device(kernel, inputs);
  ExactSum sum(1);
  int compared = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const float* at = got.values.data() + values_per_row * i;
    kernels::row<activation, loss>(inputs.z.data() + 3 * i, inputs.y.data() + 3 * i, [&](float want) {
      if (std::isnan(want))
        EXPECT_TRUE(std::isnan(*at)) << "row " << i;
      else
        EXPECT_EQ(std::bit_cast<std::uint32_t>(*at), std::bit_cast<std::uint32_t>(want))
            << "row " << i << ": " << want;
      if (std::fabs(want) <= 0x1p+60f) sum.add(0, want);
      ++at, ++compared;
    });
  }
  EXPECT_GT(compared, 9 * rows);
  for (int d = 0; d < ExactSum::digits; ++d)
    EXPECT_EQ(got.digits[static_cast<std::size_t>(d)], sum.digit(d)[0]) << "digit " << d;
}

TEST_F(CompiledKernelTest, HasTheBitsOfTheHost) {
  KernelCompiler compiler({.capability = capability()});
  const auto check = [&]<Activation activation, LossKind loss>(const char* activation_name,
                                                               const char* loss_name) {
    const KernelSource source = rows_source(activation_name, loss_name);
    const auto kernel = compiler.wait_for(source);
    ASSERT_NE(kernel, nullptr) << compiler.state(source).reason;
    expect_bits_of_the_host<activation, loss>(*kernel);
  };
  using A = Activation;
  using L = LossKind;
  check.template operator()<A::identity, L::mse>("identity", "mse");
  check.template operator()<A::relu, L::huber>("relu", "huber");
  check.template operator()<A::tanh, L::bce>("tanh", "bce");
  check.template operator()<A::sigmoid, L::softmax>("sigmoid", "softmax");
  check.template operator()<A::softplus, L::pinball>("softplus", "pinball");
  check.template operator()<A::silu, L::gaussian_nll>("silu", "gaussian_nll");
  check.template operator()<A::gelu, L::qlike>("gelu", "qlike");
  EXPECT_EQ(compiler.compilations(), 7);
}

TEST_F(CompiledKernelTest, MachineCodeOfAnotherArchitectureIsReplacedByPtx) {
  const int architecture = tools_->architectures().front();
  if (architecture / 10 == capability() / 10)
    GTEST_SKIP() << "NVRTC knows no other architecture that this device can take";
  const CompiledKernel compiled = tools_->compile(rows_source("tanh", "mse"), architecture);
  ASSERT_FALSE(compiled.machine_code.empty());
  ASSERT_FALSE(compiled.ptx.empty());
  const LoadedKernel kernel(compiled);
  EXPECT_TRUE(kernel.is_from_ptx());
  expect_bits_of_the_host<Activation::tanh, LossKind::mse>(kernel);
}

TEST_F(CompiledKernelTest, WhatCannotBeLoadedIsAnError) {
  CompiledKernel compiled = tools_->compile(rows_source("tanh", "mse"), 90);
  compiled.lowered_name = "another_name";
  try {
    const LoadedKernel kernel(compiled);
    FAIL() << "no error";
  } catch (const DeviceError& error) {
    EXPECT_EQ(error.call(), "cudaLibraryGetKernel") << error.what();
  }
  compiled.machine_code = "no machine code";
  EXPECT_THROW(LoadedKernel{compiled}, DeviceError);
}

TEST_F(CompiledKernelTest, TakesSharedMemoryAfterOthersWereUnloaded) {
  const KernelSource source{"shared", R"(
extern __shared__ float4 memory[];
__global__ void fill(float* out, int floats) {
  float* const values = reinterpret_cast<float*>(memory);
  for (int i = threadIdx.x; i < floats; i += blockDim.x) values[i] = static_cast<float>(i);
  __syncthreads();
  if (threadIdx.x == 0) *out = values[floats - 1];
})",
                            "fill"};
  const CompiledKernel compiled = tools_->compile(source, 90);
  Stream stream;
  DeviceArray<float> array;
  float* out = array.reserve(stream, 1);
  for (int round = 0; round < 5; ++round) {  // a later one may have the address of an earlier one
    const LoadedKernel kernel(compiled);
    const int bytes = 100'000 - 4000 * round;
    ASSERT_GT(resident_blocks(kernel.address(), 64, bytes), 0);
    int floats = bytes / 4;
    void* arguments[] = {&out, &floats};
    kernel.launch(stream, {.blocks = 1, .threads = 64, .shared_bytes = bytes}, arguments, "fill");
    float got = 0.0f;
    stream.fetch(&got, out, sizeof got);
    EXPECT_EQ(got, static_cast<float>(floats - 1));
  }
}

TEST_F(CompiledKernelTest, ComesFromTheCache) {
  // kernel_cache_test.py names a folder, and reads how often this process compiled.
  const char* const named = std::getenv("SHOAL_TEST_KERNEL_CACHE");
  const Scratch own;
  const std::string folder = named ? named : own.path().string();
  const KernelSource source = rows_source("tanh", "softmax");
  for (int i = 0; i < 2; ++i) {
    KernelCompiler compiler({.capability = capability(), .cache_folder = folder});
    const auto kernel = compiler.wait_for(source);
    ASSERT_NE(kernel, nullptr) << compiler.state(source).reason;
    expect_bits_of_the_host<Activation::tanh, LossKind::softmax>(*kernel);
    if (named)
      std::printf("compilations: %ld\n", compiler.compilations());
    else
      EXPECT_EQ(compiler.compilations(), 1 - i);
  }
}

TEST_F(CompiledKernelTest, NvrtcReportsErrorsWithTheirPlace) {
  EXPECT_EQ(tools_->name_and_version().substr(0, 9), "NVRTC 13.");
  const std::string wrong = error_of({"a title", "__global__ void f(int* a) {\n  a[0] = b;\n}\n", "f"});
  EXPECT_NE(wrong.find("NVRTC: a title does not compile: NVRTC_ERROR_COMPILATION"), std::string::npos)
      << wrong;
  EXPECT_NE(wrong.find("kernel.cu(2): error: identifier \"b\" is undefined"), std::string::npos) << wrong;
  const std::string unnamed = error_of({"a title", "__global__ void f(int* a) { a[0] = 1; }\n", "g"});
  EXPECT_NE(unnamed.find("a title does not compile"), std::string::npos) << unnamed;
}

TEST_F(CompiledKernelTest, NvrtcReadsNoFileOfTheWorkingFolder) {
  const Scratch folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  std::ofstream("own.hpp") << "#define OWN 1\n";
  const std::string error =
      error_of({"a title", "#include \"own.hpp\"\n__global__ void f(int* a) { a[0] = OWN; }\n", "f"});
  std::filesystem::current_path(before);
  EXPECT_NE(error.find("own.hpp"), std::string::npos) << error;
}

/// Whether a header includes one of the standard library or the compiler that NVRTC does not get.
bool is_for_the_host(const EmbeddedHeader& header) {
  const std::string text = header.text;
  const std::regex include(R"(\n\s*#\s*include\s*<([^>/]+)>)");
  for (std::sregex_iterator at(text.begin(), text.end(), include), end; at != end; ++at)
    if (std::none_of(std::begin(standard_headers), std::end(standard_headers),
                     [&](const EmbeddedHeader& known) { return (*at)[1] == known.name; }))
      return true;
  return false;
}

TEST_F(CompiledKernelTest, EveryEmbeddedHeaderCompiles) {
  std::string program, for_the_host;
  for (const EmbeddedHeader& header : embedded_headers())
    if (is_for_the_host(header))
      for_the_host += std::string(header.name) + "\n";
    else
      program += "#include \"" + std::string(header.name) + "\"\n";
  EXPECT_EQ(error_of({"all headers", program + "__global__ void f(int* a) { a[0] = 1; }\n", "f"}), "");
  EXPECT_EQ(for_the_host, "kernels/math/emulated_fma.hpp\n") << "lanes.hpp includes it on the host alone";
}

TEST_F(CompiledKernelTest, PtxObeysTheNumericalContract) {
  const std::string ptx = tools_->compile(rows_source("gelu", "softmax"), 90).ptx;
  EXPECT_NE(ptx.find("div.rn.f32"), std::string::npos);
  EXPECT_NE(ptx.find("mul.rn.f32"), std::string::npos) << "the rounding forbids the assembler to contract";
  for (const char* forbidden : {".approx", ".ftz", "mul.f32", "add.f32", "div.full"})
    EXPECT_EQ(ptx.find(forbidden), std::string::npos) << forbidden;
}

TEST(WithoutNvrtc, IsToldAndHarmless) {
  const auto open = [] { return open_nvrtc("libnvrtc-not-there.so.13"); };
  KernelCompiler compiler({.capability = 90, .open = open});
  EXPECT_EQ(compiler.unavailable().find("no NVRTC: libnvrtc-not-there.so.13"), 0u) << compiler.unavailable();
  const KernelSource source = rows_source("tanh", "mse");
  EXPECT_EQ(compiler.find(source), nullptr);
  EXPECT_EQ(compiler.wait_for(source), nullptr);
  EXPECT_EQ(compiler.state(source).reason, compiler.unavailable());
  try {
    open_nvrtc("libm.so.6");
    FAIL() << "a library with other functions was taken";
  } catch (const ResourceError& error) {
    EXPECT_STREQ(error.what(), "no NVRTC: libm.so.6 has no nvrtcGetErrorString");
  }
}

}  // namespace
}  // namespace shoal::testing
