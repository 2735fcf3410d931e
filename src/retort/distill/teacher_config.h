// The flags of a teacher that all distillation commands have.
#pragma once

#include <string>

#include "retort/base/fields.h"

namespace retort::distill {

struct TeacherConfig {
  std::string teacher;
  bool teacher_dropout = false;
  std::string teacher_cache = "auto";  // "auto", "off" or a folder
  bool score_teacher = true;           // only where `Use::is_scored`

  struct Use {
    bool may_keep_outputs = true;  // false: no flag for the cache, and outputs are not stored
    bool is_required = true;
    bool is_scored = true;  // the command evaluates the teacher before it trains
  };
  void fields(FieldList& list, Use use);
  void fields(FieldList& list) { fields(list, Use()); }
  // Throws UserError when the settings contradict each other.
  void check() const;
};

}  // namespace retort::distill
