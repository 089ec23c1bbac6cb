// SPDX-License-Identifier: Apache-2.0
#include "finance/child_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <system_error>

#include <shoal/error.hpp>

namespace shoal::finance {
namespace {

constexpr std::size_t kept_output = 64 * 1024;

std::string reason(int error) {
  return std::generic_category().message(error);
}

// Owns both ends of a pipe.
class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_, O_CLOEXEC) != 0) throw ResourceError("cannot make a pipe: " + reason(errno));
  }
  ~Pipe() {
    close_writer();
    ::close(ends_[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void close_writer() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  int ends_[2] = {-1, -1};
};

// Prepares the child process for posix_spawn: its folder, an empty standard input, and both outputs into the
// pipe.
class SpawnActions {
 public:
  SpawnActions(const std::filesystem::path& folder, int output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
  }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

std::string read_all(int descriptor) {
  std::string output;
  char buffer[4096];
  while (true) {
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return output;
    output.append(buffer, static_cast<std::size_t>(count));
    if (output.size() > 2 * kept_output) output.erase(0, output.size() - kept_output);
  }
}

}  // namespace

ChildResult run_program(const std::vector<std::string>& arguments, const std::filesystem::path& folder) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  Pipe pipe;
  const SpawnActions actions(folder, pipe.writer());
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, argv[0], actions.get(), nullptr, argv.data(), environ);
  if (error != 0) throw ResourceError("cannot run " + arguments[0] + ": " + reason(error));
  pipe.close_writer();

  ChildResult result;
  result.output = read_all(pipe.reader());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw ResourceError("cannot wait for " + arguments[0] + ": " + reason(errno));
  }
  result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}

ChildResult run_python(const std::string& python, const std::vector<std::string>& arguments,
                       const std::filesystem::path& folder) {
  // a relative path of the interpreter is relative to the caller's folder, not to `folder`
  const bool has_folder = python.find('/') != std::string::npos;
  std::vector<std::string> all = {has_folder ? std::filesystem::absolute(python).string() : python, "-I"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run_program(all, folder);
}

std::string last_words(const std::string& output, int lines) {
  std::string words;
  std::size_t end = output.size();
  while (lines > 0 && end > 0) {
    const std::size_t newline = output.rfind('\n', end - 1);
    const std::size_t begin = newline == std::string::npos ? 0 : newline + 1;
    if (end > begin) {
      const std::string line = output.substr(begin, end - begin);
      words = words.empty() ? line : line + " | " + words;
      --lines;
    }
    end = newline == std::string::npos ? 0 : newline;
  }
  return words;
}

}  // namespace shoal::finance
