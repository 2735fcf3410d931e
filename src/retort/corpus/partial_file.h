// A text file that takes long to make, written so that its making can be stopped at any instant and go on: the text
// lies in `<path>.partial`, and beside it `<path>.partial.json` says how much of it is sure and where its maker was.
#pragma once

#include <string>
#include <string_view>

#include "retort/base/file.h"
#include "retort/base/json.h"

namespace retort::corpus {

class PartialFile {
 public:
  // `key` stands for everything that the content follows from. What an earlier maker with this key left is kept, what
  // one with another key left is thrown away. Throws UserError when the file cannot be written.
  PartialFile(fs::path path, std::string key);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  // What was given to `save` last; null for a new file.
  const Json& saved() const { return saved_; }

  void write(std::string_view text);
  // Makes what was written so far durable together with `state`.
  void save(const Json& state);
  // Puts the file into its place, or over the one there.
  void publish();

 private:
  void flush();

  fs::path path_, partial_path_, state_path_;
  std::string key_;
  Json saved_;
  std::string gathered_;
  int64_t byte_count_ = 0;
  int descriptor_ = -1;
};

}  // namespace retort::corpus
