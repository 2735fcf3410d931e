#include "retort/train/event_log.h"

#include "fuzz/input.h"
#include "fuzz/targets.h"

namespace retort::fuzz {

// Checks that a resumed run keeps the first whole lines of the file, and that a refused log does not change.
bool event_log(std::string_view input) {
  const ScratchFolder folder;
  const fs::path path = folder.write("train_log.jsonl", input);
  const bool is_taken = takes([&] { train::EventLog({.path = path, .resumed_step = 10}); });
  const std::string kept = read_file(path);
  const bool is_whole = is_taken ? kept.empty() || kept.back() == '\n' : kept.size() == input.size();
  RETORT_CHECK(input.starts_with(kept) && is_whole, "{} bytes stay", kept.size());
  return is_taken && !kept.empty();
}

}  // namespace retort::fuzz
