// The flags that name the model of a command.
#pragma once

#include <optional>
#include <string>

#include "retort/base/fields.h"
#include "retort/pretrained/student_shape.h"

namespace retort::pretrained {

// A model: a folder, a name in the local hub cache, a file of weights beside its config.json, or "preset:NAME" for
// random weights of a standard configuration.
struct ModelSource {
  std::string model;
  std::string config_file;                 // a file or a folder whose configuration replaces the folder's
  std::string vocab_file;                  // required by presets; else it replaces the folder's tokenizer
  std::optional<bool> do_lower_case = {};  // empty: as in the model folder; with vocab_file true
  bool pad_vocabulary = false;
  // Replace the values of config.json; negative: keep them.
  double dropout = -1, attention_dropout = -1, head_dropout = -1, initializer_range = -1;
  StudentShape student = {};  // of commands that make a student

  void fields(FieldList& list);
  // The same flags and those of training.
  void training_fields(FieldList& list);
};

}  // namespace retort::pretrained
