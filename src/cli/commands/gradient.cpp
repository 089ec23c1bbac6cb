// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/task_file.hpp>
#include <shoal/tensor_file.hpp>

#include "cli/adapted_models.hpp"
#include "cli/failed_tasks.hpp"
#include "cli/opened_data.hpp"
#include "cli/print_json.hpp"
#include "cli/summary_table.hpp"

namespace shoal::cli {
namespace {

template <class Real>
int gradient_in(const CommandOptions& options, const RunConfig& config, const Context& context) {
  const OpenedData data = open_source(config);
  const ModelSpec model = naming_file(data, [&] {
    return options.parameters.empty() ? model_for(config, *data.source)
                                      : model_of_file(config, *data.source, options.parameters);
  });
  using Start = typename BasicMetaLearner<Real>::Start;
  const Start from_file = [&](const ParameterLayout& layout, const RateLayout& rates) {
    return read_parameters<Real>(options.parameters, layout, rates, MissingRates::start,
                                 inner_loop_of(config.algorithm).learning_rate)
        .parameters;
  };
  const BasicMetaLearner<Real> learner(context, learner_options<Real>(config, model, *data.source),
                                       options.parameters.empty() ? Start() : from_file);
  const auto tasks = [&] {
    TaskBatch64 wide = read_task_file(config.tasks.table.path);
    if constexpr (std::is_same_v<Real, double>)
      return wide;
    else
      return narrow(wide);
  }();
  const auto result = naming_file(data, [&] {
    return learner.meta_gradient(tasks, options.fast_weights ? KeepFastWeights::yes : KeepFastWeights::no);
  });

  TensorFile content;
  const std::int64_t count = tasks.size();
  const auto put = [&](std::span<const TensorSpec> specs, const std::vector<Real>& values) {
    for (const TensorSpec& spec : specs)
      content.tensors["meta_gradient." + spec.name] = Tensor::of(spec.shape, values.data() + spec.offset);
  };
  put(learner.layout().tensors(), result.theta);
  put(learner.rate_layout().tensors(), result.rates);
  content.tensors["query_loss_before"] = Tensor::of({count}, result.query_loss_before.data());
  content.tensors["query_loss"] = Tensor::of({count}, result.query_loss.data());
  content.tensors["status"] =
      Tensor::of({count}, reinterpret_cast<const std::uint8_t*>(result.status.data()));
  if (options.fast_weights)
    put_fast_weights(content, learner.layout(), std::span<const Real>(result.fast_weights));
  write_tensor_file(options.out, content);

  nlohmann::ordered_json report = {
      {"out", options.out},
      {"backend", context.backend_name()},
      {"tasks", count},
      {"good", result.good},
      {"mean_query_loss_before", static_cast<double>(result.mean_query_loss_before)},
      {"mean_query_loss", static_cast<double>(result.mean_query_loss)}};
  std::vector<FailedTask> failures;
  for (std::size_t t = 0; t < static_cast<std::size_t>(count); ++t)
    if (result.status[t] != TaskStatus::good)
      failures.push_back({tasks.ids()[t], result.status[t], result.failed_step[t]});
  report["failures"] = json_failures(failures);
  if (options.common.json)
    print_json(report);
  else if (!options.common.quiet)
    std::fprintf(stderr, "%s: meta-gradient over %lld of %lld tasks, mean query loss %.6g -> %.6g\n",
                 printable(options.out).c_str(), static_cast<long long>(result.good),
                 static_cast<long long>(count), static_cast<double>(result.mean_query_loss_before),
                 static_cast<double>(result.mean_query_loss));
  if (result.good == 0) throw NumericError(failure_text(count, count, failures));
  return 0;
}

}  // namespace

int run_gradient(const CommandOptions& options) {
  const RunConfig config = resolve_config(options.common);
  if (config.tasks.source != "file") throw InvalidArgument("gradient: --tasks T.safetensors is needed");
  if (options.out.empty()) throw InvalidArgument("gradient: --out G.safetensors is needed");
  require_parent_folder(options.out);
  require_other_file(options.out, {config.tasks.table.path, options.parameters, options.common.config});
  const Context context = make_context(config);
  return in_precision(context, [&]<class Real>(Real) { return gradient_in<Real>(options, config, context); });
}

}  // namespace shoal::cli
