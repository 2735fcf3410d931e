#include "retort/base/output_path.h"

#include "retort/base/error.h"
#include "retort/base/folder.h"

namespace retort {
namespace {

bool is_same_file(const fs::path& a, const fs::path& b) {
  std::error_code failure;
  if (fs::equivalent(a, b, failure) && !failure) return !fs::is_character_file(a, failure);
  return false;
}

bool is_same_path(const fs::path& a, const fs::path& b) {
  std::error_code first, second;
  const fs::path full_a = fs::weakly_canonical(a, first), full_b = fs::weakly_canonical(b, second);
  return !first && !second && full_a == full_b && !fs::exists(a, first);
}

bool is_of_input(const fs::path& output, const fs::path& input) {
  if (is_same_file(output, input) || is_same_path(output, input)) return true;
  std::error_code failure;
  if (!fs::is_directory(input, failure) || !fs::exists(output, failure)) return false;
  for (fs::directory_iterator entry(input, failure), end; !failure && entry != end; entry.increment(failure))
    if (is_same_file(output, entry->path())) return true;
  return false;
}

}  // namespace

fs::path linked_output(const fs::path& path) {
  std::error_code failure;
  if (!fs::is_symlink(path, failure)) return path;
  const fs::file_status target = fs::status(path, failure);
  if (fs::exists(target) && !fs::is_regular_file(target)) return path;
  // Follows one link at a time, because a dangling link is no error here.
  constexpr int kMostLinks = 40;
  fs::path followed = path;
  for (int links = 0; links < kMostLinks && fs::is_symlink(followed, failure); ++links) {
    const fs::path next = fs::read_symlink(followed, failure);
    if (failure) return path;
    followed = followed.parent_path() / next;
  }
  return fs::is_symlink(followed, failure) ? path : followed;
}

void make_output_folder(const fs::path& output) {
  const fs::path folder = output.parent_path();
  if (!folder.empty() && !fs::exists(folder)) make_folder(folder);
}

void check_is_no_input(const std::string& output_flag, const fs::path& output, const NamedInputs& inputs) {
  if (output.empty()) return;
  for (const auto& [flag, input] : inputs)
    if (!input.empty() && is_of_input(output, input))
      throw UserError("`{}` must be another file than `{}`, which is read, but `{}` is in the way; name another file",
                      output_flag, flag, output.string());
}

}  // namespace retort
