// The tiny world of the tests that train: a temporary folder, generated questions, and random models of width 32 with
// the words of the questions as vocabulary. Everything is made from seeds, so no test needs a download.
#pragma once

#include <functional>
#include <string>

#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/model/model.h"
#include "retort/pretrained/model_folder.h"
#include "retort/recipe/finetune_glue.h"
#include "retort/recipe/finetune_squad.h"

namespace retort::tiny {

// A temporary folder; the destructor removes it with its content.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const fs::path& path() const { return path_; }
  fs::path operator/(const fs::path& name) const { return path_ / name; }

 private:
  fs::path path_;
};

// The folder of the files below. Each test program makes it once; its tests share it and do not write to it.
const fs::path& shared_folder();

// SQuAD files with one question per passage: `train.json` holds 40, `dev.json` 8 of them.
fs::path train_file();
fs::path dev_file();
// The same as SQuAD v2.0: every third question is impossible.
fs::path train_file_v2();
fs::path dev_file_v2();

// A BERT encoder of 2 layers with random weights, and its vocabulary.
fs::path bert_folder();
// The same for DistilBERT.
fs::path distilbert_folder();
// `bert_folder` with a random head for the task; GLUE tasks by their names ("mrpc").
fs::path question_answering_folder();
fs::path classification_folder();

// The passages of train_file, one sentence a line and a blank line after each: documents number `first`, `first` +
// `step` and so on.
std::string sentence_shard(size_t first = 0, size_t step = 1);

// Copies a model folder to `target`, which must not exist, and returns `target`.
fs::path copy_model(const fs::path& folder, const fs::path& target);
// Sets one field of a folder's config.json; null removes it.
void set_config_field(const fs::path& folder, const std::string& field, const Json& value);

// Settings of a short run: windows of 64 tokens, batches of 4, fp32, one thread, no cache.
recipe::FinetuneSquadConfig squad_settings(const fs::path& output_dir);
recipe::FinetuneGlueConfig glue_settings(const std::string& task, const fs::path& output_dir);

// The model of a folder, and one of its parameters.
pretrained::LoadedModel load(const fs::path& folder);
at::Tensor parameter_of(const fs::path& folder, const std::string& name);

// The message of the UserError that `work` throws, or "no error".
std::string message_of(const std::function<void()>& work);

}  // namespace retort::tiny
