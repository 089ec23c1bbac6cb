// SPDX-License-Identifier: Apache-2.0
#include "fuzz/mutation.hpp"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>

#include "support/scratch.hpp"

namespace shoal::fuzz {
namespace {

constexpr std::size_t most_bytes = 1 << 16;

const std::string numbers[] = {"0",
                               "-1",
                               "1",
                               "-0",
                               "007",
                               "255",
                               "65536",
                               "2147483647",
                               "2147483648",
                               "-2147483649",
                               "4294967296",
                               "9007199254740993",
                               "9223372036854775807",
                               "-9223372036854775808",
                               "18446744073709551615",
                               "18446744073709551616",
                               "99999999999999999999999999999999999999",
                               "1e308",
                               "1e400",
                               "-1e400",
                               "1e-400",
                               "4.9e-324",
                               "0.1",
                               "1.",
                               ".5",
                               "1e",
                               "0x10",
                               "nan",
                               "-inf"};

class Mutator {
 public:
  Mutator(const Corpus& corpus, std::uint64_t key, std::uint64_t number)
      : corpus_(corpus), random_(key * 0x9e3779b97f4a7c15u + number) {}

  std::string run() {
    text_ = corpus_.seeds[below(corpus_.seeds.size())];
    for (std::size_t n = below(5) + 1; n > 0; --n) mutate();
    if (text_.size() > most_bytes) text_.resize(most_bytes);
    return std::move(text_);
  }

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(random_() % n); }
  std::size_t place() { return below(text_.size() + 1); }
  /// The length of a random range at `at`; short ones are more likely.
  std::size_t length(std::size_t at) {
    const std::size_t left = text_.size() - at;
    return std::min(left, below(2) == 0 ? below(4) + 1 : below(left + 1));
  }
  std::string some_word() {
    if (corpus_.words.empty() || below(4) == 0) return numbers[below(std::size(numbers))];
    return corpus_.words[below(corpus_.words.size())];
  }

  void mutate() {
    const std::size_t at = place();
    switch (below(12)) {
      case 0:
        if (at < text_.size()) text_[at] = static_cast<char>(text_[at] ^ (1 << below(8)));
        return;
      case 1:
        if (at < text_.size()) text_[at] = static_cast<char>(below(256));
        return;
      case 2:
        text_.erase(at, length(at));
        return;
      case 3:
        text_.insert(at, std::string(text_.substr(at, length(at))));
        return;
      case 4:
        text_.insert(at, 1, static_cast<char>(below(256)));
        return;
      case 5:
      case 6:
        text_.insert(at, some_word());
        return;
      case 7:
        text_.replace(at, length(at), some_word());
        return;
      case 8:
        return other_number();
      case 9:
        return other_integer(at);
      case 10: {
        const std::string& other = corpus_.seeds[below(corpus_.seeds.size())];
        const std::size_t from = below(other.size() + 1);
        text_.replace(at, length(at), other.substr(from, below(other.size() - from + 1)));
        return;
      }
      default:
        return repeat(at);
    }
  }

  /// Replaces a number with another one.
  void other_number() {
    const std::size_t begin = text_.find_first_of("0123456789", place());
    if (begin == std::string::npos) return;
    const std::size_t end = std::min(text_.find_first_not_of("0123456789.eE+-", begin), text_.size());
    text_.replace(begin, end - begin, numbers[below(std::size(numbers))]);
  }

  /// Writes a little-endian integer at the limit of a type.
  void other_integer(std::size_t at) {
    const std::uint64_t edges[] = {0,          1,      0x7f,       0x80,       0xff,
                                   0x7fff,     0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
                                   ~0ull >> 1, ~0ull,  1ull << 63, 1ull << 40};
    const std::uint64_t value = edges[below(std::size(edges))] + below(3) - 1;
    const std::size_t bytes = std::size_t{1} << below(4);
    for (std::size_t i = 0; i < bytes && at + i < text_.size(); ++i)
      text_[at + i] = static_cast<char>(value >> 8 * i);
  }

  void repeat(std::size_t at) {
    const std::string piece = text_.substr(at, length(at));
    if (piece.empty()) return;
    std::string many;
    for (std::size_t n = below(8) == 0 ? below(5000) : below(20);
         n > 0 && text_.size() + many.size() < most_bytes; --n)
      many += piece;
    text_.insert(at, many);
  }

  const Corpus& corpus_;
  std::mt19937_64 random_;
  std::string text_;
};

std::string word_of(const std::string& line) {
  const std::size_t begin = line.find('"'), end = line.rfind('"');
  if (begin == std::string::npos || begin == end) return "";
  std::string word;
  for (std::size_t i = begin + 1; i < end; ++i) {
    if (line[i] != '\\') {
      word += line[i];
    } else if (line[i + 1] == 'x') {
      word += static_cast<char>(std::stoi(line.substr(i + 2, 2), nullptr, 16));
      i += 3;
    } else {
      word += line[++i];
    }
  }
  return word;
}

}  // namespace

Corpus read_corpus(const std::filesystem::path& seeds, const std::filesystem::path& dictionary) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(seeds)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  Corpus corpus;
  for (const auto& file : files) corpus.seeds.push_back(testing::read_text(file));
  if (corpus.seeds.empty()) throw std::runtime_error(seeds.string() + ": no seeds");
  std::ifstream lines(dictionary);
  if (!lines) throw std::runtime_error(dictionary.string() + ": cannot be read");
  for (std::string line; std::getline(lines, line);)
    if (std::string word = line.starts_with('#') ? "" : word_of(line); !word.empty())
      corpus.words.push_back(std::move(word));
  return corpus;
}

std::string input_of(const Corpus& corpus, std::uint64_t key, std::uint64_t number) {
  if (number < corpus.seeds.size()) return corpus.seeds[number];
  return Mutator(corpus, key, number).run();
}

}  // namespace shoal::fuzz
