// The bytes of a dump, piece by piece: of a file or of standard input, as they are or out of bz2.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <string>

namespace retort::corpus {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Replaces `bytes` by the next piece, a few megabytes; false at the end. Throws UserError when reading fails or the
  // bytes are damaged; what came before is whole.
  virtual bool read(std::string& bytes) = 0;
  // Bytes of the file that were read so far, for progress.
  virtual int64_t consumed_bytes() const = 0;
};

// Bytes of a stream as they are, at most `piece_bytes` at a time.
class StreamSource : public ByteSource {
 public:
  // `subject` names the stream in messages. The stream must outlive the source.
  StreamSource(std::istream& in, std::string subject, size_t piece_bytes = 4 << 20)
      : in_(in), subject_(std::move(subject)), piece_bytes_(piece_bytes) {}
  bool read(std::string& bytes) override;
  int64_t consumed_bytes() const override { return consumed_bytes_; }

 private:
  std::istream& in_;
  std::string subject_;
  size_t piece_bytes_;
  int64_t consumed_bytes_ = 0;
};

// A source for the stream: decompressed where it begins as bz2 does. Throws UserError for other compressions, which it
// names, and for an empty stream. `piece_bytes` are read at a time.
std::unique_ptr<ByteSource> open_dump(std::istream& in, const std::string& subject, size_t piece_bytes = 4 << 20);

}  // namespace retort::corpus
