#include "retort/data/squad_collector.h"

#include <fmt/format.h>

#include "retort/base/error.h"
#include "retort/base/log.h"

namespace retort::data {

SquadCollector::SquadCollector(std::string file_name, const SquadReadOptions& options)
    : file_name_(std::move(file_name)), options_(options) {}

void SquadCollector::begin_context(std::string_view context) {
  code_points_.reset();
  const size_t hash = std::hash<std::string_view>()(context);
  const auto [first, last] = contexts_by_hash_.equal_range(hash);
  for (auto known = first; known != last; ++known) {
    context_index_ = known->second;
    if (data_.contexts[static_cast<size_t>(context_index_)] == context) return;
  }
  context_index_ = static_cast<int64_t>(data_.contexts.size());
  data_.contexts.emplace_back(context);
  contexts_by_hash_.emplace(hash, context_index_);
}

void SquadCollector::add(const std::function<RawQuestion()>& read, const PlaceName& place) {
  try {
    data_.examples.push_back(make_example(read(), place));
  } catch (const BadRecord& bad) {
    if (options_.on_bad_record == OnBadRecord::kFail && !bad.always_skipped)
      throw UserError("`{}`: {}; mend the record, or pass --on_bad_record skip to leave out such records", file_name_,
                      bad.message);
    data_.skipped.add(bad.reason, bad.message);
  }
}

SquadData SquadCollector::finish() {
  for (const std::string& message : data_.skipped.messages) log_warning("`{}`: left out: {}", file_name_, message);
  if (data_.skipped.count > 0) log_warning("`{}`: {}", file_name_, data_.skipped.summary());
  return std::move(data_);
}

SquadExample SquadCollector::make_example(const RawQuestion& raw, const PlaceName& place) {
  SquadExample example{.id = std::string(raw.id), .question = std::string(raw.question)};
  example.context_index = context_index_;
  example.is_impossible = is_impossible(raw, place);
  if (!example.is_impossible)
    for (const auto& [answer, start] : raw.answers) example.answers.push_back({std::string(answer), start, {}});
  if (options_.is_training) check_training_answer(example, place);
  if (!ids_.insert(example.id).second)
    throw BadRecord{"id twice",
                    fmt::format("`{}`: the id `{}` must occur once, but occurs again here", place(), raw.id)};
  return example;
}

bool SquadCollector::is_impossible(const RawQuestion& raw, const PlaceName& place) const {
  // The hub's rows say it by an empty list of answers.
  const bool impossible = raw.is_impossible.value_or(options_.version_2_with_negative && raw.answers.empty());
  if (impossible && !options_.version_2_with_negative)
    throw UserError(
        "`{}`: `{}` (id `{}`) is an impossible question, which SQuAD v1.1 does not have; pass "
        "--version_2_with_negative to read the file as SQuAD v2.0",
        file_name_, place(), raw.id);
  return impossible;
}

void SquadCollector::check_training_answer(SquadExample& example, const PlaceName& place) {
  const std::string& context = data_.contexts[static_cast<size_t>(example.context_index)];
  if (split_words(context.substr(0, 1)).empty() && split_words(context).empty())
    throw BadRecord{"empty context",
                    fmt::format("`{}` (id `{}`) must have a context, but it is empty", place(), example.id)};
  if (example.is_impossible) return;
  if (example.answers.empty())
    throw BadRecord{
        "no answer",
        fmt::format("`{}` (id `{}`) must have an answer for training, but `answers` is empty (an impossible "
                    "question is marked by `is_impossible` and read with --version_2_with_negative)",
                    place(), example.id)};
  if (!code_points_) code_points_.emplace(context);
  SquadAnswer& first = example.answers.front();
  first.context_bytes = locate_answer(context, *code_points_, first, [&] {
    return fmt::format("`{}.answers[0].answer_start` (id `{}`)", place(), example.id);
  });
}

}  // namespace retort::data
