#include "retort/model/presets.h"

#include "retort/base/error.h"
#include "retort/base/fields.h"
#include "retort/base/fields_text.h"

namespace retort::model {

namespace {

struct Preset {
  const char* name;
  Family family;
  int64_t layers, hidden, heads, intermediate, vocabulary;
};

constexpr Preset kPresets[] = {
    {"bert-base-uncased", Family::kBert, 12, 768, 12, 3072, 30522},
    {"bert-base-cased", Family::kBert, 12, 768, 12, 3072, 28996},
    {"bert-large-uncased", Family::kBert, 24, 1024, 16, 4096, 30522},
    {"bert-large-cased", Family::kBert, 24, 1024, 16, 4096, 28996},
    {"bert-tiny", Family::kBert, 2, 128, 2, 512, 30522},
    {"bert-mini", Family::kBert, 4, 256, 4, 1024, 30522},
    {"bert-small", Family::kBert, 4, 512, 8, 2048, 30522},
    {"bert-medium", Family::kBert, 8, 512, 8, 2048, 30522},
    {"bert-4l-312d", Family::kBert, 4, 312, 12, 1200, 30528},
    {"bert-4l-288d", Family::kBert, 4, 288, 12, 1152, 30528},
    {"bert-6l-768d", Family::kBert, 6, 768, 12, 3072, 30528},
    {"bert-1.2b", Family::kBert, 40, 1536, 16, 6144, 30522},
    {"minilm-l6-h384", Family::kBert, 6, 384, 12, 1536, 30522},
    {"distilbert-base-uncased", Family::kDistilBert, 6, 768, 12, 3072, 30522},
    {"distilbert-base-cased", Family::kDistilBert, 6, 768, 12, 3072, 28996},
    {"distilbert-base-multilingual-cased", Family::kDistilBert, 6, 768, 12, 3072, 119547},
};

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : kPresets) names.push_back(preset.name);
  return names;
}

ModelConfig preset_config(const std::string& name) {
  for (const Preset& preset : kPresets) {
    if (name != preset.name) continue;
    ModelConfig config;
    config.family = preset.family;
    config.num_hidden_layers = preset.layers;
    config.hidden_size = preset.hidden;
    config.num_attention_heads = preset.heads;
    config.intermediate_size = preset.intermediate;
    config.vocab_size = preset.vocabulary;
    if (preset.family == Family::kDistilBert) config.type_vocab_size = 0;
    return config;
  }
  const std::string near = nearest_name(name, preset_names());
  throw UserError("`preset:{}` must name a standard size{}", name,
                  near.empty() ? fmt::format(": {}", fmt::join(preset_names(), ", "))
                               : fmt::format(", did you mean `preset:{}`?", near));
}

}  // namespace retort::model
