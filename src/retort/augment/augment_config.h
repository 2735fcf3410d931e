// The flags of both augmentation commands.
#pragma once

#include <memory>
#include <string>

#include "retort/base/fields.h"
#include "retort/base/file.h"
#include "retort/base/output_lock.h"
#include "retort/data/bad_records.h"
#include "retort/pretrained/inference_config.h"
#include "retort/pretrained/model_source.h"

namespace retort::augment {

// A file that this process has locked.
struct AugmentOutput {
  fs::path path;
  std::unique_ptr<OutputLock> lock;
};

struct AugmentConfig {
  pretrained::ModelSource model;
  std::string glove_embs;
  int64_t glove_rows = 100'000;
  int64_t passes = -1, candidates = 15;  // N and M
  bool keep_unchanged_text = false;
  int64_t words_per_copy = 1;
  double probability = 0.4;  // p
  int64_t seed = 42;
  bool replace_question_words = false;
  std::string on_bad_record = "fail";
  std::string output_dir, output_file;
  bool overwrite_output_file = false;
  pretrained::InferenceConfig inference;
  double process_timeout = 60;

  AugmentConfig() { inference.max_tokens_per_batch = 2048; }
  void model_fields(FieldList& list);
  // `published_passes` is part of the help of --N.
  void word_fields(FieldList& list, const std::string& published_passes);
  void output_fields(FieldList& list, const std::string& file_name);

  data::OnBadRecord bad_record_policy() const { return data::parse_on_bad_record(on_bad_record); }
  // Returns the file to write: output_file, or `file_name` in output_dir, or `file_name` beside the first input, which
  // `input_flag` names; creates its folder. Throws UserError when both flags are given, for an input file (of the
  // model, too), for a file that another process has locked, and for an existing file that may not be replaced.
  AugmentOutput lock_output(const std::string& input_flag, const std::vector<fs::path>& inputs,
                            const std::string& file_name) const;
};

}  // namespace retort::augment
