// SPDX-License-Identifier: Apache-2.0
// How the parameters of a group lie in its workspace, and the walk over them. With lanes = tasks the plain
// vector [P] is P vectors in the same order. With lanes = units every row of a tensor starts at a vector (and
// a turned weight is kept as [outputs, inputs]); plain[] is the order of the layout, which sums over
// parameters follow.
#pragma once

#include "cpu/exact_lanes.hpp"
#include "cpu/lane_layouts.hpp"

namespace shoal::cpu {

/// Parameters that lie side by side.
struct ParameterRun {
  std::size_t begin = 0, end = 0;  ///< vectors
  int values = 0;                  ///< lanes = units: in these vectors; the other lanes hold nothing
  std::size_t plain = 0;           ///< lanes = units: index of the first value in the plain vector
  int plain_step = 1;              ///< from one value to the next there
  int layer = 0;                   ///< the skip counts as the last layer's
  bool adapts = true;
};

template <class L>
struct ParameterRuns {
  using V = typename L::V;
  using M = typename L::M;

  /// use(run) for all parameters.
  template <class Use>
  static void each(const Network& net, Use use) {
    std::size_t plain = 0;
    for (int l = 0; l < net.layer_count; ++l) {
      const LayerShape& layer = net.layers[l];
      weight(layer, l, plain, use);
      row(layer.bias, layer.outputs, plain, 1, l, layer.bias_adapts, use);
      plain += static_cast<std::size_t>(layer.outputs);
    }
    if (net.has_skip) weight(skip_of(net), net.layer_count - 1, plain, use);
  }

  /// The skip as a layer.
  static LayerShape skip_of(const Network& net) {
    LayerShape skip;
    skip.inputs = net.inputs;
    skip.outputs = net.outputs;
    skip.weight = net.skip;
    skip.weight_adapts = net.skip_adapts;
    return skip;
  }

  /// Whether lanes of vector p of the run hold no value, and then which do.
  static bool is_tail(const ParameterRun& run, std::size_t p) {
    return L::units && p + 1 == run.end && run.values % L::width != 0;
  }
  static M tail(const ParameterRun& run) {
    if constexpr (L::units)
      return L::first(run.values % L::width);
    else
      return not_(M{});
  }
  /// bad, or the lanes of vector p that hold a value and are in `worse`.
  static M add_bad(const ParameterRun& run, std::size_t p, M bad, M worse) {
    return or_(bad, is_tail(run, p) ? and_(tail(run), worse) : worse);
  }

  /// From the plain vector; lanes without a value become +0.
  static void from_plain(const Network& net, const float* plain, V* to) {
    if constexpr (L::units) {
      each(net, [&](const ParameterRun& run) {
        auto* values = reinterpret_cast<float*>(to + run.begin);
        const int all = static_cast<int>(run.end - run.begin) * L::width;
        for (int i = 0; i < run.values; ++i) values[i] = plain[plain_index(run, i)];
        for (int i = run.values; i < all; ++i) values[i] = 0.0f;
      });
    } else {
      for (std::size_t p = 0; p < net.parameters; ++p) to[p] = V(plain[p]);
    }
  }
  /// Into what leaves the group: [P] interleaved, or the plain vector.
  static void to_plain(const Network& net, const V* from, float* plain) {
    if constexpr (L::units) {
      each(net, [&](const ParameterRun& run) {
        const auto* values = reinterpret_cast<const float*>(from + run.begin);
        for (int i = 0; i < run.values; ++i) plain[plain_index(run, i)] = values[i];
      });
    } else {
      auto* to = reinterpret_cast<V*>(plain);
      for (std::size_t p = 0; p < net.parameters; ++p) to[p] = from[p];
    }
  }

  /// Adds the values of the good tasks to exact sums over tasks, which lie in plain order.
  static void add_exactly(const Network& net, const V* values, M good, std::int64_t* const* sums) {
    if constexpr (L::units) {
      if (!L::any(good)) return;
      each(net, [&](const ParameterRun& run) {
        for (std::size_t p = run.begin; p < run.end; ++p) {
          const int done = static_cast<int>(p - run.begin) * L::width;
          const int count = run.values - done < L::width ? run.values - done : L::width;
          add_values_exactly<L>(values[p], count, plain_index(run, done), run.plain_step, sums);
        }
      });
    } else {
      add_lanes_exactly<L>(values, net.parameters, good, sums);
    }
  }

  /// sum + the products -a b over a layer's weight or bias in plain order, one fused multiply-add each.
  static float subtract_products(const LayerShape& layer, bool weight, const V* a, const V* b, float sum) {
    const bool turned = weight && L::turned(layer);
    const int rows = weight ? layer.inputs : 1,
              stride = L::stride(turned ? layer.inputs : layer.outputs) * L::width;
    const std::size_t begin = weight ? layer.weight : layer.bias;
    const auto* first = reinterpret_cast<const float*>(a + begin);
    const auto* second = reinterpret_cast<const float*>(b + begin);
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < layer.outputs; ++j) {
        const std::ptrdiff_t at = turned ? std::ptrdiff_t{j} * stride + i : std::ptrdiff_t{i} * stride + j;
        sum = kernels::fma(-first[at], second[at], sum);
      }
    return sum;
  }

 private:
  static std::size_t plain_index(const ParameterRun& run, int i) {
    return run.plain + static_cast<std::size_t>(i) * static_cast<std::size_t>(run.plain_step);
  }

  template <class Use>
  static void weight(const LayerShape& layer, int number, std::size_t& plain, Use use) {
    const auto inputs = static_cast<std::size_t>(layer.inputs),
               outputs = static_cast<std::size_t>(layer.outputs);
    if constexpr (!L::units) {
      use(ParameterRun{.begin = layer.weight,
                       .end = layer.weight + inputs * outputs,
                       .layer = number,
                       .adapts = layer.weight_adapts});
    } else if (L::turned(layer)) {
      const auto stride = static_cast<std::size_t>(L::stride(layer.inputs));
      for (std::size_t j = 0; j < outputs; ++j)
        row(layer.weight + j * stride, layer.inputs, plain + j, layer.outputs, number, layer.weight_adapts,
            use);
    } else {
      const auto stride = static_cast<std::size_t>(L::stride(layer.outputs));
      for (std::size_t i = 0; i < inputs; ++i)
        row(layer.weight + i * stride, layer.outputs, plain + i * outputs, 1, number, layer.weight_adapts,
            use);
    }
    plain += inputs * outputs;
  }

  template <class Use>
  static void row(std::size_t begin, int values, std::size_t plain, int plain_step, int layer, bool adapts,
                  Use use) {
    use(ParameterRun{.begin = begin,
                     .end = begin + static_cast<std::size_t>(L::vectors(values)),
                     .values = values,
                     .plain = plain,
                     .plain_step = plain_step,
                     .layer = layer,
                     .adapts = adapts});
  }
};

}  // namespace shoal::cpu
