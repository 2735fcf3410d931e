#include "retort/base/path_names.h"

#include <cctype>
#include <functional>
#include <map>
#include <mutex>

namespace retort {
namespace {

std::mutex mutex;
// Longer paths first: a folder below another named one has its own name.
std::map<std::string, std::string, std::greater<>>& path_names() {
  static std::map<std::string, std::string, std::greater<>> names;
  return names;
}

// Whether the last component of a path ends at this place of the text.
bool ends_name(const std::string& text, size_t at) {
  return at == text.size() ||
         (std::isalnum(static_cast<unsigned char>(text[at])) == 0 && text[at] != '_' && text[at] != '-');
}

}  // namespace

void name_path(const std::string& path, const std::string& name) {
  const std::scoped_lock lock(mutex);
  path_names()[path] = name;
}

void forget_path_names() {
  const std::scoped_lock lock(mutex);
  path_names().clear();
}

std::string with_path_names(std::string text) {
  const std::scoped_lock lock(mutex);
  for (const auto& [path, name] : path_names()) {
    for (size_t at = text.find(path); at != std::string::npos; at = text.find(path, at + 1))
      if (ends_name(text, at + path.size())) text.replace(at, path.size(), name);
  }
  return text;
}

Json with_path_names(Json value) {
  if (value.is_string()) return with_path_names(value.get<std::string>());
  if (value.is_structured())
    for (auto& item : value) item = with_path_names(std::move(item));
  return value;
}

}  // namespace retort
