// Loads and saves model folders. Reads the files of the Hugging Face hub (safetensors, sharded, pytorch_model.bin, all
// name dialects) and writes folders that `transformers` loads without missing or unexpected parameters.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "retort/base/file.h"
#include "retort/model/model.h"
#include "retort/pretrained/model_source.h"
#include "retort/pretrained/task_classes.h"
#include "retort/text/tokenizer.h"

namespace retort::pretrained {

struct LoadOptions {
  std::optional<model::Head> head = {};  // empty: the head that config.json names
  std::vector<std::string> labels = {};  // classes of a head for another task; empty: as in config.json
  TaskClasses classes = {};              // target order: a head that has these classes in another order is reordered
  bool may_initialize_head = false;      // a missing head gets random weights; else it is an error
  bool may_replace_head = false;         // with may_initialize_head, also a head of another shape (training)
  bool may_initialize_encoder = false;   // a folder without weights gets random weights
  bool needs_tokenizer = true;           // false: only a vocab_file is loaded
  model::ModelOptions model = {};
  uint64_t seed = 42;  // of random weights
};

struct LoadedModel {
  std::unique_ptr<model::Model> model;
  std::shared_ptr<const text::Tokenizer> tokenizer;  // null without LoadOptions::needs_tokenizer
  std::vector<std::string> missing, unexpected;      // parameters that the files lack; tensors that the model lacks
};

// A bare BERT model (Head::kNone) whose files lack a pooler has none, unless random weights are allowed. A projection
// (ModelOptions::projection_width) comes from project.safetensors or project.bin in the folder, else it gets random
// weights. Throws UserError for a missing model, damaged files, different shapes (the message names both), a vocabulary
// of another size, and missing parameters that may not be random.
LoadedModel load_model(const ModelSource& source, const LoadOptions& options);

// Reads only the configuration of the model. Throws UserError as load_model does.
model::ModelConfig read_model_config(const ModelSource& source);

// Throws UserError when `output_dir` is the folder of `model`, an input that the flag `flag` names.
void check_is_not_read(const std::string& flag, const std::string& model, const fs::path& output_dir);

// Fills a model's parameters from the weight files of a folder. Throws UserError when a parameter is missing.
void load_weights_exactly(model::Model& model, const fs::path& folder);

// Writes config.json, model.safetensors, the tokenizer's files and, if the model has a projection to a teacher's hidden
// size, project.safetensors into an existing folder.
void save_model_folder(const fs::path& folder, const model::Model& model, const text::Tokenizer& tokenizer);

}  // namespace retort::pretrained
