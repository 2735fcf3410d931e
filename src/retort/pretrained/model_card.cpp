#include "retort/pretrained/model_card.h"

#include <fmt/format.h>

#include "retort/pretrained/projection_file.h"

namespace retort::pretrained {

namespace {

// Counts parameters without the projection, which is not part of the model.
int64_t own_parameter_count(const model::Model& model) {
  int64_t count = 0;
  for (const auto& slice : model.parameters().slices())
    if (!is_projection_parameter(slice)) count += slice.element_count;
  return count;
}

}  // namespace

void save_model_card(const fs::path& folder, const model::Model& model, const std::string& task, const Json& settings,
                     const Json& scores) {
  const auto table = [](const Json& values) {
    std::string text = "| | |\n|---|---|\n";
    for (const auto& [key, value] : values.items())
      if (!value.is_structured())
        text += fmt::format("| {} | {} |\n", key, value.is_string() ? value.get<std::string>() : value.dump());
    return text;
  };
  const std::string architecture = model::architecture_name(model.config().family, model.head());
  std::string card =
      fmt::format("---\nlibrary_name: transformers\ntags:\n- {}\n---\n\n# {} for {}\n\n",
                  model.config().family == model::Family::kBert ? "bert" : "distilbert", architecture, task);
  card += fmt::format(
      "{} parameters, {} layers, hidden size {}, {} heads. Trained with retort; loads with `transformers`.\n\n## "
      "Scores\n\n{}\n## Settings\n\n{}",
      own_parameter_count(model), model.config().num_hidden_layers, model.config().hidden_size,
      model.config().num_attention_heads, table(scores), table(settings));
  write_file_atomically(folder / "README.md", card);
}

}  // namespace retort::pretrained
