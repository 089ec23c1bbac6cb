// SPDX-License-Identifier: Apache-2.0
// The caller's memory resource: all device memory comes from it and returns to it, and an allocation that it
// refuses is an error that changes nothing.
#include <shoal/device_memory_resource.hpp>

#include <gtest/gtest.h>

#include <map>
#include <new>

#include <shoal/error.hpp>
#include <shoal/trainer.hpp>

#include "cuda_under_test.hpp"
#include "support/bits.hpp"
#include "support/device_copies.hpp"
#if defined(SHOAL_SIMT)
#include "simt/device_host.hpp"
#endif

namespace shoal::testing {
namespace {

/// Allocates memory from CUDA and records it.
class Ledger : public DeviceMemoryResource {
 public:
  void* allocate(std::size_t bytes, CUstream_st* stream) override {
    void* memory = nullptr;
    if (bytes == 0 || cudaMallocAsync(&memory, bytes, stream) != cudaSuccess) return nullptr;
    given[memory] = {bytes, stream};
    ++allocations;
    in_use += bytes;
    return memory;
  }
  void release(void* memory, std::size_t bytes, CUstream_st* stream) noexcept override {
    const auto found = given.find(memory);
    wrong = wrong || found == given.end() || found->second != std::pair(bytes, stream);
    given.erase(memory);
    in_use -= bytes;
    cudaFreeAsync(memory, stream);
  }

  std::map<void*, std::pair<std::size_t, CUstream_st*>> given;
  std::size_t in_use = 0;
  long allocations = 0;
  bool wrong = false;  ///< memory was released that was not allocated, or with another size or stream
};

/// Runs all operations of a learner, in the regime under test.
MetaParameters<float> use_all(const Context& context, cudaStream_t stream) {
  MetaLearner learner(context, {.model = {.hidden = {5}}, .algorithm = MetaSgd{{.steps = 2}}});
  const auto source = make_sinusoid({.support = 3, .query = 4});
  TrainOptions options;
  options.iterations = 3;
  options.tasks_per_batch = 5;
  train<float>(learner, *source, options);
  const TaskBatch tasks = source->sample(Phase::train, 9, 8);
  const DeviceBatch batch(tasks, stream);
  cudaStreamSynchronize(stream);  // a context without this stream would read rows that are not there yet
  learner.meta_step(batch.tasks());
  learner.meta_gradient(tasks, KeepFastWeights::yes);
  learner.predict(learner.adapt(tasks, 2), tasks.query(), tasks.columns());
  const int points[] = {0, 2};
  learner.evaluate(tasks, points);
  learner.meta_gradient_to(batch.tasks(), {});
  return learner.parameters();
}

class MemoryResource : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override { cuda_under_test.layer_by_layer = GetParam(); }
  void TearDown() override { cuda_under_test = {}; }
};

TEST_P(MemoryResource, GivesEveryByteAndGetsItBack) {
  const CallersStream stream;
  MetaParameters<float> want;
  {
    const Context context({.backend = BackendKind::cuda});
    stream.synchronize();
    want = use_all(context, stream);
  }
  const auto ledger = std::make_shared<Ledger>();
  stream.synchronize();
#if defined(SHOAL_SIMT)
  const std::int64_t before = simt::live_bytes();
#endif
  {
    const Context context({.backend = BackendKind::cuda, .stream = stream, .device_memory = ledger});
    EXPECT_EQ(bits(use_all(context, stream).theta), bits(want.theta));
    EXPECT_GT(ledger->allocations, 10);
    EXPECT_GT(ledger->in_use, 0u);
#if defined(SHOAL_SIMT)
    EXPECT_EQ(simt::live_bytes() - before, static_cast<std::int64_t>(ledger->in_use))
        << "the context has device memory that is not the caller's";
#endif
    const long allocations = ledger->allocations;
    use_all(context, stream);
    const long again = ledger->allocations - allocations;
    EXPECT_LT(again, allocations) << "the context's own memory is kept";
  }
  EXPECT_TRUE(ledger->given.empty());
  EXPECT_EQ(ledger->in_use, 0u);
  EXPECT_FALSE(ledger->wrong);
}

INSTANTIATE_TEST_SUITE_P(Regimes, MemoryResource, ::testing::Bool(),
                         [](const auto& layers) { return layers.param ? "layers" : "teams"; });

/// Refuses allocation number `at`, in one of several ways.
class Refusing final : public Ledger {
 public:
  enum class Way { null, bad_alloc, misaligned, own_error };
  Refusing(Way way, long at) : way_(way), at_(at) {}
  void* allocate(std::size_t bytes, CUstream_st* stream) override {
    if (++calls_ != at_) return Ledger::allocate(bytes, stream);
    switch (way_) {
      case Way::bad_alloc:
        throw std::bad_alloc();
      case Way::own_error:
        throw std::domain_error("the pool is closed");
      case Way::misaligned:
        // NOLINTNEXTLINE(performance-no-int-to-ptr): an address, of nothing
        return reinterpret_cast<void*>(std::uintptr_t{16});
      case Way::null:
        break;
    }
    return nullptr;
  }
  void release(void* memory, std::size_t bytes, CUstream_st* stream) noexcept override {
    if (reinterpret_cast<std::uintptr_t>(memory) == 16)
      misaligned_came_back = true;
    else
      Ledger::release(memory, bytes, stream);
  }
  bool misaligned_came_back = false;

 private:
  Way way_;
  long at_, calls_ = 0;
};

TEST(MemoryResourceThatRefuses, IsAnErrorAndTheLearnerGoesOn) {
  const CallersStream stream;
  const auto tasks = make_sinusoid({})->sample(Phase::train, 0, 5);
  const MetaLearner::Options options{.model = {.hidden = {3}}};
  const Context cpu({.backend = BackendKind::cpu, .threads = 1});
  const auto want = MetaLearner(cpu, options).meta_gradient(tasks).theta;
  const struct {
    Refusing::Way way;
    const char* text;
  } ways[] = {{Refusing::Way::null, "bytes: it returned null"},
              {Refusing::Way::bad_alloc, "bytes: std::bad_alloc"},
              {Refusing::Way::misaligned, "bytes: what it returned is not aligned to 256 bytes"},
              {Refusing::Way::own_error, "the pool is closed"}};
  for (const auto& [way, text] : ways)
    for (const long at : {1L, 4L, 9L}) {
      const auto memory = std::make_shared<Refusing>(way, at);
      {
        const Context cuda({.backend = BackendKind::cuda, .stream = stream, .device_memory = memory});
        const MetaLearner learner(cuda, options);
        try {
          learner.meta_gradient(tasks);
          ADD_FAILURE() << text << ": no error";
        } catch (const ResourceError& error) {
          EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
          EXPECT_NE(std::string(error.what()).find("device_memory: allocate of "), std::string::npos);
          EXPECT_NE(way, Refusing::Way::own_error);
        } catch (const std::domain_error& error) {
          EXPECT_STREQ(error.what(), text);
          EXPECT_EQ(way, Refusing::Way::own_error);
        }
        EXPECT_EQ(bits(learner.meta_gradient(tasks).theta), bits(want));
      }
      EXPECT_EQ(memory->misaligned_came_back, way == Refusing::Way::misaligned);
      EXPECT_TRUE(memory->given.empty());
      EXPECT_FALSE(memory->wrong);
    }
}

/// A resource that tells how much memory is available.
class Small final : public Ledger {
 public:
  std::optional<std::size_t> available() const override { return told; }
  std::size_t told = 0;
};

// In the layer-by-layer regime a chunk of tasks takes at most half of the available memory.
TEST(MemoryResourceThatIsSmall, DecidesHowManyTasksGoTogether) {
  cuda_under_test.layer_by_layer = true;
  const CallersStream stream;
  const auto tasks = make_sinusoid({})->sample(Phase::train, 0, 40);
  const MetaLearner::Options options{.model = {.hidden = {10}}};
  std::vector<float> gradients[2];
  std::size_t peak[2] = {};
  for (const int i : {0, 1}) {
    const auto memory = std::make_shared<Small>();
    memory->told = i == 0 ? 40'000'000 : 80'000;
    const Context cuda({.backend = BackendKind::cuda, .stream = stream, .device_memory = memory});
    gradients[i] = MetaLearner(cuda, options).meta_gradient(tasks).theta;
    peak[i] = memory->in_use;
  }
  EXPECT_LT(peak[1] + 40'000, peak[0]);
  EXPECT_EQ(bits(gradients[0]), bits(gradients[1]));
  const auto memory = std::make_shared<Small>();
  memory->told = 100;
  const Context cuda({.backend = BackendKind::cuda, .stream = stream, .device_memory = memory});
  EXPECT_THROW(MetaLearner(cuda, options).meta_gradient(tasks), ResourceError);
  cuda_under_test = {};
}

}  // namespace
}  // namespace shoal::testing
