// Model folders in and out: the place where files, names, configuration and model meet. Reads what the Hugging Face hub
// holds (safetensors, sharded, pytorch_model.bin, all name dialects) and writes folders that `transformers` loads with
// nothing missing or unexpected.
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
  TaskClasses classes = {};              // a head with these classes in another order is put into this one
  bool may_start_head = false;           // a missing head starts random; else it is an error
  bool may_replace_head = false;         // with may_start_head, also one of another shape (training)
  bool may_start_body = false;           // a folder without weights starts random
  bool needs_tokenizer = true;           // off: none is loaded but that of a vocabulary file
  model::ModelOptions model = {};
  uint64_t seed = 42;  // of fresh weights
};

struct LoadedModel {
  std::unique_ptr<model::Model> model;
  std::shared_ptr<const text::Tokenizer> tokenizer;  // null without LoadOptions::needs_tokenizer
  std::vector<std::string> missing, unexpected;      // parameters not in the files; tensors in them that nobody wants
};

// A bare BERT model (Head::kNone) whose files lack a pooler goes without, unless it may start random.
// A projection (ModelOptions::projection_width) comes from project.safetensors or project.bin in the folder, else it
// starts random. Throws UserError when there is no such model, its files are damaged, shapes disagree (both are named),
// the vocabulary is of another size, or parameters are missing that may not start random.
LoadedModel load_model(const ModelSource& source, const LoadOptions& options);

// The configuration of the model alone. Throws UserError as load_model does.
model::ModelConfig read_model_config(const ModelSource& source);

// Throws UserError when `output_dir` is the folder of `model`, which the flag `flag` names and the command reads.
void check_is_not_read(const std::string& flag, const std::string& model, const fs::path& output_dir);

// Fills a model's parameters from the weight files of a folder; every parameter must be there.
void load_weights_exactly(model::Model& model, const fs::path& folder);

// config.json, model.safetensors and the tokenizer's files, into an existing folder; the projection to a teacher's
// width, where the model has one, as project.safetensors beside them.
void save_model_folder(const fs::path& folder, const model::Model& model, const text::Tokenizer& tokenizer);

}  // namespace retort::pretrained
