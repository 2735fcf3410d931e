#include "fuzz/input.h"
#include "fuzz/targets.h"
#include "fuzz/tokenizer_check.h"

namespace retort::fuzz {

bool tokenizer_files(std::string_view input) {
  const auto parts = split_parts(input);
  const ScratchFolder folder, saved;
  for (const char* name :
       {"tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"})
    if (const auto part = parts.find(name); part != parts.end()) folder.write(name, part->second);
  const auto part = parts.find("text");
  const std::string_view text = part == parts.end() ? input : part->second;
  return takes([&] {
    const text::Tokenizer tokenizer = text::Tokenizer::load(folder.path());
    check_encoding(tokenizer, text);
    tokenizer.save(saved.path());
    const text::Tokenizer again = text::Tokenizer::load(saved.path());
    RETORT_CHECK(again.encode_ids(text) == tokenizer.encode_ids(text), "the saved tokenizer gives other ids");
    RETORT_CHECK(again.content_hash() == tokenizer.content_hash(), "the saved tokenizer has another hash");
  });
}

}  // namespace retort::fuzz
