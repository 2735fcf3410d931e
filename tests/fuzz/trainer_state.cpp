#include "retort/train/trainer_state.h"

#include "fuzz/input.h"
#include "fuzz/targets.h"

namespace retort::fuzz {

bool trainer_state(std::string_view input) {
  return takes([&] {
    const auto state = train::TrainerState::from_json(parse_json(input, "input"), "input");
    const Json written = state.to_json();
    const auto again = train::TrainerState::from_json(parse_json(written.dump(), "rewritten input"), "rewritten input");
    RETORT_CHECK(again.to_json() == written, "the state changes: {}", written.dump());
  });
}

}  // namespace retort::fuzz
