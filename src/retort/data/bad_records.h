// The policy for invalid records of a data file, and the counts of skipped ones. SQuAD and GLUE share it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace retort::data {

enum class OnBadRecord {
  kFail,  // the first bad record is a UserError
  kSkip,  // bad records are skipped, counted and logged
};

// "fail" or "skip"; anything else is a UserError.
OnBadRecord parse_on_bad_record(const std::string& word);

// Skipped records by reason, with the first messages in full.
struct SkippedRecords {
  struct Reason {
    std::string name;  // "answer not found", "empty context", ...
    int64_t count = 0;
  };
  static constexpr size_t kMessagesKept = 5;
  int64_t count = 0;
  std::vector<Reason> reasons;
  std::vector<std::string> messages;

  void add(std::string_view reason, std::string message);
  // Returns "3 records were skipped (2 answer not found, 1 empty context)"; empty when none were skipped.
  std::string summary() const;
};

}  // namespace retort::data
