#include "retort/corpus/wiki/byte_source.h"

#include <array>
#include <string_view>

#include "retort/base/error.h"
#include "retort/corpus/wiki/bz2_source.h"

namespace retort::corpus {
namespace {

struct Compression {
  std::string_view magic, name, program;
};
constexpr std::array<Compression, 4> kOtherCompressions = {{{"\x1F\x8B", "gzip", "gzip -dc"},
                                                            {"\xFD"
                                                             "7zXZ",
                                                             "xz", "xz -dc"},
                                                            {"7z\xBC\xAF", "7-Zip", "7z x -so"},
                                                            {"\x28\xB5\x2F\xFD", "Zstandard", "zstd -dc"}}};

// Puts a piece that was read already in front of a source.
class PrependedSource : public ByteSource {
 public:
  PrependedSource(std::string first, std::unique_ptr<ByteSource> rest)
      : first_(std::move(first)), rest_(std::move(rest)) {}
  bool read(std::string& bytes) override {
    if (first_.empty()) return rest_->read(bytes);
    bytes = std::move(first_);
    first_.clear();
    return true;
  }
  int64_t consumed_bytes() const override { return rest_->consumed_bytes(); }

 private:
  std::string first_;
  std::unique_ptr<ByteSource> rest_;
};

}  // namespace

bool StreamSource::read(std::string& bytes) {
  bytes.resize(piece_bytes_);
  in_.read(bytes.data(), static_cast<std::streamsize>(piece_bytes_));
  bytes.resize(static_cast<size_t>(in_.gcount()));
  consumed_bytes_ += in_.gcount();
  if (in_.bad()) throw UserError("`{}` must be readable, but reading failed; check the file or pipe", subject_);
  return !bytes.empty();
}

std::unique_ptr<ByteSource> open_dump(std::istream& in, const std::string& subject, size_t piece_bytes) {
  auto stream = std::make_unique<StreamSource>(in, subject, piece_bytes);
  std::string first;
  if (!stream->read(first)) throw UserError("`{}` must be a dump of pages, but is empty; download it again", subject);
  for (const Compression& other : kOtherCompressions)
    if (first.starts_with(other.magic))
      throw UserError("`{}` must be XML or bz2, but is {}; pass it through `{}` into --input -", subject, other.name,
                      other.program);
  const bool is_bz2 = is_bz2_header(first);
  auto whole = std::make_unique<PrependedSource>(std::move(first), std::move(stream));
  if (!is_bz2) return whole;
  return std::make_unique<Bz2Source>(std::move(whole), subject);
}

}  // namespace retort::corpus
