// A set of byte strings with ids as a double-array trie: one addition and one comparison per byte. Finds a string, and
// the longest string of the set that is a prefix of a text.
// Source: J. Aoe, "An efficient digital search algorithm by using a double-array structure" (1989).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace retort::text {

class Trie {
 public:
  struct Entry {
    std::string_view key;
    int32_t id;
  };
  struct Match {
    int32_t id = -1;  // -1: no key matches
    int32_t byte_count = 0;
  };
  static constexpr int32_t kRoot = 0, kNowhere = -1;

  Trie() : units_(1 + 256) {}
  // Keys must be non-empty and distinct, ids non-negative. The keys need not outlive the call.
  explicit Trie(std::vector<Entry> entries);

  // The node that `key` leads to from `node`; kNowhere when no stored key has this prefix.
  int32_t walk(int32_t node, std::string_view key) const {
    for (const char byte : key) {
      node = child(node, byte);
      if (node == kNowhere) break;
    }
    return node;
  }
  // The id of the key that ends at `node`, else -1.
  int32_t id_at(int32_t node) const { return node == kNowhere ? -1 : units_[static_cast<size_t>(node)].id; }
  int32_t find(std::string_view key) const { return id_at(walk(kRoot, key)); }

  // The longest key, without the bytes that led to `node`, that is a prefix of the text; never an empty one.
  Match longest_prefix(int32_t node, std::string_view text) const {
    Match best;
    for (size_t i = 0; i < text.size(); ++i) {
      node = child(node, text[i]);
      if (node == kNowhere) break;
      const int32_t id = units_[static_cast<size_t>(node)].id;
      if (id >= 0) best = {id, static_cast<int32_t>(i + 1)};
    }
    return best;
  }

 private:
  struct Unit {
    int32_t base = 0, parent = kNowhere, id = -1;
  };
  struct Builder;

  int32_t child(int32_t node, char byte) const {
    const int32_t next = units_[static_cast<size_t>(node)].base + static_cast<uint8_t>(byte);
    return units_[static_cast<size_t>(next)].parent == node ? next : kNowhere;
  }

  std::vector<Unit> units_;  // 256 more than are used, so that no byte leads outside
};

}  // namespace retort::text
