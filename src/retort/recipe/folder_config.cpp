#include "retort/recipe/folder_config.h"

#include "retort/base/error.h"
#include "retort/base/json.h"
#include "retort/base/log.h"

namespace retort::recipe {

model::ModelConfig read_folder_config(const fs::path& folder) {
  if (fs::exists(folder / "adapter_config.json"))
    throw UserError(
        "`{}` must hold a whole model, but its adapter_config.json says that it holds an adapter; merge it into its "
        "base "
        "model first (merge_and_unload in peft)",
        folder.string());
  for (const char* name : {"config.json", "bert_config.json"})
    if (fs::exists(folder / name))
      return model::config_from_json(read_json_file(folder / name), (folder / name).string());
  throw UserError("`{}` must be a model folder with config.json, but has none", folder.string());
}

model::Head head_of_config(const model::ModelConfig& config) {
  const auto architectures = config.original.find("architectures");
  const bool is_named = architectures != config.original.end() && architectures->is_array() &&
                        !architectures->empty() && architectures->front().is_string();
  if (!is_named) return model::Head::kNone;
  const auto name = architectures->front().get<std::string>();
  const auto head = model::head_of_architecture(name);
  if (!head)
    log_info("{}: `architectures` names {}, whose head is not known here: it is left out", config.subject(), name);
  return head.value_or(model::Head::kNone);
}

}  // namespace retort::recipe
