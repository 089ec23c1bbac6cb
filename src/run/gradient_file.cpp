// SPDX-License-Identifier: Apache-2.0
#include <shoal/gradient_file.hpp>

#include <shoal/error.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/task_file.hpp>
#include <shoal/tensor_file.hpp>

#include "run/adapted_file.hpp"
#include "run/learner_options.hpp"
#include "run/not_read.hpp"
#include "run/opened_data.hpp"
#include "run/precision.hpp"
#include "run/trained_model.hpp"

namespace shoal {
namespace {

/// Makes a learner with the parameters of a file, or with those that the seed draws.
template <class Real>
BasicMetaLearner<Real> starting_learner(const Context& context, const RunConfig& config,
                                        const OpenedData& data, const std::filesystem::path& parameters) {
  const ModelSpec model = naming_file(data, [&] {
    return parameters.empty() ? model_for(config, *data.source)
                              : model_of_file(config, *data.source, parameters);
  });
  const auto options = learner_options<Real>(config, model, *data.source);
  if (parameters.empty()) return {context, options};
  return {context, options, [&](const ParameterLayout& layout, const RateLayout& rates) {
            return read_parameters<Real>(parameters, layout, rates, MissingRates::start,
                                         inner_loop_of(config.algorithm).learning_rate)
                .parameters;
          }};
}

template <class Real>
BasicTaskBatch<Real> tasks_in(const std::filesystem::path& file) {
  TaskBatch64 wide = read_task_file(file);
  if constexpr (std::is_same_v<Real, double>)
    return wide;
  else
    return narrow(wide);
}

template <class Real>
void write(const std::filesystem::path& file, const BasicMetaLearner<Real>& learner,
           const MetaGradient<Real>& gradient) {
  TensorFile content;
  const auto put = [&](std::span<const TensorSpec> specs, const std::vector<Real>& values) {
    for (const TensorSpec& spec : specs)
      content.tensors["meta_gradient." + spec.name] = Tensor::of(spec.shape, values.data() + spec.offset);
  };
  put(learner.layout().tensors(), gradient.theta);
  put(learner.rate_layout().tensors(), gradient.rates);
  const auto count = static_cast<std::int64_t>(gradient.status.size());
  content.tensors["query_loss_before"] = Tensor::of({count}, gradient.query_loss_before.data());
  content.tensors["query_loss"] = Tensor::of({count}, gradient.query_loss.data());
  content.tensors["status"] =
      Tensor::of({count}, reinterpret_cast<const std::uint8_t*>(gradient.status.data()));
  if (!gradient.fast_weights.empty())
    store_fast_weights(content, learner.layout(), std::span<const Real>(gradient.fast_weights));
  write_tensor_file(file, content);
}

template <class Real>
GradientReport gradient_in(const Context& context, const RunConfig& config, const std::filesystem::path& file,
                           const GradientOptions& options) {
  const OpenedData data = open_source(config, {});
  const auto learner = starting_learner<Real>(context, config, data, options.parameters);
  const auto tasks = tasks_in<Real>(config.tasks.table.path);
  const auto gradient = naming_file(data, [&] {
    return learner.meta_gradient(tasks, options.fast_weights ? KeepFastWeights::yes : KeepFastWeights::no);
  });
  write(file, learner, gradient);
  GradientReport report{.backend = std::string(context.backend_name()),
                        .tasks = tasks.size(),
                        .good = gradient.good,
                        .mean_query_loss_before = static_cast<double>(gradient.mean_query_loss_before),
                        .mean_query_loss = static_cast<double>(gradient.mean_query_loss),
                        .failures = {}};
  for (std::size_t t = 0; t < gradient.status.size(); ++t)
    if (gradient.status[t] != TaskStatus::good)
      report.failures.push_back({tasks.ids()[t], gradient.status[t], gradient.failed_step[t]});
  return report;
}

}  // namespace

GradientReport write_gradient(const RunConfig& config, const std::filesystem::path& file,
                              const GradientOptions& options) {
  if (config.tasks.source != TaskSourceKind::file)
    throw InvalidArgument("gradient: tasks.source must be \"file\"");
  require_not_read(file, {config.tasks.table.path, options.parameters.string()});
  const Context context(context_options(config, options.context));
  return in_precision(context,
                      [&]<class Real>(Real) { return gradient_in<Real>(context, config, file, options); });
}

}  // namespace shoal
