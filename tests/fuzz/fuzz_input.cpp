// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz_input.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "support/scratch.hpp"

namespace shoal::fuzz {
namespace {

[[noreturn]] void end(const std::string& why) {
  std::fprintf(stderr, "finding: %s\n", why.c_str());
  std::abort();
}

void check_message(std::string_view message) {
  if (message.empty()) end("an error without a message");
  if (message.size() > 500) end("a message of " + std::to_string(message.size()) + " bytes");
  if (printable(message, message.size()) != message) end("a message with bytes that a terminal may obey");
}

}  // namespace

void allow(std::initializer_list<Kind> kinds, const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    check_message(error.what());
    if (std::none_of(kinds.begin(), kinds.end(), [&](Kind kind) { return kind == error.exit_code(); }))
      end("an error of the wrong kind, exit " + std::to_string(error.exit_code()) + ": " + error.what());
  } catch (const std::exception& error) {
    end(std::string("not an Error: ") + error.what());
  }
}

void require(bool holds, const char* what) {
  if (!holds) end(what);
}

const std::filesystem::path& folder() {
  static const testing::Scratch scratch;
  return scratch.path();
}

std::string write(const std::string& name, std::string_view content) {
  const std::filesystem::path file = folder() / name;
  std::ofstream(file, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
  return file.string();
}

std::string tensor_file(std::string_view input) {
  const std::size_t line = std::min(input.find('\n'), input.size());
  std::string file;
  for (std::size_t i = 0; i < 8; ++i) file += static_cast<char>(line >> 8 * i);
  return file.append(input.substr(0, line)).append(input.substr(std::min(line + 1, input.size())));
}

}  // namespace shoal::fuzz
