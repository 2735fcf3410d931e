#include "retort/recipe/output_check.h"

#include "retort/base/error.h"
#include "retort/recipe/model_folder.h"

namespace retort::recipe {

bool is_same_file(const fs::path& a, const fs::path& b) {
  if (a.empty() || b.empty()) return false;
  std::error_code failure;
  if (fs::equivalent(a, b, failure)) return true;
  const fs::path first = fs::weakly_canonical(a, failure);
  return !failure && first == fs::weakly_canonical(b, failure) && !failure;
}

std::vector<fs::path> files_of_model(const std::string& model) {
  if (model.empty() || model.starts_with("preset:")) return {};
  std::error_code failure;
  if (fs::is_regular_file(model, failure)) return {model};
  std::vector<fs::path> files;
  try {
    for (const fs::directory_entry& entry : fs::directory_iterator(resolve_model_folder(model), failure))
      files.push_back(entry.path());
  } catch (const UserError&) {  // it is not there
  }
  return files;
}

void check_is_not_input(const std::string& flag, const fs::path& output, const std::vector<fs::path>& inputs) {
  for (const fs::path& input : inputs)
    if (is_same_file(output, input))
      throw UserError("`{}` must be another file than the one that is read, but `{}` is `{}`; name another file", flag,
                      output.string(), input.string());
}

}  // namespace retort::recipe
