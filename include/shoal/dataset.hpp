// SPDX-License-Identifier: Apache-2.0
// Real data sets, brought out of the ordinary packages that ship them. Nothing is redistributed: get_dataset
// fetches the package, checks sizes and SHA-256, and writes CSV files and a data card into the caller's
// folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace shoal {

/// One data set of the catalogue, with everything that pins its bytes.
struct DatasetInfo {
  std::string_view name;  ///< what get_dataset takes, e.g. "sp500"
  std::string_view title;
  std::string_view package;  ///< package that ships the data
  std::string_view version;
  std::string_view licence;  ///< of the package; the data may have terms of their own, see `terms`
  std::string_view terms;
  std::string_view package_file;  ///< file name of the wheel
  std::uint64_t package_bytes = 0;
  std::string_view package_sha256;
  std::string_view member;  ///< file inside the package (gzip)
  std::uint64_t member_bytes = 0;
  std::string_view member_sha256;
  std::string_view content_sha256;  ///< of the member after unpacking
  std::string_view features;        ///< names that DatasetOptions::features takes, separated by spaces
};

/// The catalogue (`shoal data list`).
std::span<const DatasetInfo> datasets();

struct DatasetOptions {
  std::filesystem::path folder = "data";  ///< created when missing
  std::string features;            ///< "" = prices and returns; "har" = volatility features (volatility.hpp)
  std::filesystem::path wheel;     ///< an already downloaded package; empty = `python3 -m pip download`
  std::string python = "python3";  ///< interpreter that runs pip and unpacks the wheel
};

/// What get_dataset wrote.
struct DatasetFiles {
  std::filesystem::path table;  ///< FOLDER/NAME.csv, or FOLDER/NAME-FEATURES.csv
  std::filesystem::path card;   ///< the same name with .md: source, licence, hashes, columns
  std::string sha256;           ///< of the table
  std::int64_t rows = 0;        ///< data rows of the table, header not counted
};

/// Writes a data set as CSV in long form, one row per date and asset, crash-safely; existing files are
/// replaced. Throws InvalidArgument for an unknown name or feature set, ResourceError when python3, pip or
/// the network fails (with pip's own last words), DataError when a size or hash is not the catalogue's. On
/// error nothing is written.
DatasetFiles get_dataset(std::string_view name, const DatasetOptions& options = {});

}  // namespace shoal
