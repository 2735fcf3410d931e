// Where both forms of SQuAD files hand over what they read: checks each question, applies the policy for bad records,
// keeps each context once. One collector per file.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "retort/data/squad/squad_reader.h"
#include "retort/data/squad/squad_words.h"

namespace retort::data {

// A record that cannot be used; SquadCollector::add fails or skips, as the options say.
struct BadRecord {
  std::string reason;           // for counting: "answer not found"
  std::string message;          // one sentence, without the file's name
  bool always_skipped = false;  // left out even when bad records fail
};

// A question as the file has it. The views live as long as the file's buffer.
struct RawQuestion {
  std::string_view id, question;
  std::vector<std::pair<std::string_view, int64_t>> answers;  // text, and start in code points or -1
  std::optional<bool> is_impossible;                          // absent when the file does not say
};

// Names a record for a message; called only when something is wrong.
using PlaceName = std::function<std::string()>;

// Finds numbers by the text that each stands for and that its owner keeps: an open-addressing table of hashes, a
// fraction of the time of the standard containers, which ask for memory for every entry.
class NumberIndex {
 public:
  // The number whose text this is, as `text_of(number)` tells; when there is none, remembers `new_number` and answers
  // -1.
  template <typename TextOf>
  int64_t find_or_add(std::string_view text, int64_t new_number, TextOf&& text_of) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    const uint64_t hash = std::hash<std::string_view>()(text);
    size_t at = hash & (slots_.size() - 1);
    for (; slots_[at].number >= 0; at = (at + 1) & (slots_.size() - 1))
      if (slots_[at].hash == hash && text_of(slots_[at].number) == text) return slots_[at].number;
    slots_[at] = {hash, new_number};
    ++count_;
    return -1;
  }

 private:
  struct Slot {
    uint64_t hash = 0;
    int64_t number = -1;  // -1: empty
  };
  void grow();

  std::vector<Slot> slots_;  // none or a power of two, at most half of them taken
  size_t count_ = 0;
};

class SquadCollector {
 public:
  SquadCollector(std::string file_name, const SquadReadOptions& options);

  // The context that the following questions belong to; a text seen before keeps its number. The text must stay where
  // it is until the next call.
  void begin_context(std::string_view context);
  // Stores what `read` returns after checking it; `read` may throw BadRecord.
  void add(const std::function<RawQuestion()>& read, const PlaceName& place);
  // What was read; logs a summary of what was left out.
  SquadData finish();

 private:
  SquadExample make_example(const RawQuestion& raw, const PlaceName& place);
  void check_training_answer(SquadExample& example, const PlaceName& place);
  bool is_impossible(const RawQuestion& raw, const PlaceName& place) const;

  std::string file_name_;
  SquadReadOptions options_;
  SquadData data_;
  NumberIndex contexts_by_text_, examples_by_id_;
  int64_t context_index_ = -1;
  std::string_view latest_context_;            // as it was given
  std::optional<CodePointIndex> code_points_;  // of the current context, made when first needed
};

}  // namespace retort::data
