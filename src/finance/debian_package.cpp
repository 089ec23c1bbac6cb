// SPDX-License-Identifier: Apache-2.0
#include "finance/debian_package.hpp"

#include <optional>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/input_file.hpp>

#include "finance/child_process.hpp"
#include "finance/file_checks.hpp"
#include "finance/frame_programs.hpp"

namespace shoal::finance {
namespace {

constexpr std::string_view index_ending = ".rdx";  // of the file that says where in an .rdb an object lies

/// The package's own size and hash; those of a package that is built for each architecture are not known.
void check_package(const DatasetInfo& info, const std::filesystem::path& package) {
  if (!std::filesystem::exists(package)) throw ResourceError(package.string() + ": no such file");
  if (info.package_bytes == 0) return;
  check_bytes(package, info.package, info.package_bytes);
  check_hash(package, info.package, info.package_sha256);
}

void unpack(const DatasetInfo& info, const std::filesystem::path& package, const std::string& python,
            const std::filesystem::path& folder) {
  const std::string member(info.member);
  std::vector<std::string> arguments = {"-c", unpack_debian, std::filesystem::absolute(package).string(),
                                        folder.string(), member};
  if (member.ends_with(".rdb"))
    arguments.push_back(member.substr(0, member.size() - index_ending.size()) + std::string(index_ending));
  const ChildResult child = run_python(python, arguments, folder);
  if (child.exit_code != 0)
    throw DataError("cannot unpack " + member + " from " + package.string() + " with " + python +
                    " (exit code " + std::to_string(child.exit_code) + "): " + last_words(child.output));
}

/// The result of a program; nothing when it cannot be started.
std::optional<ChildResult> run_if_there(const std::vector<std::string>& arguments,
                                        const std::filesystem::path& folder) {
  try {
    return run_program(arguments, folder);
  } catch (const ResourceError&) {
    return std::nullopt;
  }
}

void convert(const DatasetInfo& info, const std::string& python, const std::filesystem::path& csv,
             const std::filesystem::path& folder) {
  constexpr int without_rdata = 3;
  const std::vector<std::string> what = {folder.string(), std::string(info.member), std::string(info.object),
                                         std::string(info.row_names), csv.string()};
  const auto run = [&](std::vector<std::string> program) -> bool {
    program.insert(program.end(), what.begin(), what.end());
    const auto child = run_if_there(program, folder);
    if (!child || child->exit_code == without_rdata) return false;
    if (child->exit_code != 0)
      throw ResourceError("cannot convert " + std::string(info.object) + " with " + program[0] +
                          " (exit code " + std::to_string(child->exit_code) +
                          "): " + last_words(child->output));
    return true;
  };
  // Debian's modules belong to Debian's python3, whatever comes first in PATH.
  for (const std::string& interpreter : {python, std::string("/usr/bin/python3")})
    if (run({interpreter, "-I", "-c", frame_to_csv_python})) return;
  if (run({"Rscript", "--vanilla", "-e", frame_to_csv_r})) return;
  throw ResourceError("cannot convert " + std::string(info.object) +
                      ": neither python3-rdata nor R is there (apt-get install python3-rdata)");
}

}  // namespace

std::filesystem::path download_debian(const DatasetInfo& info, const std::filesystem::path& folder) {
  const std::string wanted = std::string(info.package) + "=" + std::string(info.version);
  const ChildResult apt = run_program({"apt-get", "--quiet", "download", wanted}, folder);
  if (apt.exit_code != 0)
    throw ResourceError("cannot download " + wanted + " with apt-get (exit code " +
                        std::to_string(apt.exit_code) + "): " + last_words(apt.output) +
                        "; --package takes a file that is already downloaded");
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".deb") return entry.path();
  throw ResourceError("apt-get did not download a package for " + wanted);
}

std::string convert_frame(const DatasetInfo& info, const std::filesystem::path& package,
                          const std::string& python, const std::filesystem::path& folder) {
  check_package(info, package);
  unpack(info, package, python, folder);
  const std::filesystem::path member = folder / std::filesystem::path(info.member).filename();
  check_bytes(member, info.member, info.member_bytes);
  check_hash(member, info.member, info.member_sha256);
  const std::filesystem::path csv = folder / "frame.csv";
  convert(info, python, csv, folder);
  check_hash(csv, std::string(info.object) + " as CSV", info.content_sha256);
  return read_file<ResourceError>(csv);
}

}  // namespace shoal::finance
