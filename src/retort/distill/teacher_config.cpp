#include "retort/distill/teacher_config.h"

#include <strings.h>

#include "retort/base/error.h"

namespace retort::distill {

void TeacherConfig::fields(FieldList& list, Use use) {
  list.group("Teacher");
  list.add("teacher", teacher,
           {.help = std::string("Model folder of the teacher, with the student's vocabulary") +
                    (use.is_required ? "." : "; without one the labels alone are learned."),
            .required = use.is_required});
  list.add("teacher_dropout", teacher_dropout,
           {.help = "Keep the teacher's dropout switched on, as some published programs did by mistake."});
  if (!use.may_keep_outputs) return;
  list.add("teacher_cache", teacher_cache,
           {.help = "Where the teacher's outputs are kept, so that they are computed once: a folder; auto, a folder of "
                    "the user's, when they are used more than once and take less than a tenth of its free room; or "
                    "off."});
}

void TeacherConfig::check() const {
  if (teacher_cache.empty()) throw UserError("`teacher_cache` must be auto, off or a folder, but is empty");
  for (const char* word : {"auto", "off"})
    if (teacher_cache != word && ::strcasecmp(teacher_cache.c_str(), word) == 0)
      throw UserError("`teacher_cache` must be auto, off or a folder, but is `{}`; write `{}`, or ./{} for a folder",
                      teacher_cache, word, teacher_cache);
  if (teacher_dropout && teacher_cache != "auto" && teacher_cache != "off")
    throw UserError(
        "`teacher_cache` must be auto or off with `teacher_dropout`, whose outputs differ every time, but is `{}`",
        teacher_cache);
}

}  // namespace retort::distill
