#include "retort/base/line_reader.h"

#include "retort/base/error.h"

namespace retort {

namespace {

constexpr size_t kBatchBytes = 4 << 20;  // work for all threads, but small compared with a model

}  // namespace

const std::vector<std::string_view>& LineReader::next() {
  buffer_.erase(0, consumed_);
  lines_.clear();
  consumed_ = 0;
  while (lines_.empty() && !is_at_end_) {
    const size_t searched = buffer_.size();
    read_more();
    split(searched);
  }
  return lines_;
}

void LineReader::read_more() {
  const size_t kept = buffer_.size();
  buffer_.resize(kept + kBatchBytes);
  in_.read(buffer_.data() + kept, kBatchBytes);
  buffer_.resize(kept + static_cast<size_t>(in_.gcount()));
  is_at_end_ = !in_;
  if (in_.bad()) throw UserError("`{}` must be readable, but reading failed; check the file or pipe", subject_);
}

// Splits the buffer into lines; bytes before `searched` hold no line end.
void LineReader::split(size_t searched) {
  const std::string_view text = buffer_;
  for (size_t end = text.find('\n', searched); end != text.npos; end = text.find('\n', consumed_)) {
    lines_.push_back(text.substr(consumed_, end - consumed_));
    consumed_ = end + 1;
  }
  if (is_at_end_ && consumed_ < text.size()) {
    lines_.push_back(text.substr(consumed_));
    consumed_ = text.size();
  }
}

}  // namespace retort
