// SPDX-License-Identifier: Apache-2.0
// Functions that all fuzz targets share: the outcomes that an input may have, and the file that it is read
// from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

namespace shoal::fuzz {

/// Kinds of errors, by the exit codes of the program for the errors of include/shoal/error.hpp.
enum Kind : int { usage = 2, data = 3, model = 4, resources = 6 };

/// Runs `read`, which may succeed or throw an Error of one of these kinds with a short message without
/// control characters. Anything else ends the process.
void allow(std::initializer_list<Kind> kinds, const std::function<void()>& read);

/// Ends the process unless `holds`.
void require(bool holds, const char* what);

/// A folder of this process; the driver puts it in memory if it can.
const std::filesystem::path& folder();
/// Writes a file in that folder and returns its path.
std::string write(const std::string& name, std::string_view content);

/// Makes a safetensors file with a correct length field from a header, a line feed and data. Targets for such
/// files take this form, so that most inputs get beyond the first eight bytes.
std::string tensor_file(std::string_view input);

}  // namespace shoal::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
