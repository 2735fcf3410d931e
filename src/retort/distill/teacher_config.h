// The flags of a teacher that all distillation commands have.
#pragma once

#include <string>

#include "retort/base/fields.h"

namespace retort::distill {

struct TeacherConfig {
  std::string teacher;
  bool teacher_dropout = false;
  std::string teacher_cache = "auto";  // "auto", "off" or a folder

  struct Use {
    bool may_keep_outputs = true;  // false: no flag for the cache, and outputs are not stored
    bool is_required = true;
  };
  void fields(FieldList& list, Use use);
  void fields(FieldList& list) { fields(list, Use()); }
  // Throws UserError when the settings contradict each other.
  void check() const;
};

}  // namespace retort::distill
