// A small corpus, and settings for tests that train masked language models on it.
#pragma once

#include "recipe/tiny_world.h"
#include "retort/recipe/binarize.h"
#include "retort/recipe/distill_mlm.h"
#include "retort/recipe/pretrain.h"

namespace retort::tiny {

// Writes the passages of the tiny world to folder/text.txt, one article each. The settings make corpus.tokens of them,
// and held_out.tokens of every fourth article.
recipe::BinarizeConfig binarize_settings(const fs::path& folder);

// Training on folder/corpus.tokens. The evaluation reads the same file, since so little text predicts no other text.
recipe::PretrainConfig pretrain_settings(const fs::path& folder, const fs::path& output_dir);
// The same with folder/teacher as the teacher, evaluated on held_out.tokens.
recipe::DistillMlmConfig distill_mlm_settings(const fs::path& folder, const fs::path& student,
                                              const fs::path& output_dir);

}  // namespace retort::tiny
