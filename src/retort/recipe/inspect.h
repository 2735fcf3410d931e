// Lists the content of files.
//   retort inspect FILE|FOLDER
// Weights (model.safetensors, pytorch_model.bin, their sharded forms, or a model folder with one of them): one line per
// tensor with name, element type and shape as in the file. Token files and feature caches: one line per column with
// name, bytes per element and number of elements. Folders of teacher outputs: their description.
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
// the metadata of safetensors files; columns and bytes, and for token files sequences, tokens and vocabulary size;
// cache.json of teacher outputs. Throws UserError for damaged or missing files.
Json inspect(const InspectConfig& config, std::ostream& out);

}  // namespace retort::recipe
