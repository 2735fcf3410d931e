// Settings for tests of `retort distill squad` on the tiny world.
#pragma once

#include "recipe/tiny_world.h"
#include "retort/recipe/distill_squad.h"

namespace retort::tiny {

// The settings of tiny::squad_settings, with tiny::question_answering_folder as the teacher and without a cache.
inline recipe::DistillSquadConfig distill_squad_settings(const fs::path& output_dir) {
  const recipe::FinetuneSquadConfig plain = squad_settings(output_dir);
  recipe::DistillSquadConfig config;
  config.model = plain.model, config.data = plain.data, config.training = plain.training, config.output = plain.output;
  config.teacher.teacher = question_answering_folder();
  config.teacher.teacher_cache = "off";
  return config;
}

// The bytes of a folder's weights.
inline std::string weights_of(const fs::path& folder) { return read_file(folder / "model.safetensors"); }

}  // namespace retort::tiny
