// Reads the lines of a stream in batches of a few megabytes. Memory is bounded for any input size, and every batch
// has work for all threads.
#pragma once

#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace retort {

class LineReader {
 public:
  // `subject` names the stream in messages: a path, or "standard input". The stream must outlive the reader.
  LineReader(std::istream& in, std::string subject) : in_(in), subject_(std::move(subject)) {}

  // The next lines without their line ends; empty at the end of the stream. The views are valid until the next call.
  // Throws UserError when reading fails.
  const std::vector<std::string_view>& next();

 private:
  void read_more();
  void split(size_t searched);

  std::istream& in_;
  std::string subject_;
  std::string buffer_;
  std::vector<std::string_view> lines_;
  size_t consumed_ = 0;
  bool is_at_end_ = false;
};

}  // namespace retort
