#include "retort/pretrained/folder_config.h"

#include "retort/base/error.h"
#include "retort/base/json.h"
#include "retort/model/config_reader.h"
#include "retort/pretrained/hub_folder.h"

namespace retort::pretrained {

model::ModelConfig read_folder_config(const fs::path& folder) {
  if (fs::exists(folder / "adapter_config.json"))
    throw UserError(
        "`{}` must hold a whole model, but its adapter_config.json says that it holds an adapter; merge it into its "
        "base model first (merge_and_unload in peft)",
        folder.string());
  for (const char* name : {"config.json", "bert_config.json"})
    if (fs::exists(folder / name))
      return model::config_from_json(read_json_file(folder / name), (folder / name).string());
  throw UserError("`{}` must be a model folder with config.json, but has none", folder.string());
}

model::ModelConfig read_named_config(const std::string& name) {
  if (!fs::is_regular_file(name)) return read_folder_config(resolve_model_folder(name));
  return model::config_from_json(read_json_file(name), name);
}

std::string architecture_of_config(const model::ModelConfig& config) {
  const auto names = config.original.find("architectures");
  const bool is_named =
      names != config.original.end() && names->is_array() && !names->empty() && names->front().is_string();
  return is_named ? names->front().get<std::string>() : "";
}

model::Head head_of_config(const model::ModelConfig& config) {
  return model::head_of_architecture(architecture_of_config(config)).value_or(model::Head::kNone);
}

}  // namespace retort::pretrained
