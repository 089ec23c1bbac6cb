// SPDX-License-Identifier: Apache-2.0
#include "data/byte_stream.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include <shoal/error.hpp>

namespace shoal {
namespace {

using namespace std::string_view_literals;

/// A format that Shoal recognises by its first bytes and does not read.
struct ForeignFormat {
  std::string_view start, name, advice;
};

constexpr std::string_view to_csv = "write it as CSV, e.g. with pandas: ";
constexpr std::array foreign_formats = {
    ForeignFormat{"PAR1"sv, "a Parquet file", "pandas.read_parquet(FILE).to_csv(\"table.csv\", index=False)"},
    ForeignFormat{"PK\3\4"sv, "a spreadsheet (.xlsx, .ods) or a zip archive",
                  "pandas.read_excel(FILE).to_csv(\"table.csv\", index=False)"},
    ForeignFormat{"\xd0\xcf\x11\xe0"sv, "an old spreadsheet (.xls)",
                  "pandas.read_excel(FILE).to_csv(\"table.csv\", index=False)"},
    ForeignFormat{"ARROW1"sv, "an Arrow (Feather) file",
                  "pandas.read_feather(FILE).to_csv(\"table.csv\", index=False)"},
    ForeignFormat{"\x89HDF\r\n"sv, "an HDF5 file",
                  "pandas.read_hdf(FILE).to_csv(\"table.csv\", index=False)"},
    ForeignFormat{"<stata_dta>"sv, "a Stata file",
                  "pandas.read_stata(FILE).to_csv(\"table.csv\", index=False)"},
    ForeignFormat{"\x80\4\x95"sv, "a Python pickle",
                  "pandas.read_pickle(FILE).to_csv(\"table.csv\", index=False)"},
};
constexpr std::array foreign_compressions = {
    ForeignFormat{"BZh"sv, "compressed by bzip2", "bzip2 -dk"},
    ForeignFormat{"\xfd"
                  "7zXZ\0"sv,
                  "compressed by xz", "xz -dk"},
    ForeignFormat{"\4\"M\x18"sv, "compressed by lz4", "lz4 -dk"},
    ForeignFormat{"7z\xbc\xaf\x27\x1c"sv, "a 7z archive", "7z x"},
};

/// Formats that are recognised by the suffix of the file name, because their first bytes vary.
constexpr std::array foreign_suffixes = {ForeignFormat{
    ".parquet"sv, "a Parquet file", "pandas.read_parquet(FILE).to_csv(\"table.csv\", index=False)"}};

constexpr std::size_t looked_at = 16;

class PlainStream final : public ByteStream {
 public:
  PlainStream(std::unique_ptr<InputFile> file, std::string start)
      : file_(std::move(file)), start_(std::move(start)) {}

  std::size_t read(char* to, std::size_t count) override {
    if (given_ == start_.size()) return file_->read(to, count);
    const std::size_t taken = start_.copy(to, count, given_);
    given_ += taken;
    return taken;
  }
  std::optional<std::uint64_t> size() const override { return file_->size(); }
  const std::string& shown() const override { return file_->name(); }

 private:
  std::unique_ptr<InputFile> file_;
  std::string start_;
  std::size_t given_ = 0;
};

void refuse_foreign(const std::string& path, const std::string& shown, std::string_view start) {
  const auto refuse = [&](const ForeignFormat& format, std::string_view advice) {
    throw DataError(shown + ": is " + std::string(format.name) + ", which is not read; " +
                    std::string(advice) + std::string(format.advice));
  };
  for (const ForeignFormat& format : foreign_formats)
    if (start.starts_with(format.start)) refuse(format, to_csv);
  for (const ForeignFormat& format : foreign_compressions)
    if (start.starts_with(format.start)) refuse(format, "gzip and zstd are; decompress it first: ");
  for (const ForeignFormat& format : foreign_suffixes)
    if (path.ends_with(format.start)) refuse(format, to_csv);
}

}  // namespace

std::unique_ptr<ByteStream> open_bytes(const std::string& path) {
  auto file = std::make_unique<InputFile>(InputFile::open<DataError>(path));
  std::string start(looked_at, '\0');
  std::size_t filled = 0;
  while (filled < start.size()) {
    const std::size_t got = file->read(start.data() + filled, start.size() - filled);
    if (got == 0) break;
    filled += got;
  }
  start.resize(filled);
  if (start.starts_with("\x1f\x8b")) return open_gzip(std::move(file), std::move(start));
  if (start.starts_with("\x28\xb5\x2f\xfd")) return open_zstd(std::move(file), std::move(start));
  refuse_foreign(path, file->name(), start);
  return std::make_unique<PlainStream>(std::move(file), std::move(start));
}

void ExpansionLimit::check(const std::string& file, std::uint64_t read, std::uint64_t written) const {
  if (written > harmless_ && written / 1000 > read)
    throw DataError(
        file + ": " + std::to_string(written >> 20) + " MiB were decompressed from " +
        std::to_string(read >> 10) +
        " KiB; more than 1000 : 1 may be an attack. Decompress the file yourself if you trust it");
}

}  // namespace shoal
