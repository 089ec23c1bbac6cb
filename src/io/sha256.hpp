// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of data that come piece by piece. It identifies inputs and tasks and detects damage;
// it does not protect secrets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace shoal {

class Sha256 {
 public:
  void add(std::span<const std::byte> bytes);
  void add(std::string_view text) { add(std::as_bytes(std::span(text))); }
  /// The hash of everything added so far, as 64 lower-case hex digits. More may be added afterwards.
  std::string digest() const;

 private:
  void absorb();

  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> block_{};
  std::size_t filled_ = 0;
  std::uint64_t length_ = 0;
};

}  // namespace shoal
