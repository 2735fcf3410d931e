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

// Puts a piece that was read already before the rest of a source.
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
  BytePlace place_before(int64_t byte) const override { return rest_->place_before(byte); }
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

namespace {

[[noreturn]] void throw_another_dump(const std::string& subject, int64_t byte) {
  throw UserError(
      "`{}` must be the dump that the extraction began with, but has no page at byte {} of the XML; name that dump, or "
      "pass --overwrite to extract this one",
      subject, byte);
}

std::unique_ptr<ByteSource> open_at(std::istream& in, const std::string& subject, const BytePlace& place,
                                    size_t piece_bytes) {
  std::string magic(4, '\0');
  in.read(magic.data(), std::ssize(magic));
  in.clear();
  in.seekg(place.file_byte);
  auto stream = std::make_unique<StreamSource>(in, subject, piece_bytes, place.file_byte);
  if (is_bz2_header(magic)) return std::make_unique<Bz2Source>(std::move(stream), subject, place);
  if (place.byte != place.file_byte || place.bit != 0) throw_another_dump(subject, place.byte);
  return stream;
}

}  // namespace

std::unique_ptr<ByteSource> open_dump_at(std::istream& in, const std::string& subject, const BytePlace& place,
                                         int64_t byte, size_t piece_bytes) {
  constexpr std::string_view kPage = "<page";
  std::unique_ptr<ByteSource> source = open_at(in, subject, place, piece_bytes);
  const auto skipped = static_cast<size_t>(byte - place.byte);
  std::string first, piece;
  while (first.size() < skipped + kPage.size() && source->read(piece)) first += piece;
  if (first.size() < skipped || !std::string_view(first).substr(skipped).starts_with(kPage))
    throw_another_dump(subject, byte);
  first.erase(0, skipped);
  return std::make_unique<PrependedSource>(std::move(first), std::move(source));
}

}  // namespace retort::corpus
