#include "retort/augment/augment_words.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace retort::augment {
namespace {

// The 179 words of corpus/stopwords/english in NLTK 3.4 to 3.8, and the two that the published augmentation adds.
constexpr std::array kStopWords = std::to_array<std::string_view>(
    {"i",        "me",     "my",      "myself",   "we",      "our",     "ours",     "ourselves",  "you",
     "you're",   "you've", "you'll",  "you'd",    "your",    "yours",   "yourself", "yourselves", "he",
     "him",      "his",    "himself", "she",      "she's",   "her",     "hers",     "herself",    "it",
     "it's",     "its",    "itself",  "they",     "them",    "their",   "theirs",   "themselves", "what",
     "which",    "who",    "whom",    "this",     "that",    "that'll", "these",    "those",      "am",
     "is",       "are",    "was",     "were",     "be",      "been",    "being",    "have",       "has",
     "had",      "having", "do",      "does",     "did",     "doing",   "a",        "an",         "the",
     "and",      "but",    "if",      "or",       "because", "as",      "until",    "while",      "of",
     "at",       "by",     "for",     "with",     "about",   "against", "between",  "into",       "through",
     "during",   "before", "after",   "above",    "below",   "to",      "from",     "up",         "down",
     "in",       "out",    "on",      "off",      "over",    "under",   "again",    "further",    "then",
     "once",     "here",   "there",   "when",     "where",   "why",     "how",      "all",        "any",
     "both",     "each",   "few",     "more",     "most",    "other",   "some",     "such",       "no",
     "nor",      "not",    "only",    "own",      "same",    "so",      "than",     "too",        "very",
     "s",        "t",      "can",     "will",     "just",    "don",     "don't",    "should",     "should've",
     "now",      "d",      "ll",      "m",        "o",       "re",      "ve",       "y",          "ain",
     "aren",     "aren't", "couldn",  "couldn't", "didn",    "didn't",  "doesn",    "doesn't",    "hadn",
     "hadn't",   "hasn",   "hasn't",  "haven",    "haven't", "isn",     "isn't",    "ma",         "mightn",
     "mightn't", "mustn",  "mustn't", "needn",    "needn't", "shan",    "shan't",   "shouldn",    "shouldn't",
     "wasn",     "wasn't", "weren",   "weren't",  "won",     "won't",   "wouldn",   "wouldn't",   "'s",
     "'re"});
static_assert(kStopWords.size() == 181);

constexpr std::array<std::string_view, 8> kQuestionWords = {"what", "which", "who", "whom",
                                                            "when", "where", "why", "how"};

bool is_letters(std::string_view word) {
  return std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

bool is_replaceable(const std::string& word, const AugmentRules& rules, const std::set<std::string>& black_list) {
  if (!is_letters(word) || black_list.contains(word)) return false;
  if (!is_stop_word(word)) return true;
  return rules.replaces_question_words &&
         std::find(kQuestionWords.begin(), kQuestionWords.end(), word) != kQuestionWords.end();
}

}  // namespace

bool is_stop_word(std::string_view word) {
  static const std::unordered_set<std::string_view> words(kStopWords.begin(), kStopWords.end());
  return words.contains(word);
}

AugmentText make_augment_text(const std::vector<text::BasicWord>& words, const text::Tokenizer& tokenizer,
                              const AugmentRules& rules, const std::set<std::string>& black_list) {
  AugmentText text;
  const auto max_words = static_cast<size_t>(rules.max_chunk_words);
  const auto max_pieces = static_cast<size_t>(rules.max_chunk_pieces);
  text::Encoding encoding;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = text.words.emplace_back(words[i].text);
    if (i % max_words == 0) text.chunks.emplace_back();
    AugmentChunk& chunk = text.chunks.back();
    const size_t begin = chunk.pieces.size();
    if (begin >= max_pieces) continue;
    encoding.clear();
    tokenizer.encode(word, encoding);
    const size_t kept = std::min(encoding.ids.size(), max_pieces - begin);
    chunk.pieces.insert(chunk.pieces.end(), encoding.ids.begin(), encoding.ids.begin() + static_cast<ptrdiff_t>(kept));
    if (kept == 0 || !is_replaceable(word, rules, black_list)) continue;
    chunk.replaceable.push_back({.word = static_cast<int32_t>(i),
                                 .piece = kept == 1 ? static_cast<int32_t>(begin) : ReplaceableWord::kSeveralPieces});
  }
  return text;
}

void collect_words_of_several_pieces(const AugmentText& text, std::set<std::string>& words) {
  for (const AugmentChunk& chunk : text.chunks)
    for (const ReplaceableWord& word : chunk.replaceable)
      if (word.piece == ReplaceableWord::kSeveralPieces) words.insert(text.words[static_cast<size_t>(word.word)]);
}

}  // namespace retort::augment
