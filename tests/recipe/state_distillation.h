// Students and settings for tests of `retort distill backbone` and `retort distill prediction` on the tiny world.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "recipe/tiny_world.h"
#include "retort/recipe/distill_backbone.h"
#include "retort/recipe/distill_prediction.h"

namespace retort::tiny {

// Writes a BERT encoder of 1 layer and width 16, where tiny::bert_folder has 2 layers and width 32; `change` may set
// other sizes. Returns the folder.
fs::path make_student(const fs::path& folder, const std::function<void(model::ModelConfig&)>& change);

// SQuAD's questions with tiny::question_answering_folder as the teacher; predictions without a cache.
recipe::DistillBackboneConfig backbone_settings(const fs::path& output_dir, const fs::path& student);
recipe::DistillPredictionConfig prediction_settings(const fs::path& output_dir, const fs::path& student);

// A test with a folder of its own and a student in it.
class StateDistillation : public testing::Test {
 protected:
  const TemporaryFolder folder_;
  const fs::path student_ = make_student(folder_ / "student", [](model::ModelConfig&) {});
};

}  // namespace retort::tiny
