// `retort reference`: writes docs/reference from the table of commands and their configuration structs, one Markdown
// page per command and an index, so that documentation and program cannot drift apart.
#pragma once

#include <string>

#include "retort/base/fields.h"

namespace retort::cli {

struct ReferenceConfig {
  std::string output_dir;
  void fields(FieldList& list) {
    list.add("output_dir", output_dir,
             {.help = "Folder for the pages; pages of the same name are replaced.", .required = true});
  }
};

// Writes the pages; answers {"pages": count}.
Json write_reference(const ReferenceConfig& config);

}  // namespace retort::cli
