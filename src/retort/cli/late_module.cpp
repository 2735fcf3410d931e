#include "retort/cli/late_module.h"

#include <dlfcn.h>

#include <filesystem>

#include "retort/base/error.h"

namespace retort::cli {
namespace {

namespace fs = std::filesystem;

// A program that is linked as one piece (sanitizer builds) contains the symbol itself.
void* find_symbol(const LateModule& module) {
  if (void* const symbol = ::dlsym(RTLD_DEFAULT, module.symbol)) return symbol;
  const fs::path file = fs::read_symlink("/proc/self/exe").parent_path() / module.file;
  void* const handle = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL);
  void* const symbol = handle != nullptr ? ::dlsym(handle, module.symbol) : nullptr;
  if (symbol == nullptr)
    throw UserError("`{}` must be the module that was built with this program, but {}; run `make build` again",
                    file.string(), ::dlerror());
  return symbol;
}

}  // namespace

CommandBody load_late_command(const LateModule& module, const char* name) {
  const auto find = reinterpret_cast<decltype(&retort_find_tensor_command)>(find_symbol(module));
  const CommandBody body = find(name);
  RETORT_CHECK(body != nullptr, "the command `{}` has no function", name);
  return body;
}

}  // namespace retort::cli
