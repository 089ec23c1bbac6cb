// SPDX-License-Identifier: Apache-2.0
// Includes the whole public interface.
//
// Example:
//
//   const shoal::Context context;
//   shoal::MetaLearner learner(context, {.model = {.inputs = 1, .hidden = {40, 40}, .outputs = 1}});
//   const auto tasks = shoal::make_sinusoid({.seed = 7, .support = 10, .query = 10});
//   shoal::train(learner, *tasks, {.iterations = 2000, .tasks_per_batch = 25});
#pragma once

#include <shoal/adapted_models.hpp>
#include <shoal/algorithm.hpp>
#include <shoal/assessment.hpp>
#include <shoal/backtest.hpp>
#include <shoal/backtest_config.hpp>
#include <shoal/baselines.hpp>
#include <shoal/batch_source.hpp>
#include <shoal/classification_metrics.hpp>
#include <shoal/cluster.hpp>
#include <shoal/config.hpp>
#include <shoal/context.hpp>
#include <shoal/counted.hpp>
#include <shoal/cuda_plan.hpp>
#include <shoal/data_report.hpp>
#include <shoal/dataset.hpp>
#include <shoal/device_memory_resource.hpp>
#include <shoal/device_results.hpp>
#include <shoal/distributions.hpp>
#include <shoal/empirical_bayes.hpp>
#include <shoal/error.hpp>
#include <shoal/evaluation.hpp>
#include <shoal/explain.hpp>
#include <shoal/failed_tasks.hpp>
#include <shoal/filtered_simulation.hpp>
#include <shoal/forecast_metrics.hpp>
#include <shoal/forecast_table.hpp>
#include <shoal/fork_safe_mutex.hpp>
#include <shoal/garch.hpp>
#include <shoal/gate.hpp>
#include <shoal/gradient_file.hpp>
#include <shoal/heterogeneity.hpp>
#include <shoal/input_file.hpp>
#include <shoal/interruption.hpp>
#include <shoal/left_out.hpp>
#include <shoal/linear_model.hpp>
#include <shoal/loss.hpp>
#include <shoal/loss_metrics.hpp>
#include <shoal/machine.hpp>
#include <shoal/mean_interval.hpp>
#include <shoal/memory_store.hpp>
#include <shoal/memory_table.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/metrics_json.hpp>
#include <shoal/model.hpp>
#include <shoal/model_metrics.hpp>
#include <shoal/model_selection.hpp>
#include <shoal/nearest_name.hpp>
#include <shoal/no_tasks_error.hpp>
#include <shoal/notice.hpp>
#include <shoal/open_tasks.hpp>
#include <shoal/optimizer.hpp>
#include <shoal/output_file.hpp>
#include <shoal/population_stability.hpp>
#include <shoal/predictions.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/report.hpp>
#include <shoal/responses.hpp>
#include <shoal/row_groups.hpp>
#include <shoal/run.hpp>
#include <shoal/run_config.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/run_report.hpp>
#include <shoal/simulation.hpp>
#include <shoal/table_series.hpp>
#include <shoal/table_source.hpp>
#include <shoal/table_times.hpp>
#include <shoal/target_units.hpp>
#include <shoal/task_batch.hpp>
#include <shoal/task_file.hpp>
#include <shoal/task_source.hpp>
#include <shoal/task_status.hpp>
#include <shoal/tensor_file.hpp>
#include <shoal/train_run.hpp>
#include <shoal/trainer.hpp>
#include <shoal/value_at_risk.hpp>
#include <shoal/version.hpp>
#include <shoal/volatility.hpp>
