// `retort reference`: writes docs/reference from the command table and the configuration structs, one Markdown
// page per command and an index, so that the documentation matches the program.
#pragma once

#include <string>

#include "retort/base/fields.h"

namespace retort::cli {

struct ReferenceConfig {
  std::string output_dir;
  void fields(FieldList& list) {
    list.add("output_dir", output_dir,
             {.help = "Folder for the pages; existing pages are overwritten.", .required = true});
  }
};

// Writes the pages; returns {"pages": count}.
Json write_reference(const ReferenceConfig& config);

}  // namespace retort::cli
