// Raw text -> token ids with offsets: the BERT tokenizer (basic tokenizer + WordPiece), with the ids and offsets of the
// `tokenizers` library 0.23. Linear time. Each maximal ill-formed UTF-8 sequence counts as one U+FFFD, which the BERT
// normalizer removes. A loaded tokenizer is immutable and thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "retort/base/json.h"

namespace retort::text {

struct TokenizerOptions {
  bool do_lower_case = true;
  std::optional<bool> strip_accents = {};  // empty: same as do_lower_case
  bool tokenize_chinese_chars = true;
  int64_t max_word_characters = 100;  // longer words become [UNK]
  int64_t model_max_length = 512;     // tokens, from the model folder
  std::string unk_token = "[UNK]", sep_token = "[SEP]", pad_token = "[PAD]", cls_token = "[CLS]", mask_token = "[MASK]";
};

// A half-open range of a text, in UTF-8 bytes or in code points.
struct Range {
  int32_t begin = 0, end = 0;
  bool operator==(const Range&) const = default;
};

struct Encoding {
  std::vector<int32_t> ids;
  std::vector<Range> offsets;  // bytes, parallel to ids
  void clear() { ids.clear(), offsets.clear(); }
};

class Tokenizer {
 public:
  // Loads a model folder; ids equal those of AutoTokenizer of `transformers` 5. Pieces come from tokenizer.json if it
  // has a WordPiece model, else from vocab.txt; options and added tokens from tokenizer_config.json,
  // special_tokens_map.json and added_tokens.json (docs/decisions/0018-tokenizer-files.md). When files contradict each
  // other, a warning names both and the value used. `do_lower_case` overrides the files. Throws UserError (missing
  // files, a vocabulary without [UNK], [CLS] or [SEP], tokenizers that are not BERT's, ...).
  static Tokenizer load(const std::filesystem::path& folder, std::optional<bool> do_lower_case = {});
  // Loads only vocab.txt. Accepts CRLF and a byte order mark. Blank lines keep their ids, and the last line of a
  // repeated piece counts, with one warning for all.
  static Tokenizer from_vocab_file(const std::filesystem::path& vocab_file, TokenizerOptions options = {});
  static Tokenizer from_vocabulary(std::vector<std::string> pieces, TokenizerOptions options = {});
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Appends the pieces of `text` without [CLS] and [SEP]; special tokens in the text become their ids.
  // Offsets are byte ranges of `text`.
  void encode(std::string_view text, Encoding& out) const;
  std::vector<int32_t> encode_ids(std::string_view text) const;
  // Decodes ids like `tokenizers`: joins pieces, removes "##", cleans up spaces before punctuation.
  std::string decode(std::span<const int32_t> ids, bool skip_special_tokens = true) const;

  int32_t vocabulary_size() const;  // entries; ids are 0..size-1
  int32_t base_size() const;        // entries of the vocabulary without the added tokens, which follow
  std::string_view piece(int32_t id) const;
  std::optional<int32_t> find(std::string_view piece) const;
  int32_t unk_id() const;
  int32_t sep_id() const;
  int32_t pad_id() const;
  int32_t cls_id() const;
  int32_t mask_id() const;
  const TokenizerOptions& options() const;

  // Writes vocab.txt, tokenizer.json, tokenizer_config.json and special_tokens_map.json for `transformers`.
  void save(const std::filesystem::path& folder) const;
  // A hash of everything that affects ids; the key of feature caches.
  std::string content_hash() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace retort::text
