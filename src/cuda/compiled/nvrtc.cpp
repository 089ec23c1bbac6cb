// SPDX-License-Identifier: Apache-2.0
// This file declares the few functions that it needs.
#include "cuda/compiled/nvrtc.hpp"

#include <array>

#include <shoal/error.hpp>

#include "cuda/compiled/compile_options.hpp"
#include "cuda/runtime/toolkit_library.hpp"

namespace shoal::cuda {
namespace {

// Types and constants of version 13, from nvrtc.h:
using Status = int;
using Program = void*;
constexpr Status success = 0;

struct Library {
  const char* (*status_text)(Status status);
  Status (*version)(int* major, int* minor);
  Status (*count_architectures)(int* count);
  Status (*architectures)(int* architectures);
  Status (*create)(Program* program, const char* text, const char* name, int headers,
                   const char* const* texts, const char* const* names);
  Status (*destroy)(Program* program);
  Status (*add_name)(Program program, const char* expression);
  Status (*compile)(Program program, int options, const char* const* option);
  Status (*log_size)(Program program, std::size_t* size);
  Status (*log)(Program program, char* log);
  Status (*lowered_name)(Program program, const char* expression, const char** lowered);
  Status (*cubin_size)(Program program, std::size_t* size);
  Status (*cubin)(Program program, char* cubin);
  Status (*ptx_size)(Program program, std::size_t* size);
  Status (*ptx)(Program program, char* ptx);
};

Library open_library(const std::string& name) {
  const ToolkitLibrary opened(name, "no NVRTC");
  Library library{};
  opened.find(library.status_text, "nvrtcGetErrorString");
  opened.find(library.version, "nvrtcVersion");
  opened.find(library.count_architectures, "nvrtcGetNumSupportedArchs");
  opened.find(library.architectures, "nvrtcGetSupportedArchs");
  opened.find(library.create, "nvrtcCreateProgram");
  opened.find(library.destroy, "nvrtcDestroyProgram");
  opened.find(library.add_name, "nvrtcAddNameExpression");
  opened.find(library.compile, "nvrtcCompileProgram");
  opened.find(library.log_size, "nvrtcGetProgramLogSize");
  opened.find(library.log, "nvrtcGetProgramLog");
  opened.find(library.lowered_name, "nvrtcGetLoweredName");
  opened.find(library.cubin_size, "nvrtcGetCUBINSize");
  opened.find(library.cubin, "nvrtcGetCUBIN");
  opened.find(library.ptx_size, "nvrtcGetPTXSize");
  opened.find(library.ptx, "nvrtcGetPTX");
  return library;
}

void throw_on_error(const Library& library, Status status, const char* what) {
  if (status != success)
    throw ResourceError("NVRTC: " + std::string(what) + ": " + library.status_text(status));
}

/// One translation unit in NVRTC.
class TranslationUnit {
 public:
  TranslationUnit(const Library& library, const KernelSource& source) : library_(library), source_(source) {
    std::vector<const char*> texts, names;
    const auto add = [&](std::span<const EmbeddedHeader> headers) {
      for (const EmbeddedHeader& header : headers) {
        texts.push_back(header.text);
        names.push_back(header.name);
      }
    };
    texts.reserve(embedded_headers().size() + std::size(standard_headers));
    names.reserve(texts.capacity());
    add(standard_headers);
    add(embedded_headers());
    require(library_.create(&program_, source.program.c_str(), "kernel.cu", static_cast<int>(texts.size()),
                            texts.data(), names.data()),
            "nvrtcCreateProgram");
  }
  ~TranslationUnit() { library_.destroy(&program_); }
  TranslationUnit(const TranslationUnit&) = delete;
  TranslationUnit& operator=(const TranslationUnit&) = delete;

  void compile(const std::vector<std::string>& options) {
    std::vector<const char*> pointers;
    pointers.reserve(options.size());
    for (const std::string& option : options) pointers.push_back(option.c_str());
    require(library_.add_name(program_, source_.kernel.c_str()), "nvrtcAddNameExpression");
    const Status status = library_.compile(program_, static_cast<int>(pointers.size()), pointers.data());
    if (status == success) return;
    throw ResourceError("NVRTC: " + source_.title + " does not compile: " + library_.status_text(status) +
                        "\n" + until_zero(bytes(library_.log_size, library_.log, "nvrtcGetProgramLog")));
  }

  CompiledKernel result() const {
    const char* lowered = nullptr;
    require(library_.lowered_name(program_, source_.kernel.c_str(), &lowered), "nvrtcGetLoweredName");
    return {.lowered_name = lowered,
            .machine_code = bytes(library_.cubin_size, library_.cubin, "nvrtcGetCUBIN"),
            .ptx = until_zero(bytes(library_.ptx_size, library_.ptx, "nvrtcGetPTX"))};
  }

 private:
  void require(Status status, const char* what) const { throw_on_error(library_, status, what); }
  std::string bytes(Status (*size_of)(Program, std::size_t*), Status (*copy)(Program, char*),
                    const char* what) const {
    std::size_t size = 0;
    require(size_of(program_, &size), what);
    std::string result(size, '\0');
    require(copy(program_, result.data()), what);
    return result;
  }
  /// NVRTC counts the zero at the end of a text.
  static std::string until_zero(const std::string& text) { return text.substr(0, text.find('\0')); }

  const Library& library_;
  const KernelSource& source_;
  Program program_ = nullptr;
};

class Nvrtc final : public KernelToolchain {
 public:
  explicit Nvrtc(const std::string& name) : library_(open_library(name)) {
    int major = 0, minor = 0, count = 0;
    throw_on_error(library_, library_.version(&major, &minor), "nvrtcVersion");
    version_ = "NVRTC " + std::to_string(major) + "." + std::to_string(minor);
    throw_on_error(library_, library_.count_architectures(&count), "nvrtcGetNumSupportedArchs");
    architectures_.resize(static_cast<std::size_t>(count));
    throw_on_error(library_, library_.architectures(architectures_.data()), "nvrtcGetSupportedArchs");
  }
  std::string name_and_version() const override { return version_; }
  std::vector<int> architectures() const override { return architectures_; }
  CompiledKernel compile(const KernelSource& source, int architecture) const override {
    TranslationUnit unit(library_, source);
    unit.compile(compile_options(architecture));
    return unit.result();
  }

 private:
  const Library library_;
  std::string version_;
  std::vector<int> architectures_;
};

}  // namespace

std::shared_ptr<const KernelToolchain> open_nvrtc(const std::string& library) {
  return std::make_shared<Nvrtc>(library);
}

}  // namespace shoal::cuda
