// See tune.h. Project folder: the nearest folder above the program that holds python/retort_tune.
#include "retort/cli/tune.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/cli/result.h"
#include "retort/recipe/tune_config.h"

namespace retort::cli {
namespace {

bool is_flag_of(FieldList& list, std::string_view word) {
  const std::string_view name = word.substr(2, word.find('=') == word.npos ? word.npos : word.find('=') - 2);
  if (name == "config" || list.find(name) != nullptr) return true;
  for (const AcceptedFlag& flag : list.accepted())
    if (flag.name == name) return true;
  return (name.starts_with("no_") || name.starts_with("no-")) && list.find(name.substr(3)) != nullptr;
}

fs::path find_project() {
  const fs::path program = fs::read_symlink("/proc/self/exe");
  for (fs::path folder = program.parent_path(); folder != folder.root_path(); folder = folder.parent_path())
    if (fs::exists(folder / "python" / "retort_tune" / "__main__.py")) return folder;
  throw UserError(
      "`{}` must lie in a folder of the project, beside python/retort_tune, but does not; call the program "
      "where `make build` puts it",
      program.string());
}

// The interpreter of the environment that `make setup-tune` makes; its stamp is written after the last package.
fs::path find_python(const fs::path& project) {
  if (const char* const chosen = std::getenv("RETORT_TUNE_PYTHON"); chosen != nullptr && *chosen != '\0') return chosen;
  const fs::path environment = project / ".venv-tune";
  std::error_code ignored;
  if (!fs::exists(environment / ".installed-tune", ignored))
    throw UserError(
        "`{}` must hold the Python packages of `retort tune`, but does not; `make setup-tune` installs them",
        environment.string());
  return environment / "bin" / "python";
}

void add_to_python_path(const fs::path& folder) {
  const char* const before = std::getenv("PYTHONPATH");
  const std::string path = before == nullptr || *before == '\0' ? "" : fmt::format(":{}", before);
  ::setenv("PYTHONPATH", (folder.string() + path).c_str(), 1);
}

}  // namespace

std::pair<std::vector<std::string>, std::vector<std::string>> split_flags(FieldList& list,
                                                                          const std::vector<std::string>& words) {
  std::vector<std::string> ours, others;
  bool is_ours = true;
  for (const std::string& word : words) {
    if (word.starts_with("--")) is_ours = is_flag_of(list, word);
    (is_ours ? ours : others).push_back(word);
  }
  return {ours, others};
}

int run_tune(const std::vector<std::string>& arguments) {
  recipe::TuneConfig config;
  FieldList list;
  config.fields(list);
  const auto [ours, others] = split_flags(list, arguments);
  parse_flags(list, ours);
  const fs::path project = find_project(), python = find_python(project);
  add_to_python_path(project / "python");
  ::setenv("RETORT_PROGRAM", fs::read_symlink("/proc/self/exe").c_str(), 1);
  ::setenv("PYTHONDONTWRITEBYTECODE", "1", 0);
  std::vector<std::string> words{python.string(), "-m", "retort_tune", fields_to_json(list).dump()};
  words.insert(words.end(), others.begin(), others.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  flush_standard_output();
  ::execv(python.c_str(), pointers.data());
  throw UserError("`{}` must be an executable Python, but is not: {}; `make setup-tune` makes it", python.string(),
                  std::strerror(errno));
}

}  // namespace retort::cli
