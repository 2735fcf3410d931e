// See far_device_run.h.
#include "property/far_device_run.h"

#include <gtest/gtest.h>

#include <sstream>

namespace retort::program {

Limits far_library() { return {.environment = {{"RETORT_DEVICE_LIBRARY", RETORT_FAR_LIBRARY}}}; }

Outcome run_far(const Words& words, const std::string& input) { return run(with(words, kFar), input, far_library()); }

Outcome run_near(const Words& words, const std::string& input) { return run(with(words, kNear), input); }

Exchanges count_exchanges(const Words& words) {
  const tiny::TemporaryFolder folder;
  Limits limits = far_library();
  limits.environment["RETORT_FAR_READS_FILE"] = folder / "counts.json";
  const Outcome outcome = run(with(words, kFar), "", limits);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  const Json counts = read_json_file(folder / "counts.json");
  return {counts.at("reads"), counts.at("uploads")};
}

Json scores_of(const Outcome& outcome) {
  Json scores = outcome.last_line();
  for (auto entry = scores.begin(); entry != scores.end();) {
    const std::string& key = entry.key();
    const bool is_time = key.find("second") != key.npos || key.find("_ms") != key.npos || key == "overhead_share" ||
                         key == "utilization";
    entry = is_time ? scores.erase(entry) : std::next(entry);
  }
  return scores;
}

void expect_same_file(const fs::path& a, const fs::path& b, const std::string& name) {
  ASSERT_TRUE(fs::exists(a / name)) << a / name;
  ASSERT_TRUE(fs::exists(b / name)) << b / name;
  EXPECT_TRUE(read_file(a / name) == read_file(b / name)) << a / name << " differs from " << b / name;
}

std::vector<double> logged(const fs::path& output_dir, const std::string& key) {
  std::vector<double> values;
  std::istringstream lines(read_file(output_dir / "train_log.jsonl"));
  for (std::string line; std::getline(lines, line);)
    if (const Json event = Json::parse(line); event.contains(key)) values.push_back(event.at(key).get<double>());
  return values;
}

}  // namespace retort::program
