// Shows what weight files hold.
//   retort inspect FILE|FOLDER
// Reads model.safetensors, pytorch_model.bin, their sharded forms, or a model folder with one of them; writes a line
// for each tensor (name, element type, shape) as the file has it.
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
// the metadata of safetensors files. Throws UserError when the files are damaged or there are none.
Json inspect(const InspectConfig& config, std::ostream& out);

}  // namespace retort::recipe
