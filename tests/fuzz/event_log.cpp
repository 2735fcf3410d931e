#include "retort/train/event_log.h"

#include "fuzz/input.h"
#include "fuzz/targets.h"

namespace retort::fuzz {

// What a run that goes on keeps is the begin of the file, in whole lines.
bool event_log(std::string_view input) {
  const ScratchFolder folder;
  const fs::path path = folder.write("train_log.jsonl", input);
  const bool is_taken = takes([&] { train::EventLog({.path = path, .resumed_step = 10}); });
  const std::string kept = read_file(path);
  RETORT_CHECK(input.starts_with(kept) && (kept.empty() || kept.back() == '\n'), "{} bytes stay", kept.size());
  return is_taken && !kept.empty();
}

}  // namespace retort::fuzz
