// SPDX-License-Identifier: Apache-2.0
#include <shoal/output_file.hpp>

#include <system_error>

#include <shoal/table_source.hpp>

namespace shoal {

bool is_one_of(const std::filesystem::path& out, const std::vector<std::string>& inputs) {
  if (!std::filesystem::is_regular_file(out)) return false;
  for (const std::string& input : inputs)
    for (const std::string& file : input.empty() ? std::vector<std::string>{} : table_files(input))
      if (std::error_code none; std::filesystem::equivalent(out, file, none)) return true;
  return false;
}

}  // namespace shoal
