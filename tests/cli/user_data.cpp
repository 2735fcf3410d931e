#include "cli/user_data.h"

#include <fmt/format.h>

#include "retort/data/question_world/question_world.h"
#include "retort/model/config_reader.h"
#include "retort/pretrained/model_folder.h"

namespace retort::program {

namespace {

// The passages of a question world, one article each.
std::string wikipedia_text() {
  const Json world = data::make_question_world({.seed = 5, .passages = 60, .questions_per_passage = 1});
  std::string text;
  for (const Json& article : world["data"])
    for (const Json& paragraph : article["paragraphs"])
      text += fmt::format("<doc id=\"1\" url=\"\" title=\"Mill\">\nMill\n\n{}\n</doc>\n",
                          paragraph["context"].get<std::string>());
  return text;
}

}  // namespace

void make_model(const fs::path& folder, model::Head head, int64_t layers, int64_t width) {
  const text::Tokenizer tokenizer = text::Tokenizer::load(tiny::bert_folder());
  model::ModelConfig config = model::config_from_json(read_json_file(tiny::bert_folder() / "config.json"), "tiny");
  config.num_hidden_layers = layers;
  config.num_attention_heads = 12;
  config.hidden_size = width;
  config.intermediate_size = 4 * width;
  model::Model model(config, head, {});
  model.parameters().initialize(3, config.initializer_range);
  fs::create_directories(folder);
  pretrained::save_model_folder(folder, model, tokenizer);
}

void write_user_data(const fs::path& folder) {
  const fs::path glue = fs::path(RETORT_FIXTURES) / "glue/data";
  fs::copy(tiny::train_file(), folder / "train-v1.1.json");
  fs::copy(tiny::dev_file(), folder / "dev-v1.1.json");
  fs::copy(glue / "MRPC", folder / "MRPC");
  fs::copy(glue / "SST-2", folder / "SST-2");
  write_file_atomically(folder / "text.txt", wikipedia_text());
  write_file_atomically(folder / "glove.txt", "built 1 0\nmade 1 0.1\nmill 0 1\n");
}

}  // namespace retort::program
