// SPDX-License-Identifier: Apache-2.0
#include "cuda/compiled/kernel_cache.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <shoal/tensor_file.hpp>

#include "cuda/compiled/private_folder.hpp"

namespace shoal::cuda {
namespace {

// An entry: the magic, the SHA-256 (hex) of what follows, the key, three sizes, and the three texts.
constexpr std::string_view magic = "shoal kernel\n";
constexpr std::size_t hash_digits = 64, size_bytes = 8;
constexpr std::string_view ending = ".kernel", temporary_ending = ".tmp";

std::string encoded(std::uint64_t size) {
  std::string bytes(size_bytes, '\0');
  for (std::size_t i = 0; i < size_bytes; ++i) bytes[i] = static_cast<char>(size >> (8 * i) & 255);
  return bytes;
}

/// Reads an entry from front to back.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}
  /// Empty, and failed from then on, if there are not so many bytes left.
  std::string_view next(std::uint64_t count) {
    if (count > left_.size()) failed_ = true;
    if (failed_) return {};
    const std::string_view taken = left_.substr(0, static_cast<std::size_t>(count));
    left_.remove_prefix(taken.size());
    return taken;
  }
  std::uint64_t next_size() {
    const std::string_view bytes = next(size_bytes);
    std::uint64_t size = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) size = size << 8 | static_cast<unsigned char>(bytes[i]);
    return size;
  }
  std::string_view left() const { return left_; }
  bool failed() const { return failed_; }

 private:
  std::string_view left_;
  bool failed_ = false;
};

/// What the hash of an entry is of.
std::string contents(const std::string& key, const CompiledKernel& kernel) {
  return key + encoded(kernel.lowered_name.size()) + encoded(kernel.machine_code.size()) +
         encoded(kernel.ptx.size()) + kernel.lowered_name + kernel.machine_code + kernel.ptx;
}

std::optional<CompiledKernel> decoded(const std::string& key, std::string_view bytes) {
  Reader reader(bytes);
  if (reader.next(magic.size()) != magic) return std::nullopt;
  const std::string_view hash = reader.next(hash_digits);
  if (reader.failed() || hash != sha256(std::as_bytes(std::span(reader.left())))) return std::nullopt;
  if (reader.next(key.size()) != key) return std::nullopt;
  const std::uint64_t name = reader.next_size(), code = reader.next_size(), ptx = reader.next_size();
  CompiledKernel kernel{.lowered_name = std::string(reader.next(name)),
                        .machine_code = std::string(reader.next(code)),
                        .ptx = std::string(reader.next(ptx))};
  if (reader.failed() || !reader.left().empty()) return std::nullopt;
  return kernel;
}

/// Whether a file of this name may be an entry, or one that a process was writing when it ended.
bool is_own(std::string_view name) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (name.find_first_not_of(digits) != hash_digits) return false;
  return name.substr(hash_digits) == ending || name.ends_with(temporary_ending);
}

/// Removes the entries that were not used for the longest time, until all take at most `bound` bytes.
/// `newest` stays.
void trim(const PrivateFolder& folder, std::int64_t bound, const std::string& newest) {
  std::vector<PrivateFolder::File> files = folder.files();
  std::erase_if(files, [&](const auto& file) { return !is_own(file.name) || file.name == newest; });
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
    return std::tie(a.changed.tv_sec, a.changed.tv_nsec, a.name) <
           std::tie(b.changed.tv_sec, b.changed.tv_nsec, b.name);
  });
  std::int64_t all = 0;
  for (const auto& file : files) all += file.bytes;
  for (const auto& file : files) {
    if (all <= bound) return;
    folder.remove(file.name);
    all -= file.bytes;
  }
}

/// A name that no other writer uses.
std::string temporary_name(const std::string& key) {
  static std::atomic<unsigned long> writes{0};
  return key + "." + std::to_string(::getpid()) + "-" + std::to_string(++writes) +
         std::string(temporary_ending);
}

}  // namespace

KernelCache::KernelCache(std::string folder, std::int64_t bound)
    : folder_(std::move(folder)), bound_(bound) {}

std::string KernelCache::problem() const {
  return folder_.empty() ? "no folder is given" : PrivateFolder(folder_, false).problem();
}

std::string KernelCache::description() const {
  if (folder_.empty()) return "none";
  const PrivateFolder folder(folder_, false);
  if (!folder.problem().empty()) return "not used: " + folder.problem();
  return folder_ + (folder.is_missing() ? " (made when it is needed)" : "");
}

std::optional<CompiledKernel> KernelCache::load(const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  const PrivateFolder folder(folder_, false);
  if (!folder.usable()) return std::nullopt;
  const std::optional<std::string> bytes = folder.read(key + std::string(ending), bound_);
  return bytes ? decoded(key, *bytes) : std::nullopt;
}

void KernelCache::store(const std::string& key, const CompiledKernel& kernel) const {
  if (folder_.empty()) return;
  const std::string body = contents(key, kernel), hash = sha256(body), name = key + std::string(ending);
  const std::array<std::string_view, 3> parts = {magic, hash, body};
  const auto bytes = static_cast<std::int64_t>(magic.size() + hash.size() + body.size());
  if (bytes > bound_) return;
  const PrivateFolder folder(folder_, true);
  if (!folder.usable() || !folder.write(name, temporary_name(key), parts)) return;
  trim(folder, bound_ - bytes, name);
}

}  // namespace shoal::cuda
