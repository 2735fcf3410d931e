#include "retort/data/bad_records.h"

#include <fmt/format.h>

#include <algorithm>

#include "retort/base/error.h"

namespace retort::data {

OnBadRecord parse_on_bad_record(const std::string& word) {
  if (word == "fail") return OnBadRecord::kFail;
  if (word == "skip") return OnBadRecord::kSkip;
  throw UserError("`on_bad_record` must be fail or skip, but is `{}`", word);
}

void SkippedRecords::add(std::string_view reason, std::string message) {
  ++count;
  auto same = std::find_if(reasons.begin(), reasons.end(), [&](const Reason& known) { return known.name == reason; });
  if (same == reasons.end()) same = reasons.insert(same, Reason{std::string(reason)});
  ++same->count;
  if (messages.size() < kMessagesKept) messages.push_back(std::move(message));
}

std::string SkippedRecords::summary() const {
  if (count == 0) return "";
  std::string list;
  for (const Reason& reason : reasons)
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", reason.count, reason.name);
  return fmt::format("{} {} skipped ({})", count, count == 1 ? "record was" : "records were", list);
}

}  // namespace retort::data
