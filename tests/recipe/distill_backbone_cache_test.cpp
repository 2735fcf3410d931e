// The cache of hidden states in `retort distill backbone`: a student trained from it equals one trained from the
// teacher.
#include <fmt/format.h>

#include "recipe/state_distillation.h"
#include "retort/base/error.h"

namespace retort::recipe {
namespace {

class DistillBackboneCache : public tiny::StateDistillation {};

// Compares only the last layer, then chosen layers with the embeddings; the teacher has another width.
TEST_F(DistillBackboneCache, TeachesTheSame) {
  for (const bool is_last : {true, false}) {
    const auto name = [&](const char* what) { return folder_ / fmt::format("{}-{}", what, is_last); };
    DistillBackboneConfig config = tiny::backbone_settings(name("fly"), student_);
    if (!is_last) {
      config.states.student_layers = {0}, config.states.teacher_layers = {0};
      config.states.use_embedding_states = true, config.states.use_value_states = false;
    }
    distill_backbone(config);
    config.teacher.teacher_cache = folder_ / "cache";
    for (const char* what : {"making", "reading"}) {
      config.output.output_dir = name(what);
      distill_backbone(config);
      for (const char* file : {"model.safetensors", "project.safetensors"})
        EXPECT_EQ(read_file(name(what) / file), read_file(name("fly") / file)) << what << " " << file;
    }
  }
  const auto count = std::distance(fs::directory_iterator(folder_ / "cache"), fs::directory_iterator());
  EXPECT_EQ(count, 2) << "each choice of states has its own cache";
}

TEST_F(DistillBackboneCache, TeachesTheSameInBf16) {
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "fly", student_);
  config.training.precision = "bf16";
  distill_backbone(config);
  config.teacher.teacher_cache = folder_ / "cache";
  config.output.output_dir = folder_ / "cached";
  distill_backbone(config);
  EXPECT_EQ(read_file(folder_ / "fly/model.safetensors"), read_file(folder_ / "cached/model.safetensors"));
}

TEST_F(DistillBackboneCache, RefusesATeacherWithDropout) {
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "out", student_);
  config.teacher.teacher_dropout = true;
  config.teacher.teacher_cache = folder_ / "cache";
  EXPECT_EQ(tiny::message_of([&] { distill_backbone(config); }),
            "`teacher_cache` must be auto or off with `teacher_dropout`, whose outputs differ in every step, but is `" +
                (folder_ / "cache").string() + "`");
}

}  // namespace
}  // namespace retort::recipe
