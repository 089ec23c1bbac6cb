// SPDX-License-Identifier: Apache-2.0
// Decompresses gzip and zstd while reading, with zlib and libzstd where the build has found them
// (SHOAL_HAS_ZLIB, SHOAL_HAS_ZSTD). cmake/ShoalCompression.cmake renames their functions, so that they cannot
// clash with a program's own copies.
#include <algorithm>
#include <utility>
#include <vector>

#include <shoal/error.hpp>

#include "data/byte_stream.hpp"

#ifdef SHOAL_HAS_ZLIB
#include <zlib.h>
#endif
#ifdef SHOAL_HAS_ZSTD
#include <zstd.h>
#endif

namespace shoal {
namespace {

#if !defined(SHOAL_HAS_ZLIB) || !defined(SHOAL_HAS_ZSTD)
[[noreturn]] void refuse(const InputFile& file, const char* format, const char* library,
                         const char* by_hand) {
  throw DataError(file.name() + ": is compressed by " + format + ", and this build of Shoal has no " +
                  library + " (CMake: SHOAL_COMPRESSION); decompress it first: " + by_hand);
}
#endif

#if defined(SHOAL_HAS_ZLIB) || defined(SHOAL_HAS_ZSTD)

constexpr std::size_t compressed_bytes = 1 << 17;

/// Reads the compressed bytes of a file piece by piece, and counts them.
class CompressedFile {
 public:
  CompressedFile(std::unique_ptr<InputFile> file, std::string start)
      : file_(std::move(file)), piece_(start.begin(), start.end()), filled_(start.size()) {
    taken_ = filled_;
    piece_.resize(compressed_bytes);
  }

  const char* data() const { return piece_.data() + at_; }
  std::size_t left() const { return filled_ - at_; }
  void use(std::size_t bytes) { at_ += bytes; }
  /// Reads the next piece when the last one is used up; returns false at the end of the file.
  bool fill() {
    if (left() > 0) return true;
    at_ = 0;
    filled_ = file_->read(piece_.data(), piece_.size());
    taken_ += filled_;
    return filled_ > 0;
  }
  void count(std::size_t written) {
    written_ += written;
    limit_.check(shown(), taken_, written_);
  }
  const std::string& shown() const { return file_->name(); }
  [[noreturn]] void fail(const char* format, const std::string& what) const {
    throw DataError(shown() + ": " + format + ": " + what);
  }

 private:
  std::unique_ptr<InputFile> file_;
  std::vector<char> piece_;
  std::size_t at_ = 0, filled_ = 0;
  std::uint64_t taken_ = 0, written_ = 0;
  ExpansionLimit limit_;
};

#endif

#ifdef SHOAL_HAS_ZLIB

class GzipStream final : public ByteStream {
 public:
  GzipStream(std::unique_ptr<InputFile> file, std::string start)
      : compressed_(std::move(file), std::move(start)) {
    constexpr int gzip_alone = 16 + MAX_WBITS;
    if (inflateInit2(&state_, gzip_alone) != Z_OK) throw ResourceError(shown() + ": zlib has no memory");
  }
  ~GzipStream() override { inflateEnd(&state_); }

  // A file may consist of several gzip streams, and may end with zeros.
  std::size_t read(char* to, std::size_t count) override {
    constexpr std::size_t most_at_once = 1 << 30;
    count = std::min(count, most_at_once);
    for (;;) {
      if (!compressed_.fill()) {
        if (inside_) compressed_.fail("gzip", "the file ends inside the compressed data");
        return 0;
      }
      if (!inside_ && padding_ && *compressed_.data() == '\0') {
        compressed_.use(1);
        continue;
      }
      inside_ = true;
      state_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed_.data()));
      state_.avail_in = static_cast<uInt>(compressed_.left());
      state_.next_out = reinterpret_cast<Bytef*>(to);
      state_.avail_out = static_cast<uInt>(count);
      const int result = inflate(&state_, Z_NO_FLUSH);
      compressed_.use(compressed_.left() - state_.avail_in);
      if (result == Z_MEM_ERROR) throw ResourceError(shown() + ": zlib has no memory");
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        compressed_.fail("gzip",
                         std::string("damaged: ") + (state_.msg ? state_.msg : "not what gzip writes"));
      const std::size_t written = count - state_.avail_out;
      compressed_.count(written);
      if (result == Z_STREAM_END) {
        inside_ = false;
        padding_ = true;
        inflateReset(&state_);
      }
      if (written > 0) return written;
    }
  }
  const std::string& shown() const override { return compressed_.shown(); }

 private:
  CompressedFile compressed_;
  z_stream state_{};
  bool inside_ = true;    ///< inside a stream that has not ended
  bool padding_ = false;  ///< after the end of a stream, where zeros may follow
};

#endif

#ifdef SHOAL_HAS_ZSTD

class ZstdStream final : public ByteStream {
 public:
  ZstdStream(std::unique_ptr<InputFile> file, std::string start)
      : compressed_(std::move(file), std::move(start)), state_(ZSTD_createDStream()) {
    if (!state_) throw ResourceError(shown() + ": zstd has no memory");
  }
  ~ZstdStream() override { ZSTD_freeDStream(state_); }

  std::size_t read(char* to, std::size_t count) override {
    for (;;) {
      const bool more = compressed_.fill();
      if (!more && !inside_) return 0;
      ZSTD_inBuffer in{compressed_.data(), compressed_.left(), 0};
      ZSTD_outBuffer out{to, count, 0};
      const std::size_t result = ZSTD_decompressStream(state_, &out, &in);
      if (ZSTD_isError(result))
        compressed_.fail("zstd",
                         std::string("damaged, or beyond what is read: ") + ZSTD_getErrorName(result));
      compressed_.use(in.pos);
      compressed_.count(out.pos);
      inside_ = result != 0;
      if (out.pos > 0) return out.pos;
      if (!more) compressed_.fail("zstd", "the file ends inside the compressed data");
    }
  }
  const std::string& shown() const override { return compressed_.shown(); }

 private:
  CompressedFile compressed_;
  ZSTD_DStream* state_;
  bool inside_ = true;  ///< inside a frame that has not ended
};

#endif

}  // namespace

#ifdef SHOAL_HAS_ZLIB
std::unique_ptr<ByteStream> open_gzip(std::unique_ptr<InputFile> file, std::string start) {
  return std::make_unique<GzipStream>(std::move(file), std::move(start));
}
#else
std::unique_ptr<ByteStream> open_gzip(std::unique_ptr<InputFile> file, std::string) {
  refuse(*file, "gzip", "zlib", "gzip -dk");
}
#endif

#ifdef SHOAL_HAS_ZSTD
std::unique_ptr<ByteStream> open_zstd(std::unique_ptr<InputFile> file, std::string start) {
  return std::make_unique<ZstdStream>(std::move(file), std::move(start));
}
#else
std::unique_ptr<ByteStream> open_zstd(std::unique_ptr<InputFile> file, std::string) {
  refuse(*file, "zstd", "libzstd", "zstd -dk");
}
#endif

}  // namespace shoal
