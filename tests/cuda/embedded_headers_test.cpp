// SPDX-License-Identifier: Apache-2.0
// The library has the texts of all headers that a kernel compiled at run time may include, as they are.
// Covers compile_options, kernel_key.
#include "cuda/compiled/embedded_headers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <utility>

#include "cuda/compiled/compile_options.hpp"
#include "cuda/compiled/kernel_key.hpp"

namespace shoal::testing {
namespace {

using namespace cuda;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::set<std::string> names() {
  std::set<std::string> all;
  for (const EmbeddedHeader& header : embedded_headers()) all.insert(header.name);
  return all;
}

TEST(EmbeddedHeaders, AreTheFilesAsTheyAre) {
  const std::filesystem::path sources = SHOAL_SOURCES;
  for (const EmbeddedHeader& header : embedded_headers()) {
    const bool is_public = std::string(header.name).starts_with("shoal/");
    const std::string text = text_of((is_public ? sources / "include" : sources) / header.name);
    ASSERT_FALSE(text.empty()) << header.name;
    EXPECT_EQ(header.text, text) << header.name;
  }
  EXPECT_EQ(names().size(), embedded_headers().size()) << "a header is there twice";
}

TEST(EmbeddedHeaders, AreAllOfTheirFolders) {
  const std::set<std::string> embedded = names();
  const std::filesystem::path sources = SHOAL_SOURCES;
  int files = 0;
  for (const auto& [folder, ending] :
       {std::pair{"kernels/device", ".cuh"}, {"kernels/fixed", ".cuh"}, {"kernels/math", ".hpp"}}) {
    if (!std::filesystem::exists(sources / folder)) continue;
    for (const auto& file : std::filesystem::directory_iterator(sources / folder)) {
      if (file.path().extension() != ending) continue;
      ++files;
      EXPECT_TRUE(embedded.contains(std::filesystem::relative(file.path(), sources).string())) << file.path();
    }
  }
  EXPECT_GT(files, 20);
}

TEST(EmbeddedHeaders, IncludeOneAnother) {
  const std::set<std::string> embedded = names();
  const std::regex include(R"(\n\s*#\s*include\s*[<"]((kernels|shoal)/[^>"]+))");
  int found = 0;
  for (const EmbeddedHeader& header : embedded_headers()) {
    const std::string text = header.text;
    for (std::sregex_iterator at(text.begin(), text.end(), include), end; at != end; ++at, ++found)
      EXPECT_TRUE(embedded.contains((*at)[1].str())) << header.name << " includes " << (*at)[1];
  }
  EXPECT_GT(found, 20);
  EXPECT_TRUE(embedded.contains("shoal/kinds.hpp"));
}

TEST(EmbeddedHeaders, OptionsAreThoseOfTheNumericalContract) {
  const std::vector<std::string> options = compile_options(90);
  for (const char* flag : {"-std=c++20", "-fmad=false", "-ftz=false", "-prec-div=true", "-prec-sqrt=true",
                           "--gpu-architecture=sm_90", "-no-source-include"})
    EXPECT_EQ(std::count(options.begin(), options.end(), flag), 1) << flag;
}

TEST(EmbeddedHeaders, TheKeyIsOfEverythingThatDecidesTheCode) {
  const KernelSource source{"title", "program", "kernel"};
  const std::string key = kernel_key(source, 90, "NVRTC 13.0");
  EXPECT_EQ(key.size(), 64u);
  EXPECT_EQ(key.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(kernel_key(source, 90, "NVRTC 13.0"), key);
  EXPECT_EQ(kernel_key({"other", "program", "kernel"}, 90, "NVRTC 13.0"), key) << "the title decides nothing";
  const std::set<std::string> others = {key,
                                        kernel_key({"title", "program ", "kernel"}, 90, "NVRTC 13.0"),
                                        kernel_key({"title", "program", "kernel2"}, 90, "NVRTC 13.0"),
                                        kernel_key({"title", "programk", "ernel"}, 90, "NVRTC 13.0"),
                                        kernel_key(source, 80, "NVRTC 13.0"),
                                        kernel_key(source, 90, "NVRTC 13.1")};
  EXPECT_EQ(others.size(), 6u);
}

}  // namespace
}  // namespace shoal::testing
