// SPDX-License-Identifier: Apache-2.0
// Prints how a kernel is launched, for the tools that follow its machine code without a device. The format is
// that of bench/static/emulation/launch_description.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shoal::testing {

inline std::string hexadecimal(const void* data, std::size_t size) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::vector<unsigned char> bytes(size);
  std::memcpy(bytes.data(), data, size);
  std::string text;
  text.reserve(2 * size);
  for (const unsigned char byte : bytes) (text += digits[byte >> 4]) += digits[byte & 15];
  return text;
}

/// The device memory that a launch reads: every array gets an invented address.
class DescribedMemory {
 public:
  template <class T>
  T* floats(std::string_view name, std::size_t count) {
    return array<T>(name, count, R"("floats")");
  }
  template <class T>
  T* zeros(std::string_view name, std::size_t count) {
    return array<T>(name, count, R"("zeros")");
  }
  /// first, first + step, ...
  template <class T>
  T* integers(std::string_view name, std::size_t count, T first, T step) {
    std::ostringstream holds;
    holds << "{\"first\": " << first << ", \"step\": " << step << ", \"size\": " << sizeof(T) << '}';
    return array<T>(name, count, holds.str());
  }
  template <class T>
  T* copy(std::string_view name, const T* data, std::size_t count) {
    return array<T>(name, count, "{\"bytes\": \"" + hexadecimal(data, count * sizeof(T)) + "\"}");
  }

  friend std::ostream& operator<<(std::ostream& out, const DescribedMemory& memory) {
    return out << '[' << memory.text_ << ']';
  }

 private:
  static constexpr std::uint64_t first_address = std::uint64_t{1} << 32, alignment = 256;

  template <class T>
  T* array(std::string_view name, std::size_t count, const std::string& holds) {
    const std::size_t bytes = count * sizeof(T);
    std::ostringstream entry;
    entry << (text_.empty() ? "" : ", ") << "{\"name\": \"" << name << "\", \"at\": \"" << std::hex
          << std::showbase << next_ << std::dec << "\", \"bytes\": " << bytes << ", \"holds\": " << holds
          << '}';
    text_ += entry.str();
    const std::uint64_t at = next_;
    next_ += (bytes + alignment) / alignment * alignment;
    return reinterpret_cast<T*>(at);  // NOLINT(performance-no-int-to-ptr): an address of the device
  }

  std::string text_;
  std::uint64_t next_ = first_address;
};

/// What the tools must know of a launch beside its memory and parameters.
struct LaunchShape {
  std::string_view kernel, shape;
  int block = 32, grid = 1;
  std::int64_t shared = 0;  ///< dynamic, bytes of a block
  int teams = 1;
  std::int64_t workspace = 0;  ///< bytes of a team
};

/// Prints one line. `runs`: the number of tasks, and the kernel's one parameter; two runs that differ in the
/// number of tasks alone.
template <class Parameter>
void print_description(std::ostream& out, const LaunchShape& launch, const DescribedMemory& memory,
                       const std::vector<std::pair<int, Parameter>>& runs) {
  out << "{\"kernel\": \"" << launch.kernel << "\", \"shape\": \"" << launch.shape
      << "\", \"block\": " << launch.block << ", \"grid\": " << launch.grid
      << ", \"shared\": " << launch.shared << ", \"teams\": " << launch.teams
      << ", \"workspace\": " << launch.workspace << ", \"memory\": " << memory << ", \"runs\": [";
  const char* separator = "";
  for (const auto& [tasks, parameter] : runs) {
    out << separator << "{\"tasks\": " << tasks << ", \"parameters\": \""
        << hexadecimal(&parameter, sizeof(Parameter)) << "\"}";
    separator = ", ";
  }
  out << "]}\n";
}

}  // namespace shoal::testing
