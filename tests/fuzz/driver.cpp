// SPDX-License-Identifier: Apache-2.0
// A main() for the targets of this folder, in place of libFuzzer's.
//
//   fuzz_TARGET SEEDS DICTIONARY [runs=N] [minutes=M] [key=K] [keep=FOLDER]
//   fuzz_TARGET FILE...                  runs these inputs, in this process
//
// Inputs run in a child process. If something ends the child (a sanitizer, an abort, a signal, a time limit),
// that is a finding: the input is written to a file, its path is printed, and another child continues with
// the next input. The exit code is 1 if there were findings.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <stdexcept>

#include "fuzz/fuzz_input.hpp"
#include "fuzz/mutation.hpp"
#include "support/scratch.hpp"

#if defined(__SANITIZE_ADDRESS__)
// Inputs are small, so a reader that allocates more than this has believed a number in the input.
extern "C" const char* __asan_default_options() {
  return "max_allocation_size_mb=256:handle_abort=0";
}
#endif

namespace shoal::fuzz {
namespace {

namespace fs = std::filesystem;
constexpr int most_findings = 10;
constexpr int most_seconds_of_an_input = 30;  // of the processor
constexpr int most_seconds_of_waiting = 600;  // of wall-clock time, for an input that sleeps

struct Options {
  fs::path seeds, dictionary;
  fs::path keep = ".";
  std::uint64_t runs = 10000, key = 1;
  double minutes = 0.0;  ///< of processor time; 0 = only the number of runs is limited
};

Options options_of(int argc, char** argv) {
  Options options;
  options.seeds = argv[1];
  options.dictionary = argv[2];
  for (int i = 3; i < argc; ++i) {
    const std::string word = argv[i], value = word.substr(word.find('=') + 1);
    if (word.starts_with("runs="))
      options.runs = std::stoull(value);
    else if (word.starts_with("minutes="))
      options.minutes = std::stod(value), options.runs = UINT64_MAX;
    else if (word.starts_with("key="))
      options.key = std::stoull(value);
    else if (word.starts_with("keep="))
      options.keep = value;
    else
      throw std::runtime_error("unknown option " + word);
  }
  return options;
}

double processor_minutes(int who) {
  rusage used{};
  ::getrusage(who, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return (seconds(used.ru_utime) + seconds(used.ru_stime)) / 60.0;
}

void run_input(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

/// Runs inputs from `at` on, until the runs or the minutes are used up.
void run_inputs(const Options& options, const Corpus& corpus, double minutes_left,
                std::atomic<std::uint64_t>& at) {
  for (; at < options.runs; ++at) {
    if (options.minutes > 0.0 && at % 64 == 0 && processor_minutes(RUSAGE_SELF) > minutes_left) return;
    const itimerval by_processor{{0, 0}, {most_seconds_of_an_input, 0}},
        by_clock{{0, 0}, {most_seconds_of_waiting, 0}};
    ::setitimer(ITIMER_PROF, &by_processor, nullptr);
    ::setitimer(ITIMER_REAL, &by_clock, nullptr);
    run_input(input_of(corpus, options.key, at));
  }
}

std::string name_of_signal(int status) {
  if (!WIFSIGNALED(status)) return "exit " + std::to_string(WEXITSTATUS(status));
  if (WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGALRM) return "it never ended";
  return ::strsignal(WTERMSIG(status));
}

int fuzz(const Options& options, const std::string& name) {
  const Corpus corpus = read_corpus(options.seeds, options.dictionary);
  // Files are in memory if possible, because inputs are many and some readers sync what they write.
  if (!std::getenv("TMPDIR") && ::access("/dev/shm", W_OK) == 0) ::setenv("TMPDIR", "/dev/shm", 1);
  const testing::Scratch scratch;  // the files of the child, which may die before it removes them
  ::setenv("TMPDIR", scratch.path().c_str(), 1);
  void* const shared = ::mmap(nullptr, sizeof(std::atomic<std::uint64_t>), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw std::runtime_error("no memory to share");
  auto& at = *new (shared) std::atomic<std::uint64_t>(0);
  int findings = 0;
  while (findings < most_findings) {
    const double left = options.minutes - processor_minutes(RUSAGE_CHILDREN);
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
      run_inputs(options, corpus, left, at);
      std::exit(0);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child) throw std::runtime_error("no child process");
    if (status == 0) break;
    ++findings;
    const fs::path file = options.keep / ("finding-" + name + "-" + std::to_string(options.key) + "-" +
                                          std::to_string(at.load()));
    const std::string input = input_of(corpus, options.key, at);
    std::ofstream(file, std::ios::binary).write(input.data(), static_cast<std::streamsize>(input.size()));
    std::printf("%s: %s (%s)\n", name.c_str(), file.c_str(), name_of_signal(status).c_str());
    if (at + 1 >= options.runs) break;
    ++at;
  }
  std::printf("%s: %llu inputs, key %llu, %.1f minutes of the processor, %d findings\n", name.c_str(),
              static_cast<unsigned long long>(at.load()), static_cast<unsigned long long>(options.key),
              processor_minutes(RUSAGE_CHILDREN), findings);
  return findings == 0 ? 0 : 1;
}

int run(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr,
                 "usage: %s SEEDS DICTIONARY [runs=N] [minutes=M] [key=K] [keep=FOLDER], or FILE...\n",
                 argv[0]);
    return 2;
  }
  if (argc > 2 && fs::is_directory(argv[1]))
    return fuzz(options_of(argc, argv), fs::path(argv[0]).filename().string());
  for (int i = 1; i < argc; ++i) run_input(testing::read_text(argv[i]));
  return 0;
}

}  // namespace
}  // namespace shoal::fuzz

int main(int argc, char** argv) {
  try {
    return shoal::fuzz::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 2;
  }
}
