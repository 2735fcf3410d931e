#include "retort/distill/teacher_config.h"

#include <strings.h>

#include "retort/base/error.h"

namespace retort::distill {

void TeacherConfig::fields(FieldList& list, Use use) {
  list.group("Teacher");
  list.add("teacher", teacher,
           {.help = std::string("Model folder of the teacher, with the student's vocabulary") +
                    (use.is_required ? "." : "; without one, only the labels are targets."),
            .required = use.is_required});
  list.add("teacher_dropout", teacher_dropout,
           {.help = "Apply the teacher's dropout, as some published programs did by mistake."});
  if (use.is_scored)
    list.add("score_teacher", score_teacher,
             {.help = "Evaluate the teacher too, before training; its scores go to the log."});
  if (!use.may_keep_outputs) return;
  list.add("teacher_cache", teacher_cache,
           {.help = "Where to cache the teacher's outputs: a folder; auto, the user's cache folder, "
                    "if they are used more than once and need less than a tenth of its free space; or "
                    "off."});
}

void TeacherConfig::check() const {
  if (teacher_cache.empty()) throw UserError("`teacher_cache` must be auto, off or a folder, but is empty");
  for (const char* word : {"auto", "off"})
    if (teacher_cache != word && ::strcasecmp(teacher_cache.c_str(), word) == 0)
      throw UserError("`teacher_cache` must be auto, off or a folder, but is `{}`; use `{}`, or ./{} for a folder",
                      teacher_cache, word, teacher_cache);
  if (teacher_dropout && teacher_cache != "auto" && teacher_cache != "off")
    throw UserError(
        "`teacher_cache` must be auto or off with `teacher_dropout`, whose outputs differ in every step, but is `{}`",
        teacher_cache);
}

}  // namespace retort::distill
