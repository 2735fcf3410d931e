// Settings for tests of data augmentation: the model and the vectors of tests/fixtures/augment.
#pragma once

#include "recipe/tiny_world.h"
#include "retort/recipe/augment_glue.h"

namespace retort::tiny {

inline fs::path augment_fixture(const std::string& name) { return fs::path(RETORT_FIXTURES) / "augment" / name; }

// 8 candidates a word, fp32, one thread.
inline augment::AugmentConfig augment_settings() {
  augment::AugmentConfig config;
  config.model.model = augment_fixture("model");
  config.glove_embs = augment_fixture("glove.txt");
  config.candidates = 8;
  config.inference.precision = "fp32";
  config.inference.threads = 1;
  return config;
}

}  // namespace retort::tiny
