#include "retort/data/squad/squad_collector.h"

#include <fmt/format.h>

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/data/squad/squad_answer_place.h"

namespace retort::data {

void NumberIndex::grow() {
  constexpr size_t kFirstSlots = 1024;
  std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(std::max(2 * slots_.size(), kFirstSlots)));
  for (const Slot& slot : old) {
    if (slot.number < 0) continue;
    size_t at = slot.hash & (slots_.size() - 1);
    while (slots_[at].number >= 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = slot;
  }
}

SquadCollector::SquadCollector(std::string file_name, const SquadReadOptions& options)
    : file_name_(std::move(file_name)), options_(options) {}

void SquadCollector::begin_context(std::string_view context) {
  // Records of one context follow each other, and tables share its text.
  if (context_index_ >= 0 && context.data() == latest_context_.data() && context.size() == latest_context_.size())
    return;
  latest_context_ = context;
  code_points_.reset();
  const auto next = static_cast<int64_t>(data_.contexts.size());
  context_index_ = contexts_by_text_.find_or_add(
      context, next, [&](int64_t known) -> std::string_view { return data_.contexts[static_cast<size_t>(known)]; });
  if (context_index_ >= 0) return;
  context_index_ = next;
  data_.contexts.emplace_back(context);
}

void SquadCollector::add(const std::function<RawQuestion()>& read, const PlaceName& place) {
  try {
    data_.examples.push_back(make_example(read(), place));
  } catch (const BadRecord& bad) {
    if (options_.on_bad_record == OnBadRecord::kFail && !bad.always_skipped)
      throw UserError("`{}`: {}; fix the record, or pass --on_bad_record skip to skip such records", file_name_,
                      bad.message);
    data_.skipped.add(bad.reason, bad.message);
  }
}

SquadData SquadCollector::finish() {
  for (const std::string& message : data_.skipped.messages) log_warning("`{}`: skipped: {}", file_name_, message);
  if (data_.skipped.count > 0) log_warning("`{}`: {}", file_name_, data_.skipped.summary());
  return std::move(data_);
}

SquadExample SquadCollector::make_example(const RawQuestion& raw, const PlaceName& place) {
  SquadExample example{.id = std::string(raw.id), .question = std::string(raw.question)};
  example.context_index = context_index_;
  example.is_impossible = is_impossible(raw, place);
  example.is_unanswered = raw.answers.empty() && !raw.is_impossible.value_or(false);
  if (!example.is_impossible)
    for (const auto& [answer, start] : raw.answers) example.answers.push_back({std::string(answer), start, {}});
  if (options_.is_training) check_training_answer(example, place);
  const auto id_of = [&](int64_t known) -> std::string_view { return data_.examples[static_cast<size_t>(known)].id; };
  if (examples_by_id_.find_or_add(raw.id, static_cast<int64_t>(data_.examples.size()), id_of) >= 0)
    throw BadRecord{"repeated id",
                    fmt::format("`{}`: the id `{}` must be unique, but is repeated here", place(), raw.id)};
  return example;
}

bool SquadCollector::is_impossible(const RawQuestion& raw, const PlaceName& place) const {
  // The hub's tables mark it with an empty list of answers.
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
  if (!has_words(context))
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
