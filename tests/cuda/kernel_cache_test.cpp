// SPDX-License-Identifier: Apache-2.0
// The cache of compiled kernels on disk: what it keeps, what it does not trust, and that nothing that goes
// wrong with it is an error.
// Covers private_folder.
#include "cuda/compiled/kernel_cache.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "support/scratch.hpp"

namespace shoal::testing {
namespace {

namespace fs = std::filesystem;
using cuda::CompiledKernel;
using cuda::KernelCache;

const std::string key_a(64, 'a'), key_b(64, 'b'), key_c(64, 'c');
const CompiledKernel kernel{"_Z6kernelPf",
                            std::string("\x7f"
                                        "ELF\0code",
                                        9),
                            ".version 9.0\n.target sm_90\n"};

class KernelCacheTest : public ::testing::Test {
 protected:
  fs::path folder() const { return top_ / "shoal/kernels"; }
  KernelCache cache(std::int64_t bound = KernelCache::default_bound) const {
    return KernelCache(folder(), bound);
  }
  fs::path entry(const std::string& key) const { return folder() / (key + ".kernel"); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& file : fs::directory_iterator(folder())) names.push_back(file.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  /// The cache takes nothing from its folder and adds nothing, and says why.
  void expect_refused(const KernelCache& cache, const std::string& reason) const {
    EXPECT_NE(cache.problem().find(reason), std::string::npos) << cache.problem();
    EXPECT_EQ(cache.description(), "not used: " + cache.problem());
    EXPECT_FALSE(cache.load(key_a));
    cache.store(key_b, kernel);
    EXPECT_FALSE(cache.load(key_b));
  }

  Scratch top_;
};

std::string bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}
void write(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}
mode_t mode_of(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

TEST_F(KernelCacheTest, KeepsKernelsInAFolderOfTheUserAlone) {
  const mode_t before = ::umask(0);
  EXPECT_FALSE(cache().load(key_a));
  EXPECT_EQ(cache().problem(), "");
  EXPECT_EQ(cache().description(), folder().string() + " (made when it is needed)");
  EXPECT_FALSE(fs::exists(folder())) << "reading makes no folder";
  cache().store(key_a, kernel);
  ::umask(before);
  EXPECT_EQ(mode_of(folder()), 0700u);
  EXPECT_EQ(mode_of(folder().parent_path()), 0700u);
  EXPECT_EQ(mode_of(entry(key_a)), 0600u);
  EXPECT_EQ(cache().load(key_a), kernel);
  EXPECT_FALSE(cache().load(key_b));
  EXPECT_EQ(cache().description(), folder().string());
  const CompiledKernel other{"", "", "other"};
  cache().store(key_a, other);
  EXPECT_EQ(cache().load(key_a), other);
  EXPECT_EQ(files(), std::vector<std::string>{key_a + ".kernel"}) << "no temporary file stays";
}

TEST_F(KernelCacheTest, WithoutAFolderKeepsNothing) {
  const KernelCache none("");
  none.store(key_a, kernel);
  EXPECT_FALSE(none.load(key_a));
  EXPECT_EQ(none.description(), "none");
}

TEST_F(KernelCacheTest, IgnoresWhatIsDamagedAnywhereAndReplacesIt) {
  cache().store(key_a, kernel);
  const std::string good = bytes_of(entry(key_a));
  ASSERT_GT(good.size(), 64u + 64u + kernel.ptx.size());
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 1 << at % 8);
    write(entry(key_a), damaged);
    EXPECT_FALSE(cache().load(key_a)) << "byte " << at;
    write(entry(key_a), good.substr(0, at));
    EXPECT_FALSE(cache().load(key_a)) << "cut at " << at;
  }
  write(entry(key_a), good + '\0');
  EXPECT_FALSE(cache().load(key_a)) << "longer";
  cache().store(key_a, kernel);
  EXPECT_EQ(cache().load(key_a), kernel);
  fs::rename(entry(key_a), entry(key_b));
  EXPECT_FALSE(cache().load(key_b)) << "the entry of another key";
}

TEST_F(KernelCacheTest, RefusesAFolderThatIsALink) {
  cache().store(key_a, kernel);
  const fs::path link = top_ / "link";
  fs::create_directory_symlink(folder(), link);
  for (const std::string& path : {link.string(), link.string() + "/", link.string() + "/."})
    expect_refused(KernelCache(path), link.string() + " is a link");
  EXPECT_EQ(files().size(), 1u);
  // Links above it are the user's own business: a home on another disk.
  fs::create_directory_symlink(folder().parent_path(), top_ / "above");
  EXPECT_EQ(KernelCache(top_ / "above/kernels").load(key_a), kernel);
}

TEST_F(KernelCacheTest, RefusesAFolderThatOthersCanWrite) {
  cache().store(key_a, kernel);
  for (const mode_t mode : {0770u, 0707u, 0777u}) {
    ::chmod(folder().c_str(), mode);
    expect_refused(cache(), "can be written by other users (mode 0" + std::to_string(mode / 64) +
                                std::to_string(mode / 8 % 8) + std::to_string(mode % 8) + ")");
  }
  ::chmod(folder().c_str(), 0755);
  EXPECT_EQ(cache().load(key_a), kernel) << "others may read";
}

TEST_F(KernelCacheTest, RefusesAFolderOfAnotherUser) {
  cache().store(key_a, kernel);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(folder().c_str(), 65534, 65534), 0);
    expect_refused(cache(), folder().string() + " belongs to user 65534, not to 0");
  } else {
    expect_refused(KernelCache("/usr"), "/usr belongs to user 0, not to " + std::to_string(::geteuid()));
  }
}

TEST_F(KernelCacheTest, RefusesWhatIsNoFolder) {
  fs::create_directories(folder().parent_path());
  write(folder(), "a file");
  expect_refused(cache(), folder().string() + ": Not a directory");
  EXPECT_EQ(bytes_of(folder()), "a file");
}

TEST_F(KernelCacheTest, TrustsOnlyRegularFilesOfTheUser) {
  cache().store(key_a, kernel);
  const std::string good = bytes_of(entry(key_a));
  const fs::path elsewhere = top_ / "elsewhere";
  fs::rename(entry(key_a), elsewhere);
  fs::create_symlink(elsewhere, entry(key_a));
  EXPECT_FALSE(cache().load(key_a)) << "a link";
  cache().store(key_a, kernel);
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(entry(key_a)))) << "the link is replaced, not followed";
  EXPECT_EQ(bytes_of(elsewhere), good);
  EXPECT_EQ(cache().load(key_a), kernel);

  ::chmod(entry(key_a).c_str(), 0620);
  EXPECT_FALSE(cache().load(key_a)) << "others may write it";
  ::chmod(entry(key_a).c_str(), 0600);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(entry(key_a).c_str(), 65534, 65534), 0);
    EXPECT_FALSE(cache().load(key_a)) << "of another user";
  }
  ASSERT_EQ(::mkfifo(entry(key_b).c_str(), 0600), 0);
  EXPECT_FALSE(cache().load(key_b)) << "a pipe, and nobody waits for its writer";
  fs::create_directory(entry(key_c));
  EXPECT_FALSE(cache().load(key_c)) << "a folder";
  cache().store(key_c, kernel);
  EXPECT_FALSE(cache().load(key_c));
  EXPECT_EQ(files().size(), 3u) << "the file that could not replace the folder is gone";
}

/// Sets the time of the last change to `seconds` after 1970.
void set_changed(const fs::path& file, std::time_t seconds) {
  const timespec times[] = {{seconds, 0}, {seconds, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
}

TEST_F(KernelCacheTest, RemovesWhatWasNotUsedForTheLongestTime) {
  cache().store(key_a, kernel);
  const auto bytes = static_cast<std::int64_t>(fs::file_size(entry(key_a)));
  cache().store(key_b, kernel);
  const fs::path left = folder() / (key_a + ".4711-1.tmp"), foreign = folder() / "notes.kernel";
  write(left, std::string(10, 'x'));
  write(foreign, std::string(1000, 'x'));
  set_changed(left, 100);
  set_changed(entry(key_a), 200);
  set_changed(entry(key_b), 300);
  const KernelCache small = cache(2 * bytes + 5);
  EXPECT_EQ(small.load(key_a), kernel);  // used now, so key_b is older
  small.store(key_c, kernel);
  EXPECT_TRUE(fs::exists(entry(key_a)));
  EXPECT_FALSE(fs::exists(entry(key_b)));
  EXPECT_TRUE(fs::exists(entry(key_c)));
  EXPECT_FALSE(fs::exists(left)) << "a temporary file that a process left counts too";
  EXPECT_TRUE(fs::exists(foreign)) << "what the cache has not written stays";
  cache(bytes).store(key_b, kernel);
  EXPECT_EQ(files(), (std::vector<std::string>{key_b + ".kernel", "notes.kernel"}));
  cache(bytes - 1).store(key_a, kernel);
  EXPECT_FALSE(cache().load(key_a)) << "an entry beyond the bound is not kept";
  EXPECT_EQ(cache().load(key_b), kernel);
  EXPECT_FALSE(cache(bytes - 1).load(key_b)) << "nor read: its size is not trusted";
}

TEST_F(KernelCacheTest, AFolderThatCannotBeWrittenCostsACompilationOnly) {
  cache().store(key_a, kernel);
  ::chmod(folder().c_str(), 0500);
  if (::geteuid() != 0) {
    cache().store(key_b, kernel);
    EXPECT_FALSE(cache().load(key_b));
  }
  EXPECT_EQ(cache().load(key_a), kernel);
  ::chmod(folder().c_str(), 0700);
  for (const char* path : {"/proc/shoal/kernels", "/dev/null/kernels"}) {
    KernelCache(path).store(key_a, kernel);
    EXPECT_FALSE(KernelCache(path).load(key_a)) << path;
  }
}

TEST_F(KernelCacheTest, AFullDiskCostsACompilationOnly) {
  cache().store(key_a, kernel);
  const auto bytes = fs::file_size(entry(key_a));
  const pid_t child = ::fork();
  if (child == 0) {  // files may not become longer than an entry without its last byte
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes - 1, bytes - 1};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    cache().store(key_b, kernel);
    cache().store(key_a, kernel);
    ::_exit(cache().load(key_b) ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(cache().load(key_a), kernel) << "the entry from before stays whole";
  EXPECT_EQ(files(), std::vector<std::string>{key_a + ".kernel"});
}

TEST_F(KernelCacheTest, WritersOfOneEntryAllSucceed) {
  CompiledKernel large = kernel;
  large.machine_code.assign(100'000, 'm');
  const auto write_often = [&] {
    int whole = 0;
    for (int i = 0; i < 20; ++i) {
      cache().store(key_a, large);
      whole += cache().load(key_a) == large;
    }
    return whole == 20;
  };
  std::vector<pid_t> children;
  for (int i = 0; i < 2; ++i) {
    children.push_back(::fork());
    if (children.back() == 0) ::_exit(write_often() ? 0 : 1);
  }
  bool first = false, second = false;
  {
    std::thread other([&] { first = write_often(); });
    second = write_often();
    other.join();
  }
  EXPECT_TRUE(first && second) << "threads";
  for (const pid_t child : children) {
    int status = 1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0) << "processes";
  }
  EXPECT_EQ(files(), std::vector<std::string>{key_a + ".kernel"});
}

}  // namespace
}  // namespace shoal::testing
