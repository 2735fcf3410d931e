#include "retort/train/event_log.h"

#include "fuzz/input.h"
#include "fuzz/targets.h"

namespace retort::fuzz {

// What a run that goes on keeps is the begin of the file, in whole lines; a log that is refused stays as it is.
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
