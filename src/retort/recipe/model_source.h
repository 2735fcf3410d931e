// The flags that say which model a command works on.
#pragma once

#include <string>

#include "retort/base/fields.h"

namespace retort::recipe {

// Which model: a folder, the name of one in the local hub cache, or "preset:NAME" for random weights of a standard
// size.
struct ModelSource {
  std::string model;
  std::string vocab_file;     // needed by presets; else replaces the folder's tokenizer
  std::string do_lower_case;  // with vocab_file: "true", "false", or "" for true
  bool pad_vocabulary = false;

  void fields(FieldList& list);
};

}  // namespace retort::recipe
