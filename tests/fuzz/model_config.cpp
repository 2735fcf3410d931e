#include "fuzz/input.h"
#include "fuzz/targets.h"
#include "retort/model/config.h"
#include "retort/model/config_reader.h"

namespace retort::fuzz {

bool model_config(std::string_view input) {
  return takes([&] {
    const model::ModelConfig config = model::config_from_json(parse_json(input, "input"), "input");
    RETORT_CHECK(config.hidden_size % config.num_attention_heads == 0, "heads do not divide the hidden size");
    for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer)
      RETORT_CHECK(config.heads_of_layer(layer) > 0, "layer {} has no head", layer);
    const Json written = model::config_to_json(config, "BertModel");
    const Json again = model::config_to_json(model::config_from_json(written, "rewritten input"), "BertModel");
    RETORT_CHECK(again == written, "the configuration changes: {}", written.dump());
  });
}

}  // namespace retort::fuzz
