#include "cli/classifier_commands.h"

#include <cstring>

#include "retort/checkpoint/safetensors.h"
#include "retort/model/config_reader.h"

namespace retort::program {

fs::path make_classifier(const fs::path& folder, const Labels& labels, std::vector<float> bias) {
  const text::Tokenizer tokenizer = text::Tokenizer::load(tiny::bert_folder());
  model::ModelConfig config = model::config_from_json(read_json_file(tiny::bert_folder() / "config.json"), "tiny");
  config.labels = labels;
  model::Model model(config, model::Head::kSequenceClassification, {});
  kernel::ParameterStore& parameters = model.parameters();
  parameters.initialize(5, config.initializer_range);
  if (!bias.empty()) {
    parameters.tensor(*parameters.find("classifier.weight")).zero_();
    std::copy(bias.begin(), bias.end(), parameters.tensor(*parameters.find("classifier.bias")).data_ptr<float>());
  }
  fs::create_directories(folder);
  pretrained::save_model_folder(folder, model, tokenizer);
  return folder;
}

void edit_weights(const fs::path& folder, const std::function<void(std::vector<checkpoint::NamedTensor>&)>& edit) {
  const std::string bytes = read_file(folder / "model.safetensors");
  auto content = checkpoint::parse_safetensors(std::as_bytes(std::span(bytes)), "weights");
  edit(content.tensors);
  checkpoint::write_safetensors(folder / "model.safetensors", content.tensors);
}

std::vector<float> tensor_of(const fs::path& file, const std::string& name) {
  const checkpoint::SafetensorsFile content(file);
  for (const checkpoint::NamedTensor& tensor : content.tensors()) {
    if (tensor.name != name) continue;
    std::vector<float> values(static_cast<size_t>(tensor.element_count()));
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return values;
  }
  return {};
}

void expect_says(const Outcome& outcome, const std::string& part) {
  EXPECT_NE(outcome.errors.find(part), std::string::npos) << outcome.errors;
}

void expect_refused(const Outcome& outcome, const std::vector<std::string>& parts) {
  EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
  EXPECT_EQ(outcome.output, "");
  for (const std::string& part : parts) expect_says(outcome, part);
}

}  // namespace retort::program
