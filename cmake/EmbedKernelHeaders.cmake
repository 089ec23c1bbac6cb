# SPDX-License-Identifier: Apache-2.0
# Writes a .cpp with the text of headers, and of every header that they include from kernels/ or include/, under the names by which they
# are included (src/cuda/compiled/embedded_headers.hpp declares what it defines). Other includes, of the standard library or of the tests,
# are left to the compiler that reads the texts. The build runs this as a script, again whenever one of the files changes:
#
#   cmake -D ROOT=FOLDER -D "HEADERS=kernels/math/lanes.hpp|..." -D "FLAGS=-std=c++20|..." -D OUTPUT=FILE.cpp -D DEPFILE=FILE.d -P THIS
cmake_minimum_required(VERSION 3.25)
string(REPLACE "|" ";" waiting "${HEADERS}")
string(REPLACE "|" ";" flags "${FLAGS}")

set(known ${waiting})
set(files "")
set(entries "")
while(waiting)
  list(POP_FRONT waiting name)
  set(file ${ROOT}/${name})
  if(name MATCHES "^shoal/")
    set(file ${ROOT}/include/${name})
  endif()
  if(NOT EXISTS ${file})
    message(FATAL_ERROR "a kernel header includes ${name}, and there is no ${file}")
  endif()
  file(READ ${file} text)
  if(text MATCHES "\\)shoal\"")
    message(FATAL_ERROR "${file} contains the end of a raw string, )shoal\"")
  endif()
  list(APPEND files ${file})
  string(APPEND entries "    {\"${name}\", R\"shoal(${text})shoal\"},\n")
  string(REGEX MATCHALL "\n[ \t]*#[ \t]*include[ \t]*[<\"](kernels|shoal)/[^>\"]+" includes "${text}")
  foreach(include IN LISTS includes)
    string(REGEX REPLACE "^.*[<\"]" "" included "${include}")
    if(NOT included IN_LIST known)
      list(APPEND known ${included})
      list(APPEND waiting ${included})
    endif()
  endforeach()
endwhile()

list(JOIN flags "\", \"" flags)
file(WRITE ${OUTPUT} "// Written by cmake/EmbedKernelHeaders.cmake.
#include \"cuda/compiled/embedded_headers.hpp\"

namespace shoal::cuda {
namespace {

constexpr EmbeddedHeader headers[] = {
${entries}};
constexpr const char* flags[] = {\"${flags}\"};

}  // namespace

std::span<const EmbeddedHeader> embedded_headers() {
  return headers;
}
std::span<const char* const> kernel_flags() {
  return flags;
}

}  // namespace shoal::cuda
")
list(JOIN files "\n" files)
string(REPLACE " " "\\ " dependencies "${OUTPUT}:\n${files}")
string(REPLACE "\n" " \\\n  " dependencies "${dependencies}")
file(WRITE ${DEPFILE} "${dependencies}\n")
