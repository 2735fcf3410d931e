#include "retort/text/basic_words.h"

#include "retort/text/normalizer.h"

namespace retort::text {
namespace {

// The sink of a Normalizer: collects code points into words.
class WordSink {
 public:
  explicit WordSink(std::vector<BasicWord>& words) : words_(words) {}

  void put(char32_t code_point, Range source) {
    const CodePointRecord& record = record_of(code_point);
    const bool is_alone = record.is_punctuation();
    if (record.is_whitespace() || is_alone) word_is_open_ = false;
    if (record.is_whitespace()) return;
    if (!word_is_open_) words_.push_back({.text = {}, .source = source});
    char utf8[4];
    words_.back().text.append(utf8, static_cast<size_t>(encode_utf8(code_point, utf8)));
    words_.back().source.end = source.end;
    word_is_open_ = !is_alone;
  }

 private:
  std::vector<BasicWord>& words_;
  bool word_is_open_ = false;
};

}  // namespace

std::vector<BasicWord> basic_words(std::string_view text, const TokenizerOptions& options) {
  const Normalizer normalizer({.clean_text = true,
                               .handle_chinese_chars = options.tokenize_chinese_chars,
                               .lowercase = options.do_lower_case,
                               .strip_accents = options.strip_accents});
  std::vector<BasicWord> words;
  WordSink sink(words);
  MarkRun run;
  normalizer.normalize(text, {0, static_cast<int32_t>(text.size())}, run, sink);
  return words;
}

std::string join_words(const std::vector<BasicWord>& words) {
  std::string joined;
  for (const BasicWord& word : words) {
    if (!joined.empty()) joined += ' ';
    joined += word.text;
  }
  return joined;
}

}  // namespace retort::text
