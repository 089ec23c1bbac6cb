// SPDX-License-Identifier: Apache-2.0
#include "cuda/device_row_checks.hpp"

#include "core/batch_checks.hpp"
#include "kernels/batch/row_checks.hpp"

namespace shoal::cuda {
namespace {

void launch(Stream& stream, const kernels::RowsView& rows, const TaskSet<float>& set, const RowFormat& format,
            const kernels::TaskArguments& job, float* labels, unsigned long long* refused) {
  const TaskColumns& columns = format.columns;
  const TargetDomain domain = format.loss.domain();
  const bool numbers = columns.targets > 0;
  kernels::launch_row_checks({.first = rows.first,
                              .tasks = job.tasks,
                              .x = rows.x,
                              .y = numbers ? rows.y : nullptr,
                              .offset = columns.offsets > 0 ? rows.offset : nullptr,
                              .inputs = columns.inputs,
                              .targets = columns.targets,
                              .offsets = columns.offsets,
                              .labels = numbers ? nullptr : set.labels.data(),
                              .classes = format.outputs,
                              .low = domain.low,
                              .high = domain.high,
                              .above_low = domain.above_low,
                              .bounded = numbers && format.in_domain && domain.is_bounded(),
                              .status = job.status,
                              .label_values = labels,
                              .refused = refused},
                             stream.handle());
  stream.check("launch of the checks of rows");
}

[[noreturn]] void refuse(Stream& stream, const TaskBatch& tasks, const char* name, const TaskSet<float>& set,
                         const RowFormat& format, std::int64_t index) {
  if (format.columns.targets > 0) {
    float target = 0.0f;
    stream.fetch(&target, set.y.data() + index, sizeof target);
    refuse_target(tasks, name, index, target, format.loss.domain());
  }
  std::int64_t label = 0;
  stream.fetch(&label, set.labels.data() + index, sizeof label);
  refuse_label(tasks, name, index, label, format.outputs);
}

}  // namespace

void DeviceRowChecks::run(Stream& stream, const TaskBatch& tasks, const RowFormat& format,
                          const kernels::TaskArguments& job, float* support_labels, float* query_labels,
                          std::span<std::uint8_t> status) {
  unsigned long long found[2] = {};
  const DrainOnFailure drain(stream);
  unsigned long long* const refused = refused_.reserve_zeroed(stream, 2);
  launch(stream, job.support, tasks.support(), format, job, support_labels, refused);
  launch(stream, job.query, tasks.query(), format, job, query_labels, refused + 1);
  stream.copy_to_host(found, refused, sizeof found);
  stream.copy_to_host(status.data(), job.status, status.size());
  stream.synchronize("checks of rows on the device");
  if (found[0] != 0)
    refuse(stream, tasks, "support", tasks.support(), format, static_cast<std::int64_t>(~found[0]));
  if (found[1] != 0)
    refuse(stream, tasks, "query", tasks.query(), format, static_cast<std::int64_t>(~found[1]));
}

}  // namespace shoal::cuda
