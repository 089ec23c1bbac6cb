// SPDX-License-Identifier: Apache-2.0
// Preprocessing in the metadata of a model (JSON), applied to a table.
#include <shoal/error.hpp>

#include "fuzz/table_use.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal;
  static const std::string path =
      fuzz::write("table.csv",
                  "id,t,x,c,y\n"
                  "a,2020-01-01,1.5,u,1\na,2020-01-02,2.5,v,2\na,2020-01-03,0.5,u,3\n"
                  "b,2020-01-01,1,w,1\nb,2020-01-02,2,v,2\n");
  fuzz::allow({fuzz::model}, [&] {
    const Preprocessing read = preprocessing_from_json({reinterpret_cast<const char*>(data), size});
    const std::string text = to_json(read);
    fuzz::require(to_json(preprocessing_from_json(text)) == text, "preprocessing that does not read back");
    fuzz::allow({fuzz::usage, fuzz::data, fuzz::model}, [&] {
      TableOptions options = read.options;
      options.path = path;
      for (const TargetType target : {TargetType::real, TargetType::label})
        fuzz::use_source(
            *make_table_source(options, read, target, TargetsNeeded::in_support, Phases::all_test, 7));
    });
  });
  return 0;
}
