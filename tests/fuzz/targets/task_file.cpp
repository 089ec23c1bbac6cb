// SPDX-License-Identifier: Apache-2.0
// Task files: a header, a line feed, data.
#include <shoal/task_file.hpp>

#include "fuzz/fuzz_input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  const std::string path =
      fuzz::write("tasks.safetensors", fuzz::tensor_file({reinterpret_cast<const char*>(data), size}));
  fuzz::allow({fuzz::data}, [&] {
    const auto source = make_file_source(path, 3);
    source->sample(Phase::train, 1, 2);
    source->evaluation64(Phase::test, 0);
    const auto again = (fuzz::folder() / "again.safetensors").string();
    const TaskBatch64 tasks = read_task_file(path);
    write_task_file(again, tasks);
    const TaskBatch64 read = read_task_file(again);
    fuzz::require(read.size() == tasks.size() && read.columns() == tasks.columns() &&
                      read.query().total_rows() == tasks.query().total_rows(),
                  "tasks that do not read back");
  });
  return 0;
}
