// SPDX-License-Identifier: Apache-2.0
// Instances of the kernel of kernels/fixed/kernel.cuh, which tells its story. The shapes are those of
// bench/shapes.cpp; tests/cuda compares them with the shapes that the backend chooses.
#include "kernels/fixed/bench_instances.hpp"

#include "kernels/fixed/instance.cuh"

namespace shoal::kernels {

struct Sine {
  static constexpr FixedShape shape{
      .inputs = 1, .layers = 3, .outputs_of = {40, 40, 1}, .rows = 10, .lanes = 16};
};
struct Market {
  static constexpr FixedShape shape{.inputs = 16,
                                    .layers = 3,
                                    .outputs_of = {32, 32, 2},
                                    .targets = 2,
                                    .rows = 32,
                                    .lanes = 32,
                                    .activation = Activation::tanh};
};
struct Credit {
  static constexpr FixedShape shape{.inputs = 32,
                                    .layers = 3,
                                    .outputs_of = {64, 64, 1},
                                    .rows = 64,
                                    .lanes = 128,
                                    .activation = Activation::tanh,
                                    .loss = LossKind::bce};
};
struct Large {
  static constexpr FixedShape shape{.inputs = 64,
                                    .layers = 3,
                                    .outputs_of = {128, 128, 1},
                                    .rows = 128,
                                    .lanes = 256,
                                    .activation = Activation::tanh,
                                    .streamed = true};
};

std::span<const FixedInstance> bench_instances() {
  static const FixedInstance all[] = {fixed_instance<Sine>(), fixed_instance<Market>(),
                                      fixed_instance<Credit>(), fixed_instance<Large>()};
  return all;
}

}  // namespace shoal::kernels
