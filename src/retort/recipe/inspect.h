// Shows what files hold.
//   retort inspect FILE|FOLDER
// Weights (model.safetensors, pytorch_model.bin, their sharded forms, or a model folder with one of them): a line for
// each tensor, name, element type and shape as the file has it. Token files and feature caches: a line for each column,
// name, bytes of an element and number of elements. Folders of a teacher's outputs: what they are.
#pragma once

#include <iosfwd>
#include <string>

#include "retort/base/fields.h"

namespace retort::recipe {

struct InspectConfig {
  std::string path;
  void fields(FieldList& list);
};

// Writes the lines to `out` and returns the totals: files, tensors, elements, bytes, tensors of each element type, and
// the metadata of safetensors files; columns and bytes, and of token files sequences, tokens and the vocabulary's size;
// cache.json of a teacher's outputs. Throws UserError when the files are damaged or there are none.
Json inspect(const InspectConfig& config, std::ostream& out);

}  // namespace retort::recipe
