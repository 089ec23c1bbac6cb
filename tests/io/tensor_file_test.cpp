// SPDX-License-Identifier: Apache-2.0
// Covers tensor_header.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <random>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::read_text;
using testing::Scratch;

std::string file_of(const std::string& header, const std::string& data) {
  std::string text;
  for (int i = 0; i < 8; ++i) text += static_cast<char>(header.size() >> (8 * i));
  return text + header + data;
}

bool same(const TensorFile& a, const TensorFile& b) {
  if (a.metadata != b.metadata || a.tensors.size() != b.tensors.size()) return false;
  for (const auto& [name, tensor] : a.tensors) {
    const auto other = b.tensors.find(name);
    if (other == b.tensors.end() || other->second.dtype != tensor.dtype ||
        other->second.shape != tensor.shape || other->second.bytes != tensor.bytes)
      return false;
  }
  return true;
}

TensorFile random_content(std::mt19937_64& random) {
  TensorFile content;
  for (std::uint64_t count = random() % 6; count > 0; --count) {
    std::vector<std::int64_t> shape;
    std::int64_t size = 1;
    for (std::uint64_t rank = random() % 4; rank > 0; --rank) {
      shape.push_back(static_cast<std::int64_t>(random() % 5));
      size *= shape.back();
    }
    const std::string name = "tensor." + std::to_string(random() % 100) + "\"é\n";
    const auto fill = [&]<class T>(T) {
      std::vector<T> values;
      for (std::int64_t i = 0; i < size; ++i) values.push_back(static_cast<T>(random()));
      content.tensors[name] = Tensor::of(shape, values.data());
    };
    switch (random() % 5) {
      case 0:
        fill(float{});
        break;
      case 1:
        fill(double{});
        break;
      case 2:
        fill(std::int64_t{});
        break;
      case 3:
        fill(std::int32_t{});
        break;
      default:
        fill(std::uint8_t{});
        break;
    }
  }
  if (random() % 2) content.metadata["note"] = "a \"quoted\" text\nof two lines";
  return content;
}

TEST(TensorFile, RoundTripsAndIsDeterministic) {
  const Scratch folder;
  std::mt19937_64 random(1);
  for (int round = 0; round < 100; ++round) {
    TensorFile content = random_content(random);
    if (round % 10 == 0) content.metadata[""] = "of no name";
    write_tensor_file(folder / "a", content);
    write_tensor_file(folder / "b", content);
    EXPECT_TRUE(same(read_tensor_file(folder / "a"), content));
    EXPECT_EQ(read_text(folder / "a"), read_text(folder / "b"));
    EXPECT_EQ(folder.entries(), 2u);
  }
}

TEST(TensorFile, HasTheLayoutOfTheFormat) {
  const Scratch folder;
  TensorFile content;
  const float values[] = {1.0f, -2.0f};
  content.tensors["w"] = Tensor::of({2}, values);
  write_tensor_file(folder / "a", content);
  const std::string text = read_text(folder / "a");
  const std::string header = R"({"w":{"data_offsets":[0,8],"dtype":"F32","shape":[2]}})";
  ASSERT_EQ(static_cast<unsigned char>(text[0]), (header.size() + 7) / 8 * 8);
  EXPECT_EQ(text.substr(8, header.size()), header);
  float read[2];
  std::memcpy(read, text.data() + text.size() - 8, 8);
  EXPECT_EQ(read[0], 1.0f);
  EXPECT_EQ(read[1], -2.0f);
}

struct Malformed {
  const char* what;
  std::string text;
  const char* named;  ///< text that the message must contain
};

std::vector<Malformed> malformed_files() {
  const std::string eight(8, '\0');
  const auto tensor = [&](const std::string& fields) { return file_of("{\"w\":{" + fields + "}}", eight); };
  return {
      {"empty file", "", "0 bytes"},
      {"short length", "\x01\x02", "2 bytes"},
      {"length beyond the file", file_of("{}", "").substr(0, 9), "byte 0"},
      {"huge length", std::string(8, '\xff') + "{}", "byte 0"},
      {"not JSON", file_of("{\"w\":", ""), "byte"},
      {"not an object", file_of("[]", ""), "not a JSON object"},
      {"key twice",
       file_of(
           R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
           ""),
       "\"a\" occurs twice"},
      {"deep nesting", file_of(R"({"a":{"shape":[[[[[[1]]]]]]}})", ""), "shape"},
      {"a number beyond a double", tensor(R"("dtype":"F32","shape":[1e999],"data_offsets":[0,8])"),
       "byte 42"},
      {"a number beyond 64 bits",
       tensor(R"("dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8])"), "shape"},
      {"five million digits", tensor(R"("dtype":"F32","shape":[)" + std::string(5'000'000, '9') + "]"),
       "byte"},
      {"a long dtype",
       tensor(R"("dtype":")" + std::string(5'000'000, 'F') + R"(","shape":[2],"data_offsets":[0,8])"),
       "dtype \"FFF"},
      {"a control character in a name", file_of("{\"\\u001b[31m\":3}", ""), "\\x1b[31m"},
      {"extents whose product wraps before a zero",
       file_of(R"({"w":{"dtype":"U8","shape":[4611686018427387904,3,0],"data_offsets":[0,0]}})", ""),
       "too large"},
      {"nine extents", tensor(R"("dtype":"F32","shape":[2,1,1,1,1,1,1,1,1],"data_offsets":[0,8])"),
       "8 extents"},
      {"three offsets", tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,8,8])"), "pair"},
      {"one offset", tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0])"), "pair"},
      {"a field twice", tensor(R"("dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8])"),
       "\"dtype\" occurs twice"},
      {"metadata twice", file_of(R"({"__metadata__":{},"__metadata__":{}})", ""), "occurs twice"},
      {"a metadata key twice", file_of(R"({"__metadata__":{"a":"","a":""}})", ""), "\"a\" occurs twice"},
      {"two values", file_of("{}{}", ""), "byte"},
      {"a zero byte behind the object", file_of(std::string("{}\0{}", 5), ""), "byte 10"},
      {"tensor that is a number", file_of(R"({"w":3})", ""), "\"w\""},
      {"unknown dtype", tensor(R"("dtype":"F16","shape":[4],"data_offsets":[0,8])"), "F16"},
      {"dtype that is a number", tensor(R"("dtype":7,"shape":[2],"data_offsets":[0,8])"), "dtype"},
      {"no dtype", tensor(R"("shape":[2],"data_offsets":[0,8])"), "has no dtype"},
      {"no shape", tensor(R"("dtype":"F32","data_offsets":[0,8])"), "has no shape"},
      {"no offsets", tensor(R"("dtype":"F32","shape":[2])"), "has no data_offsets"},
      {"unknown key", tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1)"), "unknown key \"x\""},
      {"negative extent", tensor(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"), "shape"},
      {"fractional extent", tensor(R"("dtype":"F32","shape":[2.5],"data_offsets":[0,8])"), "shape"},
      {"product that wraps", tensor(R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8])"),
       "too large"},
      {"extent beyond 2^63", tensor(R"("dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,8])"),
       "too large"},
      {"bytes that do not fit the shape", tensor(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])"),
       "8 bytes"},
      {"offsets beyond the data", tensor(R"("dtype":"F32","shape":[4],"data_offsets":[0,16])"), "outside"},
      {"offsets that fall", tensor(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"), "outside"},
      {"hole", file_of(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", eight), "hole"},
      {"overlap",
       file_of(
           R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
           eight),
       "overlapping"},
      {"bytes at the end", file_of(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", eight),
       "after the last tensor"},
      {"metadata that is no text", file_of(R"({"__metadata__":{"a":1}})", ""), "metadata \"a\""},
      {"metadata that is a list", file_of(R"({"__metadata__":[]})", ""), "__metadata__"},
  };
}

TEST(TensorFile, RefusesMalformedFilesByNameAndPlace) {
  const Scratch folder;
  for (const Malformed& bad : malformed_files()) {
    const std::string file = folder.file("bad.safetensors", bad.text);
    try {
      read_tensor_file(file);
      ADD_FAILURE() << bad.what << " was accepted";
    } catch (const ModelError& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.find(file), 0u) << bad.what << ": " << message;
      EXPECT_NE(message.find(bad.named), std::string::npos) << bad.what << ": " << message;
      EXPECT_LE(message.size(), file.size() + 300) << bad.what;
    }
  }
  EXPECT_THROW(read_tensor_file(folder / "not there"), ModelError);
  EXPECT_THROW(read_tensor_file(folder.path()), ModelError);
}

// Truncates the file at every byte and flips every bit of the header: the file is refused, or read as what it
// then says, and nothing crashes.
TEST(TensorFile, SurvivesMutants) {
  const Scratch folder;
  TensorFile content;
  const double values[] = {1.0, 2.0, 3.0};
  content.tensors["layers.0.weight"] = Tensor::of({3, 1}, values);
  content.tensors["layers.0.bias"] = Tensor::of({1}, values);
  content.metadata["config"] = "seed = 7";
  write_tensor_file(folder / "good", content);
  const std::string good = read_text(folder / "good");
  const auto refused = [&](const std::string& text) {
    const std::string file = folder.file("mutant", text);
    try {
      const TensorFile read = read_tensor_file(file);
      for (const auto& [name, tensor] : read.tensors) EXPECT_LE(tensor.bytes.size(), text.size());
      return false;
    } catch (const ModelError&) {
      return true;
    }
  };
  for (std::size_t length = 0; length < good.size(); ++length)
    EXPECT_TRUE(refused(good.substr(0, length))) << length;
  std::size_t flips = 0, accepted = 0;
  for (std::size_t byte = 0; byte < good.size() - 32; ++byte)
    for (int bit = 0; bit < 8; ++bit) {
      std::string mutant = good;
      mutant[byte] = static_cast<char>(mutant[byte] ^ (1 << bit));
      ++flips;
      accepted += refused(mutant) ? 0 : 1;
    }
  EXPECT_LT(accepted, flips / 2);  // flips inside names and metadata stay valid
}

// As many tensors, values or metadata entries as a header can hold are read or refused in one pass. If each
// value needed a search through its parent, this would take hours.
TEST(TensorFile, ManyEntriesAreReadInOnePass) {
  const Scratch folder;
  std::string tensors = "{", metadata = "{\"__metadata__\":{", empty = "[";
  for (int i = 0; i < 200'000; ++i) {
    const std::string name = std::to_string(i);
    tensors += (i ? ",\"" : "\"") + name + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
    metadata += (i ? ",\"" : "\"") + name + R"(":"x")";
    empty += i ? ",{}" : "{}";
  }
  const TensorFile many = read_tensor_file(folder.file("many", file_of(tensors + "}", "")));
  EXPECT_EQ(many.tensors.size(), 200'000u);
  write_tensor_file(folder / "again", many);
  EXPECT_EQ(read_tensor_file(folder / "again").tensors.size(), 200'000u);
  EXPECT_EQ(read_tensor_file(folder.file("metadata", file_of(metadata + "}}", ""))).metadata.size(),
            200'000u);
  EXPECT_THROW(read_tensor_file(folder.file("empty", file_of(empty + "]", ""))), ModelError);
}

TEST(TensorFile, AHashInTheMetadataIsThatOfTheContent) {
  const Scratch folder;
  TensorFile content;
  const float values[] = {1.0f, 2.0f};
  content.tensors["Z"] = Tensor::of({2}, values);  // before "__metadata__" in the order of bytes
  content.tensors["z"] = Tensor::of({1}, values);
  content.metadata["config"] = "seed = 7";
  write_tensor_file(folder / "plain", content);
  write_hashed_file(folder / "hashed", content);
  const TensorFile read = read_tensor_file(folder / "hashed");
  // The hash is the SHA-256 of the file without the entry, so anybody can compute it.
  EXPECT_EQ(read.metadata.at(content_hash_key), sha256(read_text(folder / "plain")));
  EXPECT_NO_THROW(require_content_hash("f", read));
  EXPECT_THROW(require_content_hash("f", content), ModelError);
  const auto refused = [&](auto change) {
    TensorFile changed = read;
    change(changed);
    write_tensor_file(folder / "changed", changed);
    EXPECT_THROW(read_tensor_file(folder / "changed"), ModelError);
  };
  refused([](TensorFile& c) { c.metadata["config"] = "seed = 8"; });
  refused([](TensorFile& c) { c.metadata["more"] = ""; });
  refused([](TensorFile& c) { c.tensors.erase("z"); });
  refused([](TensorFile& c) { c.tensors["z"].shape = {1, 1}; });
  refused([](TensorFile& c) { c.tensors["z"].bytes[0] = std::byte{1}; });
  refused([](TensorFile& c) { std::swap(c.tensors["z"], c.tensors["Z"]); });
}

TEST(WriteFile, KeepsTheOldContentWhenTheDiskIsFull) {
  const Scratch folder;
  write_file(folder / "a", std::string("old"));
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file(folder / "a", std::string(100000, 'x'));
    } catch (const ResourceError& error) {
      _exit(std::string(error.what()).find((folder / "a").string()) == 0 ? 0 : 2);
    }
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(read_text(folder / "a"), "old");
  EXPECT_EQ(folder.entries(), 1u);
  EXPECT_THROW(write_file(folder / "no" / "folder", std::string("x")), ResourceError);
}

}  // namespace
}  // namespace shoal
