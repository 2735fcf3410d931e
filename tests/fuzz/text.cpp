#include "fuzz/input.h"
#include "fuzz/targets.h"
#include "fuzz/tokenizer_check.h"

namespace retort::fuzz {
namespace {

text::Tokenizer make_text_tokenizer(const text::TokenizerOptions& options) {
  return text::Tokenizer::from_vocabulary({"[PAD]",
                                           "[UNK]",
                                           "[CLS]",
                                           "[SEP]",
                                           "[MASK]",
                                           "the",
                                           "cat",
                                           "##s",
                                           "a",
                                           "##a",
                                           "e",
                                           "##e",
                                           "\xC3\xA9",
                                           "\xE4\xB8\xAD",
                                           "##\xE4\xB8\xAD",
                                           "!",
                                           ".",
                                           "##1",
                                           "1",
                                           "'",
                                           "\xF0\x9F\x98\x80",
                                           "\xE1\x84\x80",
                                           "##\xE1\x85\xA1"},
                                          options);
}

}  // namespace

bool text(std::string_view input) {
  static const text::Tokenizer uncased = make_text_tokenizer({}),
                               cased = make_text_tokenizer({.do_lower_case = false,
                                                            .strip_accents = true,
                                                            .tokenize_chinese_chars = false,
                                                            .max_word_characters = 5});
  check_encoding(uncased, input), check_encoding(cased, input);
  return true;
}

}  // namespace retort::fuzz
