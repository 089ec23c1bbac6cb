// SPDX-License-Identifier: Apache-2.0
#include "data/row_reader.hpp"

#include <utility>

namespace shoal {

std::unique_ptr<RowReader> open_table(const std::string& path, const TableFormat& format) {
  std::string_view name = path;
  for (const std::string_view suffix : {".gz", ".zst"})
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  auto bytes = open_bytes(path);
  return name.ends_with(".npy") ? open_npy(std::move(bytes)) : open_csv(std::move(bytes), format);
}

}  // namespace shoal
