// The double array against a plain map.
#include "retort/text/trie.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace retort::text {
namespace {

TEST(Trie, AnEmptyOneHoldsNothing) {
  EXPECT_EQ(Trie().find("a"), -1);
  EXPECT_EQ(Trie(std::vector<Trie::Entry>{}).longest_prefix(Trie::kRoot, "abc").id, -1);
}

TEST(Trie, FindsWhatAMapFinds) {
  std::mt19937 random(5);
  std::map<std::string, int32_t> map;
  const auto random_key = [&] {
    std::string key(1 + random() % 5, ' ');
    for (char& byte : key) byte = static_cast<char>(random() % 4 == 0 ? random() % 256 : 'a' + random() % 3);
    return key;
  };
  while (map.size() < 3000) map.emplace(random_key(), static_cast<int32_t>(map.size()));
  std::vector<Trie::Entry> entries;
  for (const auto& [key, id] : map) entries.push_back({key, id});
  const Trie trie(entries);
  for (int i = 0; i < 20000; ++i) {
    const std::string key = random_key();
    const auto found = map.find(key);
    EXPECT_EQ(trie.find(key), found == map.end() ? -1 : found->second);
    Trie::Match longest;
    for (size_t length = 1; length <= key.size(); ++length) {
      const auto prefix = map.find(key.substr(0, length));
      if (prefix != map.end()) longest = {prefix->second, static_cast<int32_t>(length)};
    }
    const Trie::Match match = trie.longest_prefix(Trie::kRoot, key);
    EXPECT_EQ(match.id, longest.id);
    EXPECT_EQ(match.byte_count, longest.byte_count);
  }
}

}  // namespace
}  // namespace retort::text
