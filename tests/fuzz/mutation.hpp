// SPDX-License-Identifier: Apache-2.0
// Inputs out of seeds: each follows from a key and its number alone, so that a finding can be made again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace shoal::fuzz {

struct Corpus {
  std::vector<std::string> seeds;
  std::vector<std::string> words;  ///< pieces that mean something to the reader
};

/// The files of a folder, in order of name, and the words of a dictionary in libFuzzer's format: one "word" a
/// line, with \", \\ and \xNN.
Corpus read_corpus(const std::filesystem::path& seeds, const std::filesystem::path& dictionary);

/// Input `number`: the seeds as they are first, then mutations of them.
std::string input_of(const Corpus& corpus, std::uint64_t key, std::uint64_t number);

}  // namespace shoal::fuzz
