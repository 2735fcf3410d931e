// Collects the questions that the readers of all SQuAD formats read: checks each question, applies the policy for bad
// records, stores each context once. One collector per file.
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

// An invalid record; SquadCollector::add fails or skips it, as the options say.
struct BadRecord {
  std::string reason;           // the name of its count: "answer not found"
  std::string message;          // one sentence, without the file's name
  bool always_skipped = false;  // skipped even under kFail
};

// A question as in the file. The views live as long as the file's buffer.
struct RawQuestion {
  std::string_view id, question;
  std::vector<std::pair<std::string_view, int64_t>> answers;  // text, and start in code points or -1
  std::optional<bool> is_impossible;                          // absent when the file has no such field
};

// Names a record for a message; called only for errors.
using PlaceName = std::function<std::string()>;

// Maps texts that others own to numbers: an open-addressing hash table, several times faster than the standard
// containers, which allocate memory for each entry.
class NumberIndex {
 public:
  // Returns the number whose text, `text_of(number)`, equals `text`; if there is none, stores `new_number` and returns
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

  std::vector<Slot> slots_;  // a power of two, at most half full; or none
  size_t count_ = 0;
};

class SquadCollector {
 public:
  SquadCollector(std::string file_name, const SquadReadOptions& options);

  // Sets the context of the questions that follow; a repeated text keeps its number. The text must stay valid until the
  // next call.
  void begin_context(std::string_view context);
  // Checks and stores what `read` returns; `read` may throw BadRecord.
  void add(const std::function<RawQuestion()>& read, const PlaceName& place);
  // Returns the data; logs a summary of skipped records.
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
  std::string_view latest_context_;            // as in the file
  std::optional<CodePointIndex> code_points_;  // of the current context; computed on first use
};

}  // namespace retort::data
