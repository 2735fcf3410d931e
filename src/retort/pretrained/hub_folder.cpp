#include "retort/pretrained/hub_folder.h"

#include <cctype>
#include <cstdlib>

#include "retort/base/error.h"
#include "retort/checkpoint/publish_files.h"
#include "retort/checkpoint/run_folder.h"

namespace retort::pretrained {

fs::path resolve_model_folder(const std::string& name) {
  if (fs::is_directory(name)) {
    checkpoint::finish_publication(name);
    return name;
  }
  if (fs::is_regular_file(name)) return fs::path(name).has_parent_path() ? fs::path(name).parent_path() : fs::path(".");
  std::string cache;
  const auto variable = [](const char* key) {
    const char* value = std::getenv(key);
    return std::string(value ? value : "");
  };
  if (!variable("HF_HUB_CACHE").empty())
    cache = variable("HF_HUB_CACHE");
  else if (!variable("HF_HOME").empty())
    cache = variable("HF_HOME") + "/hub";
  else
    cache = variable("HOME") + "/.cache/huggingface/hub";
  std::string folder = "models--" + name;
  for (size_t slash; (slash = folder.find('/')) != std::string::npos;) folder.replace(slash, 1, "--");
  const fs::path root = fs::path(cache) / folder;
  std::error_code ignored;
  if (fs::exists(root / "refs" / "main", ignored)) {
    std::string revision = read_file(root / "refs" / "main");
    while (!revision.empty() && std::isspace(static_cast<unsigned char>(revision.back()))) revision.pop_back();
    if (fs::is_directory(root / "snapshots" / revision, ignored)) return root / "snapshots" / revision;
  }
  throw UserError("`{}` must be a model folder or the name of one in the hub cache, but neither `{}` nor `{}` exists",
                  name, name, root.string());
}

}  // namespace retort::pretrained
