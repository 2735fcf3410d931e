#include "retort/pretrained/input_files.h"

#include <algorithm>
#include <array>

#include "retort/base/error.h"
#include "retort/base/output_path.h"
#include "retort/pretrained/hub_folder.h"

namespace retort::pretrained {
namespace {

// The files that training and evaluation write into their folder.
constexpr std::array kWritten = {
    "config.json",           "model.safetensors",       "vocab.txt",          "tokenizer.json",
    "tokenizer_config.json", "special_tokens_map.json", "README.md",          "project.safetensors",
    "results.json",          "train_log.jsonl",         "retort_config.json", "eval_config.json",
    "predictions.json",      "nbest_predictions.json",  "null_odds.json",     "DONE"};

NamedInputs inputs_of(const Json& settings, std::initializer_list<const char*> flags) {
  NamedInputs inputs;
  for (const char* flag : flags)
    if (const auto found = settings.find(flag); found != settings.end() && found->is_string())
      inputs.emplace_back(flag, found->get<std::string>());
  return inputs;
}

bool lies_below(const fs::path& path, const fs::path& folder) {
  std::error_code failure;
  const fs::path relative = fs::weakly_canonical(path, failure).lexically_relative(fs::weakly_canonical(folder));
  if (failure || relative.empty() || *relative.begin() == "..") return false;
  const std::string first = relative.begin()->string();
  return first == "previous_run" || first == "runs" || first.starts_with("checkpoint-");
}

}  // namespace

fs::path maybe_model_folder(const std::string& model) {
  if (model.starts_with("preset:")) return {};
  std::error_code failure;
  if (fs::exists(model, failure)) return model;
  try {
    return resolve_model_folder(model);
  } catch (const UserError&) {
    return {};
  }
}

void check_does_not_overwrite_inputs(const fs::path& output_dir, const Json& settings) {
  const NamedInputs inputs = inputs_of(settings, {"train_file", "dev_file", "data_file", "eval_file", "token_counts",
                                                  "config_file", "vocab_file", "data_dir"});
  for (const char* name : kWritten) check_is_no_input("output_dir", output_dir / name, inputs);
}

void check_does_not_move_inputs(const fs::path& output_dir, const Json& settings) {
  for (const auto& [flag, path] :
       inputs_of(settings, {"model", "teacher", "train_file", "dev_file", "data_file", "eval_file", "token_counts",
                            "config_file", "vocab_file", "data_dir"}))
    if (!path.empty() && fs::exists(path) && lies_below(path, output_dir))
      throw UserError(
          "`{}` must be outside of the files that --overwrite_output_dir renames in `{}`, but is `{}`; choose another "
          "--output_dir",
          flag, output_dir.string(), path.string());
}

}  // namespace retort::pretrained
