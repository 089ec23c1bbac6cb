// SPDX-License-Identifier: Apache-2.0
// The layout of parameters in the workspace of a group, and the loop over them. With lanes = tasks the flat
// vector [P] is P vectors in the same order. With lanes = units every row of a tensor starts at a vector, and
// some weights are stored transposed, as [outputs, inputs]. Sums over parameters follow the order of the flat
// vector.
#pragma once

#include "cpu/exact_lanes.hpp"
#include "cpu/lane_layouts.hpp"

namespace shoal::cpu {

/// A span of parameters that are adjacent in memory.
struct ParameterSpan {
  std::size_t begin = 0, end = 0;  ///< vectors
  int values = 0;        ///< for lanes = units: number of values in these vectors; other lanes are unused
  std::size_t flat = 0;  ///< for lanes = units: index of the first value in the flat vector
  int flat_step = 1;     ///< distance of neighbouring values in the flat vector
  int layer = 0;         ///< the skip belongs to the last layer
  bool adapts = true;
};

template <class L>
struct ParameterSpans {
  using V = typename L::V;
  using M = typename L::M;

  /// Calls use(span) for all parameters.
  template <class Use>
  static void each(const Network& net, Use use) {
    std::size_t flat = 0;
    for (int l = 0; l < net.layer_count; ++l) {
      const LayerShape& layer = net.layers[l];
      weight(layer, l, flat, use);
      row(layer.bias, layer.outputs, flat, 1, l, layer.bias_adapts, use);
      flat += static_cast<std::size_t>(layer.outputs);
    }
    if (net.has_skip) weight(skip_of(net), net.layer_count - 1, flat, use);
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

  /// is_tail(): whether some lanes of vector p of the span hold no value; tail(): mask of those that do.
  static bool is_tail(const ParameterSpan& span, std::size_t p) {
    return L::units && p + 1 == span.end && span.values % L::width != 0;
  }
  static M tail(const ParameterSpan& span) {
    if constexpr (L::units)
      return L::first(span.values % L::width);
    else
      return not_(M{});
  }
  /// `bad`, extended by the lanes of vector p that hold a value and are in `worse`.
  static M add_bad(const ParameterSpan& span, std::size_t p, M bad, M worse) {
    return or_(bad, is_tail(span, p) ? and_(tail(span), worse) : worse);
  }

  /// Loads parameters from the flat vector; lanes without a value become +0.
  static void from_flat(const Network& net, const float* flat, V* to) {
    if constexpr (L::units) {
      each(net, [&](const ParameterSpan& span) {
        auto* values = reinterpret_cast<float*>(to + span.begin);
        const int all = static_cast<int>(span.end - span.begin) * L::width;
        for (int i = 0; i < span.values; ++i) values[i] = flat[flat_index(span, i)];
        for (int i = span.values; i < all; ++i) values[i] = 0.0f;
      });
    } else {
      for (std::size_t p = 0; p < net.parameters; ++p) to[p] = V(flat[p]);
    }
  }
  /// Stores parameters for use outside of the group: [P] interleaved, or with lanes = units the flat vector.
  static void to_flat(const Network& net, const V* from, float* flat) {
    if constexpr (L::units) {
      each(net, [&](const ParameterSpan& span) {
        const auto* values = reinterpret_cast<const float*>(from + span.begin);
        for (int i = 0; i < span.values; ++i) flat[flat_index(span, i)] = values[i];
      });
    } else {
      auto* to = reinterpret_cast<V*>(flat);
      for (std::size_t p = 0; p < net.parameters; ++p) to[p] = from[p];
    }
  }

  /// Adds the values of the good tasks to the exact sums over tasks, which have the order of the flat vector.
  static void add_exactly(const Network& net, const V* values, M good, std::int64_t* const* sums) {
    if constexpr (L::units) {
      if (!L::any(good)) return;
      each(net, [&](const ParameterSpan& span) {
        for (std::size_t p = span.begin; p < span.end; ++p) {
          const int done = static_cast<int>(p - span.begin) * L::width;
          const int count = span.values - done < L::width ? span.values - done : L::width;
          add_values_exactly<L>(values[p], count, flat_index(span, done), span.flat_step, sums);
        }
      });
    } else {
      add_lanes_exactly<L>(values, net.parameters, good, sums);
    }
  }

  /// sum + the products -a b over the weight or the bias of a layer, in the order of the flat vector, by one
  /// fused multiply-add each.
  static float subtract_products(const LayerShape& layer, bool weight, const V* a, const V* b, float sum) {
    const bool transposed = weight && L::transposed(layer);
    const int rows = weight ? layer.inputs : 1,
              stride = L::stride(transposed ? layer.inputs : layer.outputs) * L::width;
    const std::size_t begin = weight ? layer.weight : layer.bias;
    const auto* first = reinterpret_cast<const float*>(a + begin);
    const auto* second = reinterpret_cast<const float*>(b + begin);
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < layer.outputs; ++j) {
        const std::ptrdiff_t at =
            transposed ? std::ptrdiff_t{j} * stride + i : std::ptrdiff_t{i} * stride + j;
        sum = kernels::fma(-first[at], second[at], sum);
      }
    return sum;
  }

 private:
  static std::size_t flat_index(const ParameterSpan& span, int i) {
    return span.flat + static_cast<std::size_t>(i) * static_cast<std::size_t>(span.flat_step);
  }

  template <class Use>
  static void weight(const LayerShape& layer, int number, std::size_t& flat, Use use) {
    const auto inputs = static_cast<std::size_t>(layer.inputs),
               outputs = static_cast<std::size_t>(layer.outputs);
    if constexpr (!L::units) {
      use(ParameterSpan{.begin = layer.weight,
                        .end = layer.weight + inputs * outputs,
                        .layer = number,
                        .adapts = layer.weight_adapts});
    } else if (L::transposed(layer)) {
      const auto stride = static_cast<std::size_t>(L::stride(layer.inputs));
      for (std::size_t j = 0; j < outputs; ++j)
        row(layer.weight + j * stride, layer.inputs, flat + j, layer.outputs, number, layer.weight_adapts,
            use);
    } else {
      const auto stride = static_cast<std::size_t>(L::stride(layer.outputs));
      for (std::size_t i = 0; i < inputs; ++i)
        row(layer.weight + i * stride, layer.outputs, flat + i * outputs, 1, number, layer.weight_adapts,
            use);
    }
    flat += inputs * outputs;
  }

  template <class Use>
  static void row(std::size_t begin, int values, std::size_t flat, int flat_step, int layer, bool adapts,
                  Use use) {
    use(ParameterSpan{.begin = begin,
                      .end = begin + static_cast<std::size_t>(L::vectors(values)),
                      .values = values,
                      .flat = flat,
                      .flat_step = flat_step,
                      .layer = layer,
                      .adapts = adapts});
  }
};

}  // namespace shoal::cpu
