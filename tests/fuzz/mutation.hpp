// SPDX-License-Identifier: Apache-2.0
// Makes inputs from seeds. Each input is a function of a key and its number, so that a finding can be
// reproduced.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace shoal::fuzz {

struct Corpus {
  std::vector<std::string> seeds;
  std::vector<std::string> words;  ///< words that mean something to the reader
};

/// Reads the files of a folder, in order of their names, and the words of a dictionary in libFuzzer's format:
/// one "word" per line, with \", \\ and \xNN.
Corpus read_corpus(const std::filesystem::path& seeds, const std::filesystem::path& dictionary);

/// Input `number`: first come the seeds unchanged, then mutations of them.
std::string input_of(const Corpus& corpus, std::uint64_t key, std::uint64_t number);

}  // namespace shoal::fuzz
