// bz2 -> bytes, several blocks at a time on all threads.
#pragma once

#include <memory>
#include <vector>

#include "retort/corpus/wiki/byte_source.h"
#include "retort/corpus/wiki/bz2_blocks.h"

namespace retort::corpus {

// Whether bytes begin as a bz2 file does.
bool is_bz2_header(std::string_view bytes);

// Decodes the pieces of `compressed`. Checksums of blocks and streams are checked; bytes behind the last stream are
// passed over, as bzip2 does. Damage is a UserError that names the byte of the file.
class Bz2Source : public ByteSource {
 public:
  Bz2Source(std::unique_ptr<ByteSource> compressed, std::string subject)
      : compressed_(std::move(compressed)), subject_(std::move(subject)) {}
  bool read(std::string& bytes) override;
  int64_t consumed_bytes() const override { return compressed_->consumed_bytes(); }

 private:
  void read_more();
  bool decode_next(std::string& bytes);
  void finish();
  void end_stream(const Bz2Mark& mark);
  void drop_decoded(uint64_t bit);
  [[noreturn]] void throw_damaged(uint64_t bit, const char* problem) const;

  std::unique_ptr<ByteSource> compressed_;
  std::string subject_;
  std::string buffer_;            // compressed bytes from the first that is not decoded yet
  uint64_t buffer_offset_ = 0;    // where they begin in the file
  uint64_t searched_bit_ = 0;     // of the buffer: marks before it are in marks_
  std::vector<Bz2Mark> marks_;    // bits count from the begin of the buffer
  uint32_t stream_checksum_ = 0;  // of the blocks of this stream so far
  bool is_at_end_ = false, is_in_stream_ = true;
  std::string damage_;  // found behind blocks that are handed out first
};

}  // namespace retort::corpus
