#include "retort/data/glue/glue_collector.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>

#include "retort/base/error.h"
#include "retort/base/log.h"

namespace retort::data {

namespace {

// The maximum length of a field in a message.
constexpr size_t kShownBytes = 60;

std::string shown(std::string_view word) {
  if (word.size() <= kShownBytes) return std::string(word);
  size_t end = kShownBytes;
  while (end > 0 && (word[end] & 0xC0) == 0x80) --end;  // keeps whole characters
  return fmt::format("{}...", word.substr(0, end));
}

bool read_target(std::string_view word, float& target) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), target);
  return error == std::errc() && end == word.data() + word.size() && std::isfinite(target);
}

}  // namespace

std::string allowed_labels(const GlueTask& task) {
  return task.is_regression() ? "a number" : fmt::format("one of {}", fmt::join(task.labels, ", "));
}

void GlueCollector::reject(std::string_view reason, const std::string& place, const std::string& problem) {
  if (options_.on_bad_record == OnBadRecord::kFail)
    throw UserError("`{}` {}: {}; fix the record, or pass --on_bad_record skip to skip such records", file_name_, place,
                    problem);
  pass_over(reason, place, problem);
}

void GlueCollector::pass_over(std::string_view reason, const std::string& place, const std::string& problem) {
  data_.skipped.add(reason, fmt::format("`{}` {}: {}", file_name_, place, problem));
}

std::string GlueCollector::set_label(std::string_view word, GlueExample& example) const {
  const std::optional<int32_t> label = task_.find_label(word);
  if (label) example.label = *label;
  const bool is_good = task_.is_regression() ? read_target(word, example.target) : label.has_value();
  return is_good ? "" : fmt::format("must be {} (the label), but is `{}`", allowed_labels(task_), shown(word));
}

GlueData GlueCollector::finish() {
  for (const std::string& message : data_.skipped.messages) log_warning("skipped: {}", message);
  if (data_.skipped.count > 0) log_warning("{}: {}", task_.name, data_.skipped.summary());
  return std::move(data_);
}

}  // namespace retort::data
