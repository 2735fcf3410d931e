// Raw text -> token ids with offsets: the BERT tokenizer (basic tokenizer + WordPiece), equal in ids and offsets to the
// `tokenizers` library 0.23. Time is linear in the text. Invalid UTF-8: each maximal ill-formed part counts as one
// U+FFFD (which the BERT normalizer then drops). A loaded tokenizer is immutable and safe to share between threads.
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
  std::optional<bool> strip_accents = {};  // absent: as do_lower_case
  bool tokenize_chinese_chars = true;
  int64_t max_word_characters = 100;  // longer words become [UNK]
  int64_t model_max_length = 512;     // tokens, as the model folder says
  std::string unk_token = "[UNK]", sep_token = "[SEP]", pad_token = "[PAD]", cls_token = "[CLS]", mask_token = "[MASK]";
};

// A half-open range of the text, in bytes of its UTF-8 form or in code points.
struct Range {
  int32_t begin = 0, end = 0;
  bool operator==(const Range&) const = default;
};

struct Encoding {
  std::vector<int32_t> ids;
  std::vector<Range> offsets;  // bytes, parallel to ids
  void clear() { ids.clear(), offsets.clear(); }
};

enum class TruncationStrategy { kLongestFirst, kOnlyFirst, kOnlySecond, kDoNotTruncate };

class Tokenizer {
 public:
  // From a model folder, with the ids that AutoTokenizer of `transformers` 5 gives: pieces from tokenizer.json when it
  // is there and a WordPiece model, else from vocab.txt; options and added tokens from tokenizer_config.json,
  // special_tokens_map.json and added_tokens.json (docs/decisions/0018-tokenizer-files.md). Where files disagree, a
  // warning names both and the value taken. `do_lower_case` overrules the files. Throws UserError (missing files, wrong
  // vocabulary: no [UNK]/[CLS]/[SEP], definitions that are not BERT's, ...).
  static Tokenizer load(const std::filesystem::path& folder, std::optional<bool> do_lower_case = {});
  // From vocab.txt alone. Accepts CRLF and a byte-order mark; blank lines keep their ids, of a piece in several lines
  // the last one counts, and one warning says so.
  static Tokenizer from_vocab_file(const std::filesystem::path& vocab_file, TokenizerOptions options = {});
  static Tokenizer from_vocabulary(std::vector<std::string> pieces, TokenizerOptions options = {});
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Appends the pieces of `text` without [CLS] and [SEP]; special tokens inside the text become their ids.
  // Offsets are byte ranges of `text`.
  void encode(std::string_view text, Encoding& out) const;
  std::vector<int32_t> encode_ids(std::string_view text) const;
  // Ids back to text, as `tokenizers` decodes: joins pieces, "##" glued, clean-up of spaces before punctuation.
  std::string decode(std::span<const int32_t> ids, bool skip_special_tokens = true) const;

  int32_t vocabulary_size() const;  // entries, ids are 0..size-1
  int32_t base_size() const;        // of those, the ones of the vocabulary itself; tokens that are added follow
  std::string_view piece(int32_t id) const;
  std::optional<int32_t> find(std::string_view piece) const;
  int32_t unk_id() const;
  int32_t sep_id() const;
  int32_t pad_id() const;
  int32_t cls_id() const;
  int32_t mask_id() const;
  const TokenizerOptions& options() const;

  // Writes vocab.txt, tokenizer.json, tokenizer_config.json and special_tokens_map.json that `transformers` reads.
  void save(const std::filesystem::path& folder) const;
  // Depends on everything that changes ids: names feature caches.
  std::string content_hash() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

// Removes tokens from the ends of a pair until first + second <= budget, as `transformers` does: longest_first takes
// one token at a time from the longer (tie: the second), only_first/only_second from that one alone. Returns the kept
// lengths.
struct PairLengths {
  int64_t first = 0, second = 0;
};
PairLengths truncate_pair(PairLengths lengths, int64_t budget, TruncationStrategy strategy);

// Code-point offsets of byte offsets: maps[i] = number of code points that end at or before byte i, for
// i = 0..text.size(); so every byte of a code point maps to that code point's own number. An ill-formed part counts as
// the one U+FFFD that it decodes to.
std::vector<int32_t> code_points_before(std::string_view text);

}  // namespace retort::text
