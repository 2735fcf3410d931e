// Candidates are `.`, `?` and `!` before other punctuation, or before white space and a further word. A candidate is
// judged by its context: from the word that it ends to the word after it. Of candidates whose contexts overlap (`!!!`)
// the last one counts. See PunktSentenceTokenizer._match_potential_end_contexts, _slices_from_text and
// _realign_boundaries.
#include "retort/corpus/sentences/punkt_splitter.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace retort::corpus {
namespace {

struct Slice {
  size_t begin, end;
};

struct Candidate {
  size_t word_begin;   // where the context begins
  size_t at;           // the `.`, `?` or `!`
  size_t context_end;  // after the following punctuation or word
  size_t next_begin;   // where the next sentence begins: the following word, else right after the candidate
};

Character character_at(std::string_view text, size_t at) {
  return read_character(text.data() + at, text.data() + text.size());
}

size_t skip_spaces(std::string_view text, size_t at) {
  while (at < text.size()) {
    const Character character = character_at(text, at);
    if (!character.is(kSpace)) break;
    at += static_cast<size_t>(character.byte_count);
  }
  return at;
}

size_t skip_word(std::string_view text, size_t at) {
  while (at < text.size()) {
    const Character character = character_at(text, at);
    if (character.is(kSpace)) break;
    at += static_cast<size_t>(character.byte_count);
  }
  return at;
}

// What follows the character at `at`; nothing when it cannot end a sentence.
std::optional<Candidate> maybe_candidate(std::string_view text, size_t at) {
  const size_t after = at + 1;
  if (after == text.size()) return {};
  const Character following = character_at(text, after);
  if (is_non_word(following.code_point))
    return Candidate{0, at, after + static_cast<size_t>(following.byte_count), after};
  if (!following.is(kSpace)) return {};
  const size_t next = skip_spaces(text, after);
  if (next == text.size()) return {};
  return Candidate{0, at, skip_word(text, next), next};
}

// The candidates of a text whose contexts do not overlap with the following one.
class CandidateReader {
 public:
  explicit CandidateReader(std::string_view text) : text_(text) {}

  std::optional<Candidate> next() {
    while (!is_at_end_) {
      std::optional<Candidate> found = find();
      is_at_end_ = !found;
      const std::optional<Candidate> previous = std::exchange(latest_, found);
      if (previous && (!found || previous->at <= found->word_begin)) return previous;
    }
    return {};
  }

 private:
  std::optional<Candidate> find() {
    for (; (at_ = text_.find_first_of(".?!", at_)) != text_.npos; ++at_) {
      std::optional<Candidate> candidate = maybe_candidate(text_, at_);
      if (!candidate) continue;
      candidate->word_begin = find_word(at_);
      previous_begin_ = candidate->word_begin;
      previous_at_ = at_++;
      return candidate;
    }
    return {};
  }
  // Where the word before `at` begins. White space right where the search begins counts as none, as in NLTK.
  size_t find_word(size_t at) const {
    const std::string_view before = text_.substr(previous_at_, at - previous_at_);
    const size_t space = before.find_last_of(" \t\n\r\v\f");
    return space == before.npos || space == 0 ? previous_begin_ : previous_at_ + space + 1;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t previous_begin_ = 0, previous_at_ = 0;
  std::optional<Candidate> latest_;
  bool is_at_end_ = false;
};

// Annotates the words of contexts; keeps its buffers.
class ContextJudge {
 public:
  explicit ContextJudge(const PunktParameters& parameters) : parameters_(parameters) {}

  // Whether some word of the context but the last one ends a sentence.
  bool has_break(std::string_view context) {
    bool has_word = false;
    for (size_t begin = 0; begin <= context.size();) {
      const size_t end = std::min(context.find('\n', begin), context.size());
      if (has_break_in_line(context.substr(begin, end - begin), has_word)) return true;
      begin = end + 1;
    }
    return false;
  }

 private:
  bool has_break_in_line(std::string_view line, bool& has_word) {
    if (strip(line).empty()) return false;
    WordCutter cutter(line);
    for (std::string_view word; cutter.next(word);) {
      next_.read(word);
      annotate_word(next_, parameters_);
      if (has_word) annotate_pair(token_, next_, parameters_, key_);
      if (has_word && token_.is_break) return true;
      std::swap(token_, next_);
      has_word = true;
    }
    return false;
  }

  const PunktParameters& parameters_;
  PunktToken token_, next_;
  std::string key_;
};

// Closing quotes and brackets at the beginning of a slice, when white space, `--` or the end follows them.
struct Closers {
  size_t byte_count = 0;  // of the closers
  size_t with_spaces = 0;
};

bool is_closer(char32_t code_point) {
  return code_point == '"' || code_point == '\'' || code_point == ')' || code_point == ']' || code_point == '}' ||
         (code_point >= 128 && is_non_word(code_point));
}

Closers find_closers(std::string_view slice) {
  for (size_t at = 0; at < slice.size();) {
    const Character character = character_at(slice, at);
    if (!is_closer(character.code_point)) break;
    at += static_cast<size_t>(character.byte_count);
    const size_t after = skip_spaces(slice, at);
    if (after > at || at == slice.size() || slice.substr(at).starts_with("--")) return {at, after};
  }
  return {};
}

// Moves closers at the beginning of a slice to the end of the one before.
class Realigner {
 public:
  Realigner(std::string_view text, std::vector<std::string_view>& sentences) : text_(text), sentences_(sentences) {}

  void add(Slice slice) {
    if (!pending_) {
      pending_ = slice;
      return;
    }
    const Closers closers = find_closers(text_.substr(slice.begin, slice.end - slice.begin));
    if (closers.byte_count > 0) {
      give({pending_->begin, slice.begin + closers.byte_count});
    } else {
      give(*pending_);
    }
    pending_ = Slice{slice.begin + closers.with_spaces, slice.end};
  }
  void finish() {
    if (pending_) give(*pending_);
  }

 private:
  void give(Slice slice) {
    if (slice.begin < slice.end) sentences_.push_back(text_.substr(slice.begin, slice.end - slice.begin));
  }

  std::string_view text_;
  std::vector<std::string_view>& sentences_;
  std::optional<Slice> pending_;
};

}  // namespace

void PunktSplitter::split(std::string_view text, std::vector<std::string_view>& sentences) const {
  CandidateReader candidates(text);
  ContextJudge judge(parameters_);
  Realigner realigner(text, sentences);
  size_t begin = 0;
  while (const std::optional<Candidate> candidate = candidates.next()) {
    if (!judge.has_break(text.substr(candidate->word_begin, candidate->context_end - candidate->word_begin))) continue;
    realigner.add({begin, candidate->at + 1});
    begin = candidate->next_begin;
  }
  realigner.add({begin, strip_right(text).size()});
  realigner.finish();
}

}  // namespace retort::corpus
