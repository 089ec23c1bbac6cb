// SPDX-License-Identifier: Apache-2.0
// TableTimes: the times of a table's rows, and where other times lie among them.
//
// Example:
//
//   const shoal::RunConfig config = shoal::load_config("market.toml");
//   const shoal::TableTimes times(config.tasks.table);
//   const std::int32_t crisis = times.boundary("2008-09-15", "--from");
//   std::printf("%d of %d days lie before\n", crisis, times.count());
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <shoal/table_source.hpp>

namespace shoal {

class TableTimes {
 public:
  /// Reads the column options.time. Throws InvalidArgument without one, and DataError for a text that is no
  /// time.
  explicit TableTimes(const TableOptions& options);
  ~TableTimes();
  TableTimes(TableTimes&&) noexcept;
  TableTimes& operator=(TableTimes&&) noexcept;

  /// How many different times there are; their ranks are 0 .. count() - 1, as TableSource::time_rank has
  /// them.
  std::int32_t count() const;
  /// The rank of the first time that is not before `time`, which the key `key` of a configuration has;
  /// count() when every time lies before it. Throws InvalidArgument as tasks.split.test_from does.
  std::int32_t boundary(const std::string& time, const std::string& key) const;
  /// The text of the file that has the time of this rank; the first one, where several mean the same.
  std::string text(std::int32_t rank) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal
