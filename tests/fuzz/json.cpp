#include "retort/base/json.h"

#include "fuzz/input.h"
#include "fuzz/targets.h"

namespace retort::fuzz {

bool json(std::string_view input) {
  takes([&] { parse_json(input, "input", JsonComments::kSkip); });
  return takes([&] {
    const Json value = parse_json(input, "input");
    const std::string written = value.dump();
    RETORT_CHECK(parse_json(written, "rewritten input").dump() == written, "the value changes: {}", written);
  });
}

}  // namespace retort::fuzz
