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

/// Where a package comes from: a Python wheel of PyPI, or a Debian package of R.
enum class PackageKind { wheel, debian };

/// One data set of the catalogue, with the version, sizes and hashes that fix its bytes.
struct DatasetInfo {
  std::string_view name;  ///< what get_dataset takes, e.g. "sp500"
  std::string_view title;
  std::string_view package;  ///< package that contains the data
  std::string_view version;
  std::string_view licence;  ///< licence of the package; the data may have other terms, see `terms`
  std::string_view terms;
  std::string_view caution;  ///< what the data cannot show
  PackageKind kind = PackageKind::wheel;
  std::string_view package_file;    ///< file name of the package
  std::uint64_t package_bytes = 0;  ///< 0: the package differs by architecture and is not checked itself
  std::string_view package_sha256;
  std::string_view member;  ///< file inside the package: gzip, or an R data file
  std::uint64_t member_bytes = 0;
  std::string_view member_sha256;
  std::string_view object;     ///< debian: the data frame in the member
  std::string_view row_names;  ///< debian: the column that its row names become; empty = they say nothing
  std::int64_t rows = 0, columns = 0;  ///< of the data in the package, without row names
  std::string_view content_sha256;     ///< of the member after unpacking, or of the data frame as CSV
  std::string_view features;           ///< names that DatasetOptions::features takes, separated by spaces
};

/// The catalogue (`shoal data list`).
std::span<const DatasetInfo> datasets();

struct DatasetOptions {
  std::filesystem::path folder = "data";  ///< created when missing
  std::string features;  ///< "" = prices and returns; "har" = volatility features (volatility.hpp)
  /// Package that is already downloaded; empty = `python3 -m pip download`, or `apt-get download`.
  std::filesystem::path package;
  std::filesystem::path wheel;     ///< the same as `package`, which counts where both are given
  std::string python = "python3";  ///< interpreter that runs pip and unpacks the package
};

/// What get_dataset wrote.
struct DatasetFiles {
  std::filesystem::path table;  ///< FOLDER/NAME.csv, or FOLDER/NAME-FEATURES.csv
  std::filesystem::path card;   ///< the same name with .md: source, licence, hashes, columns
  std::string sha256;           ///< of the table
  std::int64_t rows = 0;        ///< data rows of the table, header not counted
};

/// Writes a data set as CSV: prices and features in long form, one row per date and asset; a data frame of R
/// as it is, with 15 significant digits. The write is crash-safe and replaces existing files. Data frames are
/// converted by Debian's python3-rdata, or by R, in a child process. Throws InvalidArgument for an unknown
/// name or feature set, ResourceError when a program is missing or fails (with the last lines that it
/// printed) or the network does, and DataError when a size, a count or a hash differs from the catalogue's.
/// On error it writes nothing.
DatasetFiles get_dataset(std::string_view name, const DatasetOptions& options = {});

}  // namespace shoal
