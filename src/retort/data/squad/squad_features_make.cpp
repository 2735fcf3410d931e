#include "retort/data/squad/squad_features_make.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/log.h"
#include "retort/base/thread.h"
#include "retort/data/squad/squad_words.h"

namespace retort::data {
namespace {

struct TokenizedContext {
  std::vector<text::Range> words;
  std::vector<int32_t> ids, piece_words;  // [pieces]
  std::vector<int32_t> first_pieces;      // [words] number of pieces before each word
};

struct ConvertedExample {
  std::vector<int32_t> question_ids;
  std::vector<Window> windows;
  int32_t answer_first = -1, answer_last = -1;  // pieces, inclusive; -1: no answer
  bool is_left_out = false;
};

class Converter {
 public:
  Converter(const SquadData& data, const text::Tokenizer& tokenizer, const SquadFeatureOptions& options,
            bool is_training)
      : data_(data), tokenizer_(tokenizer), options_(options), is_training_(is_training) {}

  void run() {
    contexts_.resize(data_.contexts.size());
    examples_.resize(data_.examples.size());
    const std::vector<size_t> used = used_contexts();
    parallel_for(static_cast<int64_t>(used.size()), 16, [&](int64_t begin, int64_t end) {
      text::Encoding scratch;
      for (int64_t i = begin; i < end; ++i) tokenize_context(used[static_cast<size_t>(i)], scratch);
    });
    parallel_for(static_cast<int64_t>(examples_.size()), 64, [&](int64_t begin, int64_t end) {
      text::Encoding scratch;
      for (int64_t i = begin; i < end; ++i) convert(static_cast<size_t>(i), scratch);
    });
  }

  ColumnStore make_columns();

 private:
  std::vector<size_t> used_contexts() const;
  // `scratch` is reused for all texts of a thread.
  void tokenize_context(size_t index, text::Encoding& scratch);
  void convert(size_t index, text::Encoding& scratch);
  void find_answer(const SquadExample& example, const TokenizedContext& context, text::Encoding& scratch,
                   ConvertedExample& converted) const;
  void add_context_columns(ColumnStore& store) const;
  void add_example_columns(ColumnStore& store) const;
  void add_feature_columns(ColumnStore& store) const;

  const SquadData& data_;
  const text::Tokenizer& tokenizer_;
  const SquadFeatureOptions& options_;
  const bool is_training_;
  std::vector<TokenizedContext> contexts_;
  std::vector<ConvertedExample> examples_;
};

std::vector<size_t> Converter::used_contexts() const {
  std::vector<uint8_t> is_used(data_.contexts.size());
  for (const SquadExample& example : data_.examples) is_used[static_cast<size_t>(example.context_index)] = 1;
  std::vector<size_t> used;
  for (size_t i = 0; i < is_used.size(); ++i)
    if (is_used[i]) used.push_back(i);
  return used;
}

// Tokenizes each word separately, as the reference does, so no piece spans two words.
void Converter::tokenize_context(size_t index, text::Encoding& scratch) {
  const std::string_view text = data_.contexts[index];
  TokenizedContext& context = contexts_[index];
  context.words = split_words(text);
  context.first_pieces.reserve(context.words.size());
  scratch.clear();
  for (const text::Range word : context.words) {
    context.first_pieces.push_back(static_cast<int32_t>(scratch.ids.size()));
    tokenizer_.encode(text.substr(static_cast<size_t>(word.begin), static_cast<size_t>(word.end - word.begin)),
                      scratch);
  }
  context.ids = {scratch.ids.begin(), scratch.ids.end()};
  context.piece_words.resize(context.ids.size());
  for (size_t word = 0; word < context.words.size(); ++word) {
    const bool is_last = word + 1 == context.words.size();
    const auto end = is_last ? context.piece_words.end() : context.piece_words.begin() + context.first_pieces[word + 1];
    std::fill(context.piece_words.begin() + context.first_pieces[word], end, static_cast<int32_t>(word));
  }
}

// Shrinks first..last to the first run of pieces inside that equals the answer's pieces ("improve the span").
void improve_span(const std::vector<int32_t>& ids, const std::vector<int32_t>& answer_ids, int32_t& first,
                  int32_t& last) {
  const auto begin = ids.begin() + first, end = ids.begin() + last + 1;
  const auto found = std::search(begin, end, answer_ids.begin(), answer_ids.end());
  if (answer_ids.empty() || found == end) return;
  first = static_cast<int32_t>(found - ids.begin());
  last = first + static_cast<int32_t>(answer_ids.size()) - 1;
}

void Converter::find_answer(const SquadExample& example, const TokenizedContext& context, text::Encoding& scratch,
                            ConvertedExample& converted) const {
  RETORT_CHECK(!example.answers.empty(), "question {} has no answer to train on", example.id);
  const SquadAnswer& answer = example.answers.front();
  const int64_t first_word = word_at(context.words, answer.context_bytes.begin);
  const int64_t last_word = word_at(context.words, answer.context_bytes.end - 1);
  const auto pieces = static_cast<int32_t>(context.ids.size());
  int32_t first = first_word < 0 ? 0 : context.first_pieces[static_cast<size_t>(first_word)];
  const auto next_word = static_cast<size_t>(last_word + 1);
  int32_t last = (next_word < context.words.size() ? context.first_pieces[next_word] : pieces) - 1;
  converted.is_left_out = first > last;
  if (converted.is_left_out) return;
  scratch.clear();
  tokenizer_.encode(answer.text, scratch);
  improve_span(context.ids, scratch.ids, first, last);
  converted.answer_first = first, converted.answer_last = last;
}

void Converter::convert(size_t index, text::Encoding& scratch) {
  const SquadExample& example = data_.examples[index];
  const TokenizedContext& context = contexts_[static_cast<size_t>(example.context_index)];
  ConvertedExample& converted = examples_[index];
  if (is_training_ && !example.is_impossible) find_answer(example, context, scratch, converted);
  if (converted.is_left_out) return;
  scratch.clear();
  tokenizer_.encode(example.question, scratch);
  const int64_t kept = std::min(static_cast<int64_t>(scratch.ids.size()), options_.max_query_length);
  converted.question_ids = {scratch.ids.begin(), scratch.ids.begin() + kept};
  const int64_t capacity = options_.max_seq_length - static_cast<int64_t>(converted.question_ids.size()) - 3;
  converted.windows = make_windows(static_cast<int64_t>(context.ids.size()), capacity, options_.doc_stride);
}

// Concatenates the lists `member` of all items. Reserves the size first, because a growing column of megabytes would
// need twice its memory.
template <typename Item, typename T>
std::vector<T> join(const std::vector<Item>& items, std::vector<T> Item::*member) {
  size_t count = 0;
  for (const Item& item : items) count += (item.*member).size();
  std::vector<T> joined;
  joined.reserve(count);
  for (const Item& item : items) joined.insert(joined.end(), (item.*member).begin(), (item.*member).end());
  return joined;
}

// Returns the start of each of these lists, and the end of the last.
template <typename Item, typename T>
std::vector<int64_t> starts_of(const std::vector<Item>& items, std::vector<T> Item::*member) {
  std::vector<int64_t> starts;
  starts.reserve(items.size() + 1);
  starts.push_back(0);
  for (const Item& item : items) starts.push_back(starts.back() + static_cast<int64_t>((item.*member).size()));
  return starts;
}

void Converter::add_context_columns(ColumnStore& store) const {
  store.add("context_piece_starts", starts_of(contexts_, &TokenizedContext::ids));
  store.add("context_word_starts", starts_of(contexts_, &TokenizedContext::words));
  store.add("piece_ids", join(contexts_, &TokenizedContext::ids));
  store.add("piece_words", join(contexts_, &TokenizedContext::piece_words));
  store.add("word_bytes", join(contexts_, &TokenizedContext::words));
}

void Converter::add_example_columns(ColumnStore& store) const {
  std::vector<int32_t> contexts;
  contexts.reserve(data_.examples.size());
  for (const SquadExample& example : data_.examples) contexts.push_back(static_cast<int32_t>(example.context_index));
  store.add("example_contexts", std::move(contexts));
  store.add("question_starts", starts_of(examples_, &ConvertedExample::question_ids));
  store.add("question_ids", join(examples_, &ConvertedExample::question_ids));
  store.add("example_feature_starts", starts_of(examples_, &ConvertedExample::windows));
}

void Converter::add_feature_columns(ColumnStore& store) const {
  std::vector<Window> windows = join(examples_, &ConvertedExample::windows);
  std::vector<int32_t> examples, starts, ends;
  for (std::vector<int32_t>* column : {&examples, &starts, &ends}) column->reserve(windows.size());
  for (size_t i = 0; i < examples_.size(); ++i) {
    const ConvertedExample& example = examples_[i];
    const auto offset = static_cast<int32_t>(example.question_ids.size()) + 2;
    for (const Window& window : example.windows) {
      const bool holds_answer =
          example.answer_first >= window.start && example.answer_last < window.start + window.length;
      const bool is_labeled = holds_answer && example.answer_first >= 0;
      starts.push_back(is_labeled ? example.answer_first - window.start + offset : 0);
      ends.push_back(is_labeled ? example.answer_last - window.start + offset : 0);
      examples.push_back(static_cast<int32_t>(i));
    }
  }
  store.add("feature_examples", std::move(examples));
  store.add("windows", std::move(windows));
  store.add("start_positions", std::move(starts));
  store.add("end_positions", std::move(ends));
}

ColumnStore Converter::make_columns() {
  const int64_t left_out = std::count_if(examples_.begin(), examples_.end(),
                                         [](const ConvertedExample& example) { return example.is_left_out; });
  if (left_out > 0)
    log_warning("{} answers have only characters without tokens; their questions were skipped", left_out);
  ColumnStore store;
  store.add("scalars", std::vector<int64_t>{tokenizer_.cls_id(), tokenizer_.sep_id(), data_.skipped.count + left_out});
  add_context_columns(store);
  add_example_columns(store);
  add_feature_columns(store);
  return store;
}

}  // namespace

SquadFeatures make_squad_features(const SquadData& data, const text::Tokenizer& tokenizer,
                                  const SquadFeatureOptions& options, bool is_training) {
  options.check(/*model_max_length=*/0);
  Converter converter(data, tokenizer, options, is_training);
  converter.run();
  return SquadFeatures(converter.make_columns());
}

}  // namespace retort::data
