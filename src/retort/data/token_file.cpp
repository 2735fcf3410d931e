// The container is a column file (feature_cache.h): checked, mapped, published whole.
#include "retort/data/token_file.h"

#include <fstream>
#include <limits>

#include "retort/base/error.h"
#include "retort/base/hash.h"
#include "retort/base/json.h"
#include "retort/base/random.h"
#include "retort/base/thread.h"
#include "retort/data/feature_cache.h"

namespace retort::data {

namespace {

constexpr std::string_view kFormat = "retort token file";

std::string describe(const TokenVocabulary& vocabulary) {
  return Json{{"format", kFormat},          {"vocab_size", vocabulary.size}, {"pad", vocabulary.pad_id},
              {"unk", vocabulary.unk_id},   {"cls", vocabulary.cls_id},      {"sep", vocabulary.sep_id},
              {"mask", vocabulary.mask_id}, {"hash", vocabulary.hash}}
      .dump();
}

TokenVocabulary parse_vocabulary(std::string_view text) {
  const Json json = Json::parse(text);
  TokenVocabulary vocabulary;
  vocabulary.size = json.at("vocab_size").get<int64_t>();
  vocabulary.pad_id = json.at("pad").get<int32_t>(), vocabulary.unk_id = json.at("unk").get<int32_t>();
  vocabulary.cls_id = json.at("cls").get<int32_t>(), vocabulary.sep_id = json.at("sep").get<int32_t>();
  vocabulary.mask_id = json.at("mask").get<int32_t>(), vocabulary.hash = json.at("hash").get<std::string>();
  return vocabulary;
}

const ColumnStore::Column* find_column(const ColumnStore& columns, std::string_view name) {
  for (const auto& column : columns.columns())
    if (column.name == name) return &column;
  return nullptr;
}

ColumnStore read_columns(const fs::path& path) {
  if (fs::is_regular_file(path) && std::ifstream(path) && !is_column_file(path))
    throw UserError("`{}` must be a token file, but is none; text becomes one by `retort data binarize`",
                    path.string());
  ColumnStore columns = read_column_file(path, "");
  for (const char* name : {"ids", "begins", "lengths", "vocabulary"})
    if (find_column(columns, name) == nullptr)
      throw UserError("`{}` must be a token file, but has no `{}`; make one by `retort data binarize`", path.string(),
                      name);
  return columns;
}

}  // namespace

TokenVocabulary TokenVocabulary::of(const text::Tokenizer& tokenizer) {
  return {.size = tokenizer.vocabulary_size(),
          .pad_id = tokenizer.pad_id(),
          .unk_id = tokenizer.unk_id(),
          .cls_id = tokenizer.cls_id(),
          .sep_id = tokenizer.sep_id(),
          .mask_id = tokenizer.mask_id(),
          .hash = tokenizer.content_hash()};
}

TokenFile::TokenFile(const fs::path& path)
    : columns_(read_columns(path)), vocabulary_(parse_vocabulary(columns_.text("vocabulary"))) {
  if (find_column(columns_, "ids")->element_bytes == 2)
    narrow_ = columns_.get<uint16_t>("ids"), token_count_ = static_cast<int64_t>(narrow_.size());
  else
    wide_ = columns_.get<uint32_t>("ids"), token_count_ = static_cast<int64_t>(wide_.size());
  begins_ = columns_.get<uint64_t>("begins"), lengths_ = columns_.get<uint32_t>("lengths");
  for (size_t i = 0; i < lengths_.size(); ++i)
    if (i >= begins_.size() || lengths_[i] > static_cast<uint64_t>(token_count_) ||
        begins_[i] > static_cast<uint64_t>(token_count_) - lengths_[i])
      throw UserError("`{}` must hold all its tokens, but sequence {} lies outside; make it again", path.string(), i);
}

void TokenFile::append_ids(int64_t sequence, int64_t begin, int64_t count, std::vector<int32_t>& out) const {
  RETORT_CHECK(begin >= 0 && count >= 0 && begin + count <= length(sequence), "ids {}..{} of sequence {}", begin,
               begin + count, sequence);
  const auto first = static_cast<size_t>(begins_[sequence]) + begin;
  const auto append = [&](const auto ids) { out.insert(out.end(), ids.begin(), ids.end()); };
  narrow_.empty() ? append(wide_.subspan(first, count)) : append(narrow_.subspan(first, count));
}

std::vector<int64_t> TokenFile::count_ids() const {
  std::vector<int64_t> counts(static_cast<size_t>(vocabulary_.size));
  const auto count = [&](const auto ids) {
    for (const auto id : ids)
      if (id < counts.size()) ++counts[id];
  };
  count(narrow_), count(wide_);
  return counts;
}

TokenFileWriter::TokenFileWriter(fs::path path, TokenVocabulary vocabulary)
    : path_(std::move(path)),
      vocabulary_(std::move(vocabulary)),
      is_narrow_(vocabulary_.size <= std::numeric_limits<uint16_t>::max() + 1),
      ids_(path_.string() + ".ids") {}

void TokenFileWriter::add(std::span<const int32_t> ids) {
  if (ids.empty()) return;
  for (const int32_t id : ids)
    if (id < 0 || id >= vocabulary_.size)
      throw UserError("every token id must be 0 to {}, but sequence {} has {}; the tokens belong to another vocabulary",
                      vocabulary_.size - 1, sequence_count(), id);
  begins_.push_back(static_cast<uint64_t>(token_count_));
  lengths_.push_back(static_cast<uint32_t>(ids.size()));
  token_count_ += static_cast<int64_t>(ids.size());
  if (!is_narrow_) return ids_.write(std::as_bytes(ids));
  std::vector<uint16_t> narrow(ids.begin(), ids.end());
  ids_.write(std::as_bytes(std::span(narrow)));
}

ColumnStore TokenFileWriter::make_columns(uint64_t seed) {
  std::vector<uint64_t> begins;
  std::vector<uint32_t> lengths;
  begins.reserve(begins_.size()), lengths.reserve(lengths_.size());
  for (const int64_t sequence : random_permutation(make_key(seed), sequence_count()))
    begins.push_back(begins_[sequence]), lengths.push_back(lengths_[sequence]);
  ColumnStore columns;
  columns.add_text("vocabulary", describe(vocabulary_));
  columns.add("begins", std::move(begins));
  columns.add("lengths", std::move(lengths));
  const auto ids = std::make_shared<const MappedFile>(ids_.map());
  columns.add_column({"ids", is_narrow_ ? 2U : 4U, ids->bytes()}, ids);
  return columns;
}

void TokenFileWriter::publish(uint64_t seed) {
  if (lengths_.empty()) throw UserError("`{}` must get at least one sequence, but the text has none", path_.string());
  write_column_file(path_, ContentHash().add(kFormat).add(vocabulary_.hash).hex(), make_columns(seed));
}

}  // namespace retort::data
