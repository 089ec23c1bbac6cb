// SPDX-License-Identifier: Apache-2.0
#include "io/run_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/input_file.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/tensor_file.hpp>

namespace shoal {
namespace {

void truncate_to(int descriptor, std::uint64_t bytes, const std::filesystem::path& file) {
  while (::ftruncate(descriptor, static_cast<off_t>(bytes)) != 0)
    if (errno != EINTR) fail_with_errno(file, "cutting failed");
}

}  // namespace

void append_line(const std::filesystem::path& file, const std::string& line) {
  const Descriptor log = open_or_throw(file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
  write_all(log.get(), std::as_bytes(std::span(line)), file);
}

void RunLog::open() {
  if (descriptor_.get() >= 0) return;
  descriptor_ = open_or_throw(file_, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
  sync_folder(file_.parent_path());
}

void RunLog::append(const std::string& line) {
  open();
  synced_ = false;
  try {
    write_all(descriptor_.get(), std::as_bytes(std::span(line)), file_);
  } catch (const ResourceError&) {
    // Removes the part of the line that was written. If that fails, the next resume removes it.
    [[maybe_unused]] const int truncate = ::ftruncate(descriptor_.get(), static_cast<off_t>(bytes_));
    throw;
  }
  hash_.add(line);
  bytes_ += line.size();
}

LogPosition RunLog::sync() {
  if (!synced_) sync_file(descriptor_.get(), file_);
  synced_ = true;
  return {bytes_, hash_.digest()};
}

bool RunLog::truncate(const LogPosition& mark) {
  Sha256 hash;
  std::error_code none;
  const bool exists = std::filesystem::exists(std::filesystem::symlink_status(file_, none));
  if (exists) {
    InputFile input = InputFile::open<ResourceError>(file_, Links::refused);
    std::vector<std::byte> buffer(1 << 16);
    std::uint64_t left = mark.bytes;
    while (left > 0) {
      const std::size_t count =
          input.read(buffer.data(), static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size())));
      if (count == 0) return false;
      hash.add(std::span(buffer).first(count));
      left -= count;
    }
  }
  if ((!exists && mark.bytes > 0) || hash.digest() != mark.sha256) return false;
  hash_ = hash;
  bytes_ = mark.bytes;
  if (!exists) return true;
  open();
  truncate_to(descriptor_.get(), bytes_, file_);
  synced_ = false;
  return true;
}

std::string RunLog::text() const {
  if (!std::filesystem::exists(std::filesystem::symlink_status(file_))) return {};
  return read_file<ResourceError>(file_, Links::refused);
}

void RunLog::replace(const std::string& text) {
  write_file(file_, text, Links::refused);
  descriptor_ = Descriptor();
  hash_ = Sha256();
  hash_.add(text);
  bytes_ = text.size();
  synced_ = true;
}

}  // namespace shoal
