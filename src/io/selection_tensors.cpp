// SPDX-License-Identifier: Apache-2.0
#include "io/selection_tensors.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include <shoal/error.hpp>

namespace shoal {
namespace {

constexpr const char *counters_name = "validation.counters", *losses_name = "validation.losses",
                     *theta_name = "best.theta", *rates_name = "best.rates";

}  // namespace

template <class Real>
void store_selection(TensorFile& content, const ModelSelection<Real>& selection) {
  if (!selection.latest) return;
  const Validation latest = *selection.latest, best = selection.best.value_or(Validation{});
  const std::int64_t counters[] = {latest.iteration, latest.good, latest.failed,         best.iteration,
                                   best.good,        best.failed, selection.longest_wait};
  const double losses[] = {latest.loss, best.loss};
  content.tensors[counters_name] = Tensor::of({7}, counters);
  content.tensors[losses_name] = Tensor::of({2}, losses);
  if (!selection.best) return;
  for (const auto& [name, values] : {std::pair(theta_name, &selection.best_parameters.theta),
                                     std::pair(rates_name, &selection.best_parameters.rates)})
    content.tensors[name] = Tensor::of({static_cast<std::int64_t>(values->size())}, values->data());
}

template <class Real>
ModelSelection<Real> load_selection(const std::filesystem::path& file, const TensorFile& content,
                                    const Checkpoint<Real>& checkpoint) {
  if (!content.tensors.contains(counters_name)) return {};
  const auto take = [&]<class T>(const char* name, std::size_t size, T) {
    const auto at = content.tensors.find(name);
    const std::string where = file.string() + ": tensor \"" + name + "\"";
    if (at == content.tensors.end()) throw ModelError(where + " is missing");
    std::vector<T> values;
    try {
      values = at->second.template values<T>();
    } catch (const ModelError& error) {
      throw ModelError(where + ": " + error.what());
    }
    if (values.size() != size)
      throw ModelError(where + " has " + std::to_string(values.size()) + " values, expected " +
                       std::to_string(size));
    return values;
  };
  const auto counters = take(counters_name, 7, std::int64_t{});
  const auto losses = take(losses_name, 2, double{});
  const Validation latest{counters[0], losses[0], counters[1], counters[2]},
      best{counters[3], losses[1], counters[4], counters[5]};
  const bool possible = std::all_of(counters.begin(), counters.end(), [](auto n) { return n >= 0; }) &&
                        latest.iteration >= 1 && latest.iteration <= checkpoint.iteration &&
                        best.iteration <= latest.iteration && counters[6] <= checkpoint.iteration &&
                        (best.iteration == 0 || std::isfinite(best.loss));
  if (!possible)
    throw ModelError(file.string() + ": tensor \"" + counters_name + "\" is not that of a training");
  ModelSelection<Real> selection;
  selection.latest = latest;
  selection.longest_wait = counters[6];
  if (best.iteration == 0) return selection;
  selection.best = best;
  selection.best_parameters = {take(theta_name, checkpoint.parameters.theta.size(), Real{}),
                               take(rates_name, checkpoint.parameters.rates.size(), Real{})};
  return selection;
}

template void store_selection(TensorFile&, const ModelSelection<float>&);
template void store_selection(TensorFile&, const ModelSelection<double>&);
template ModelSelection<float> load_selection(const std::filesystem::path&, const TensorFile&,
                                              const Checkpoint<float>&);
template ModelSelection<double> load_selection(const std::filesystem::path&, const TensorFile&,
                                               const Checkpoint<double>&);

}  // namespace shoal
