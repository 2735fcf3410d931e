// The flags that say which model a command works on.
#pragma once

#include <optional>
#include <string>

#include "retort/base/fields.h"
#include "retort/pretrained/student_shape.h"

namespace retort::pretrained {

// Which model: a folder, the name of one in the local hub cache, a file of weights beside its config.json, or
// "preset:NAME" for random weights of a standard size.
struct ModelSource {
  std::string model;
  std::string config_file;                 // a file or a folder whose configuration replaces the folder's
  std::string vocab_file;                  // needed by presets; else replaces the folder's tokenizer
  std::optional<bool> do_lower_case = {};  // absent: as the model folder says; with vocab_file true
  bool pad_vocabulary = false;
  // In place of what config.json says; negative: as there.
  double dropout = -1, attention_dropout = -1, head_dropout = -1, initializer_range = -1;
  StudentShape student = {};  // of commands that make a student

  void fields(FieldList& list);
  // Those and the flags of training.
  void training_fields(FieldList& list);
};

}  // namespace retort::pretrained
