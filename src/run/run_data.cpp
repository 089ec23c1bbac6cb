// SPDX-License-Identifier: Apache-2.0
#include "run/run_data.hpp"

#include <shoal/error.hpp>
#include <shoal/input_file.hpp>

namespace shoal {
namespace {

bool is_task_file(const std::string& file) {
  if (file.ends_with(".safetensors")) return true;
  if (!std::filesystem::is_regular_file(file)) return false;  // do not open a pipe: reading would consume it
  unsigned char start[9] = {};  // a JSON header follows eight bytes with its length
  const std::size_t count = InputFile::open<DataError>(file).read(start, sizeof start);
  return count == sizeof start && start[8] == '{' && start[7] == 0 && start[6] == 0;
}

}  // namespace

std::string path_in(const RunData& data) {
  const auto* path = std::get_if<std::filesystem::path>(&data);
  return path ? path->string() : "";
}

bool is_given(const RunData& data) {
  const auto* path = std::get_if<std::filesystem::path>(&data);
  return !path || !path->empty();
}

bool holds_tasks(const RunData& data) {
  if (std::holds_alternative<MemoryTable>(data)) return false;
  const auto* path = std::get_if<std::filesystem::path>(&data);
  return !path || is_task_file(path->string());
}

}  // namespace shoal
