#include "fuzz/input.h"
#include "fuzz/targets.h"
#include "retort/metric/squad_prediction_files.h"
#include "retort/metric/squad_score.h"

namespace retort::fuzz {

bool predictions(std::string_view input) {
  const MemoryFile file(input);
  const bool is_taken = takes([&] { metric::read_null_odds(file.path()); });
  return takes([&] { metric::read_predictions(file.path()); }) || is_taken;
}

}  // namespace retort::fuzz
