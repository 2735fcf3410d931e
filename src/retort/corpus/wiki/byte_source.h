// The bytes of a dump, piece by piece: of a file or of standard input, as they are or out of bz2.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <string>

namespace retort::corpus {

// A place from which a dump can be read.
struct BytePlace {
  int64_t byte = 0;              // of the decompressed dump
  int64_t file_byte = 0;         // of the file
  int bit = 0;                   // of that byte of the file: a block of bz2 begins at any bit
  uint32_t stream_checksum = 0;  // of the blocks before it in its bz2 stream
};

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Replaces `bytes` by the next piece, a few megabytes; false at the end. Throws UserError when reading fails or the
  // bytes are damaged; what came before is whole.
  virtual bool read(std::string& bytes) = 0;
  // The last place at or before a byte of the decompressed dump that was read.
  virtual BytePlace place_before(int64_t byte) const = 0;
  // Bytes of the file that were read so far, for progress.
  virtual int64_t consumed_bytes() const = 0;
};

// Bytes of a stream as they are, at most `piece_bytes` at a time. The position of the stream is `first_byte`.
class StreamSource : public ByteSource {
 public:
  // `subject` names the stream in messages. The stream must outlive the source.
  StreamSource(std::istream& in, std::string subject, size_t piece_bytes = 4 << 20, int64_t first_byte = 0)
      : in_(in), subject_(std::move(subject)), piece_bytes_(piece_bytes), consumed_bytes_(first_byte) {}
  bool read(std::string& bytes) override;
  BytePlace place_before(int64_t byte) const override { return {.byte = byte, .file_byte = byte}; }
  int64_t consumed_bytes() const override { return consumed_bytes_; }

 private:
  std::istream& in_;
  std::string subject_;
  size_t piece_bytes_;
  int64_t consumed_bytes_;
};

// A source for the stream: decompressed where it begins as bz2 does. Throws UserError for other compressions, which it
// names, and for an empty stream. `piece_bytes` are read at a time.
std::unique_ptr<ByteSource> open_dump(std::istream& in, const std::string& subject, size_t piece_bytes = 4 << 20);

// The same from `byte` of the decompressed dump on, which must begin a page; `place` is before it. The stream must be a
// file. Throws UserError where the file has no page there, since it is another dump.
std::unique_ptr<ByteSource> open_dump_at(std::istream& in, const std::string& subject, const BytePlace& place,
                                         int64_t byte, size_t piece_bytes = 4 << 20);

}  // namespace retort::corpus
