// A binarized corpus: sequences of token ids in one memory-mapped file, so only the pages that are read take memory. A
// sequence is one or several coherent sentences between [CLS] and [SEP]. Ids have 16 bits if the vocabulary is small
// enough, else 32. The table of sequences is shuffled once, when the file is written; ids are in the order of the text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "retort/base/file.h"
#include "retort/data/column_store.h"
#include "retort/text/tokenizer.h"

namespace retort::data {

// The vocabulary of the ids.
struct TokenVocabulary {
  static constexpr int64_t kMaxTokens = 1 << 22;  // four times the largest published; bounds tables of counts
  int64_t size = 0;
  int32_t pad_id = 0, unk_id = 0, cls_id = 0, sep_id = 0, mask_id = 0;
  std::string hash;  // Tokenizer::content_hash

  static TokenVocabulary of(const text::Tokenizer& tokenizer);
  bool is_special(int32_t id) const {
    return id == pad_id || id == unk_id || id == cls_id || id == sep_id || id == mask_id;
  }
};

// Read-only; thread-safe.
class TokenFile {
 public:
  // Maps and checks the file: every id is in the vocabulary and belongs to one sequence. Throws UserError for a damaged
  // file or another format.
  explicit TokenFile(const fs::path& path);

  const fs::path& path() const { return path_; }

  const TokenVocabulary& vocabulary() const { return vocabulary_; }
  int64_t sequence_count() const { return static_cast<int64_t>(lengths_.size()); }
  int64_t token_count() const { return token_count_; }
  int64_t length(int64_t sequence) const { return lengths_[sequence]; }
  int id_bytes() const { return narrow_.empty() ? 4 : 2; }

  // Appends ids begin..begin+count of the sequence.
  void append_ids(int64_t sequence, int64_t begin, int64_t count, std::vector<int32_t>& out) const;
  // Returns the number of occurrences of each id, [vocabulary size].
  std::vector<int64_t> count_ids() const;

 private:
  void check_content() const;

  fs::path path_;
  ColumnStore columns_;
  TokenVocabulary vocabulary_;
  std::span<const uint16_t> narrow_;  // one of the two is empty
  std::span<const uint32_t> wide_;
  std::span<const uint64_t> begins_;   // [N]
  std::span<const uint32_t> lengths_;  // [N]
  int64_t token_count_ = 0;
};

// Writes a token file. Ids go directly to a temporary file beside it; only 12 bytes per sequence stay in memory.
// Without `publish`, the destructor removes all files.
class TokenFileWriter {
 public:
  // Throws UserError when the folder is not writable, and for a vocabulary that is too large.
  TokenFileWriter(fs::path path, TokenVocabulary vocabulary);
  TokenFileWriter(const TokenFileWriter&) = delete;
  TokenFileWriter& operator=(const TokenFileWriter&) = delete;

  // Ids must be in the vocabulary. Ignores an empty sequence.
  void add(std::span<const int32_t> ids);
  // Shuffles the table with `seed` and writes the file. Throws UserError when no sequence was added.
  void publish(uint64_t seed);

  int64_t sequence_count() const { return static_cast<int64_t>(lengths_.size()); }
  int64_t token_count() const { return token_count_; }

 private:
  ColumnStore make_columns(uint64_t seed);

  fs::path path_;
  TokenVocabulary vocabulary_;
  bool is_narrow_;
  AtomicFile ids_;  // never published
  std::vector<uint64_t> begins_;
  std::vector<uint32_t> lengths_;
  int64_t token_count_ = 0;
};

}  // namespace retort::data
