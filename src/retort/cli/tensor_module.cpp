#include "retort/cli/tensor_module.h"

#include <dlfcn.h>

#include <filesystem>

#include "retort/base/error.h"

namespace retort::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSymbol = "retort_find_tensor_command";

// A program that is linked as one piece (sanitizer builds) contains the symbol itself.
void* find_symbol() {
  if (void* const symbol = ::dlsym(RTLD_DEFAULT, kSymbol)) return symbol;
  const fs::path module = fs::read_symlink("/proc/self/exe").parent_path() / "libretort_tensors.so";
  void* const handle = ::dlopen(module.c_str(), RTLD_LAZY | RTLD_LOCAL);
  void* const symbol = handle != nullptr ? ::dlsym(handle, kSymbol) : nullptr;
  if (symbol == nullptr)
    throw UserError("`{}` must be the module that was built with this program, but {}; run `make build` again",
                    module.string(), ::dlerror());
  return symbol;
}

}  // namespace

CommandBody load_tensor_command(const char* name) {
  static const auto find = reinterpret_cast<decltype(&retort_find_tensor_command)>(find_symbol());
  const CommandBody body = find(name);
  RETORT_CHECK(body != nullptr, "the command `{}` has no function", name);
  return body;
}

}  // namespace retort::cli
