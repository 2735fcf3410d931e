// Text -> value, for tables with millions of short texts: all texts lie in one string, the entries in one vector in the
// order of their first use, and the index holds 4 bytes a place. About 30 bytes an entry beside the text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "retort/base/error.h"
#include "retort/base/hash.h"

namespace retort::corpus {

// Not thread-safe; reading is, while nobody writes.
template <typename Value>
class TextTable {
 public:
  struct Entry {
    uint64_t hash;
    uint64_t begin;
    uint32_t byte_count;
    Value value;
  };

  static uint64_t hash_of(std::string_view text) { return hash_bytes(std::as_bytes(std::span(text))); }

  // The value of `text`, value-initialized when it is new.
  Value& operator[](std::string_view text) { return at_hash(text, hash_of(text)); }
  Value& at_hash(std::string_view text, uint64_t hash) {
    if (entries_.size() * 2 >= index_.size()) grow();
    uint32_t& place = index_[find_place(text, hash)];
    if (place != 0) return entries_[place - 1].value;
    RETORT_CHECK(entries_.size() < UINT32_MAX / 2, "a table of texts has more than 2^31 entries");
    entries_.push_back({hash, texts_.size(), static_cast<uint32_t>(text.size()), Value{}});
    texts_.append(text);
    place = static_cast<uint32_t>(entries_.size());
    return entries_.back().value;
  }

  // Null when the text is not there.
  const Value* find(std::string_view text) const {
    if (entries_.empty()) return nullptr;
    const uint32_t place = index_[find_place(text, hash_of(text))];
    return place == 0 ? nullptr : &entries_[place - 1].value;
  }
  bool contains(std::string_view text) const { return find(text) != nullptr; }
  Value value_or_default(std::string_view text) const {
    const Value* const value = find(text);
    return value == nullptr ? Value{} : *value;
  }

  size_t size() const { return entries_.size(); }
  const std::vector<Entry>& entries() const { return entries_; }
  std::string_view text_of(const Entry& entry) const {
    return std::string_view(texts_).substr(entry.begin, entry.byte_count);
  }
  void clear() { entries_.clear(), texts_.clear(), index_.assign(index_.size(), 0); }

 private:
  // The place in the index that holds the text, or the free one where it belongs.
  size_t find_place(std::string_view text, uint64_t hash) const {
    const size_t mask = index_.size() - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
      if (index_[at] == 0) return at;
      const Entry& entry = entries_[index_[at] - 1];
      if (entry.hash == hash && text_of(entry) == text) return at;
    }
  }
  void grow() {
    index_.assign(index_.empty() ? 64 : index_.size() * 2, 0);
    const size_t mask = index_.size() - 1;
    for (size_t i = 0; i < entries_.size(); ++i) {
      size_t at = entries_[i].hash & mask;
      while (index_[at] != 0) at = (at + 1) & mask;
      index_[at] = static_cast<uint32_t>(i + 1);
    }
  }

  std::string texts_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> index_;  // number of the entry from 1; 0: free
};

// A set of texts.
struct Present {};
using TextSet = TextTable<Present>;

}  // namespace retort::corpus
