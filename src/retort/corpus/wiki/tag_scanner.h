// Finds the tags of a text one after the other.
#pragma once

#include <string>
#include <string_view>

namespace retort::corpus {

// <name attributes>, </name> or <name attributes/>; white space may precede the name.
struct Tag {
  size_t begin = 0, end = 0;  // from < to behind >
  std::string name;           // lower case
  bool is_closing = false, is_self_closing = false;
  bool has_leading_space = false;  // between < and the name: < b >
};

class TagScanner {
 public:
  explicit TagScanner(std::string_view text) : text_(text) {}

  // The next tag that begins at `at` or later; false when there is none. A tag holds no `<`, so every byte is looked
  // at a bounded number of times.
  bool find_next(size_t at, Tag& tag) const;

  // The tag whose `<` is at `at`; false when no tag is there.
  bool read_at(size_t at, Tag& tag) const;

 private:
  std::string_view text_;
};

}  // namespace retort::corpus
