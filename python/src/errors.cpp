// SPDX-License-Identifier: Apache-2.0
// The library's exceptions as the classes of shoal/errors.py.
#include <new>

#include <shoal/error.hpp>

#include "bindings.hpp"

namespace nb = nanobind;

namespace shoal::python {
namespace {

void raise(const char* name, const char* message) {
  PyErr_SetString(nb::module_::import_("shoal.errors").attr(name).ptr(), message);
}

}  // namespace

void bind_errors(nb::module_&) {
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const InvalidArgument& error) {
      raise("InvalidArgument", error.what());
    } catch (const DataError& error) {
      raise("DataError", error.what());
    } catch (const ModelError& error) {
      raise("ModelError", error.what());
    } catch (const NumericError& error) {
      raise("NumericError", error.what());
    } catch (const ResourceError& error) {
      raise("ResourceError", error.what());
    } catch (const Error& error) {
      raise("Error", error.what());
    } catch (const std::bad_alloc&) {
      raise("ResourceError", "out of memory");
    }
  });
}

}  // namespace shoal::python
