// bz2 -> bytes, several blocks at a time on all threads.
#pragma once

#include <memory>
#include <vector>

#include "retort/corpus/wiki/byte_source.h"
#include "retort/corpus/wiki/bz2_blocks.h"

namespace retort::corpus {

// Whether bytes begin as a bz2 file does.
bool is_bz2_header(std::string_view bytes);

// Decodes the pieces of `compressed`, which begin at the byte of `start`. Checksums of blocks and streams are checked;
// bytes after the last stream are ignored, as by bzip2. Damage is a UserError that names the byte of the file.
class Bz2Source : public ByteSource {
 public:
  Bz2Source(std::unique_ptr<ByteSource> compressed, std::string subject, const BytePlace& start = {})
      : compressed_(std::move(compressed)),
        subject_(std::move(subject)),
        buffer_offset_(static_cast<uint64_t>(start.file_byte)),
        searched_bit_(static_cast<uint64_t>(start.bit)),
        stream_checksum_(start.stream_checksum),
        decoded_bytes_(start.byte) {}
  bool read(std::string& bytes) override;
  BytePlace place_before(int64_t byte) const override;
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
  std::string buffer_;             // compressed bytes from the first that is not decoded yet
  uint64_t buffer_offset_;         // where they begin in the file
  uint64_t searched_bit_;          // of the buffer: marks before it are in marks_
  std::vector<Bz2Mark> marks_;     // bits count from the beginning of the buffer
  uint32_t stream_checksum_;       // of the blocks of this stream so far
  int64_t decoded_bytes_;          // before the next block
  std::vector<BytePlace> places_;  // the beginnings of all decoded blocks
  bool is_at_end_ = false, is_in_stream_ = true;
  std::string damage_;  // found after blocks that are returned first
};

}  // namespace retort::corpus
