// The file is a column file (feature_cache.h): checked, mapped, and written atomically.
#include "retort/data/corpus/token_file.h"

#include <fstream>
#include <limits>

#include "retort/base/error.h"
#include "retort/base/hash.h"
#include "retort/base/json.h"
#include "retort/base/random.h"
#include "retort/data/column_check.h"
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

int64_t number_of(const Json& json, const char* name, int64_t most) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number_integer())
    throw UserError("the `{}` of its vocabulary must be a whole number, but is not", name);
  const auto value = found->get<int64_t>();
  if (value < 0 || value > most || found->get<double>() < 0 || found->get<double>() > static_cast<double>(most))
    throw UserError("the `{}` of its vocabulary must be 0 to {}, but is {}", name, most, found->dump());
  return value;
}

TokenVocabulary parse_vocabulary(std::string_view text) {
  const Json json = parse_json(text, "vocabulary");
  if (!json.is_object() || json.value("format", Json()) != kFormat)
    throw UserError("its vocabulary must be that of a {}, but is not", kFormat);
  TokenVocabulary vocabulary{.size = number_of(json, "vocab_size", TokenVocabulary::kMaxTokens)};
  if (vocabulary.size == 0) throw UserError("the `vocab_size` of its vocabulary must be 1 or more, but is 0");
  const auto id_of = [&](const char* name) { return static_cast<int32_t>(number_of(json, name, vocabulary.size - 1)); };
  vocabulary.pad_id = id_of("pad"), vocabulary.unk_id = id_of("unk"), vocabulary.cls_id = id_of("cls");
  vocabulary.sep_id = id_of("sep"), vocabulary.mask_id = id_of("mask");
  const auto hash = json.find("hash");
  if (hash == json.end() || !hash->is_string())
    throw UserError("the `hash` of its vocabulary must be a string, but is not");
  vocabulary.hash = hash->get<std::string>();
  return vocabulary;
}

// Calls `read` and adds the file's name and the remedy to its errors.
template <typename Read>
auto with_remedy(const fs::path& path, const Read& read) {
  try {
    return read();
  } catch (const UserError& error) {
    throw UserError("`{}` must be a complete token file, but {}; make it again with `retort data binarize`",
                    path.string(), error.what());
  }
}

// Reads the columns of a token file, which must exist.
ColumnStore read_columns(const fs::path& path) {
  if (fs::is_regular_file(path) && std::ifstream(path) && !is_column_file(path))
    throw UserError("`{}` must be a token file, but is not; make one from text with `retort data binarize`",
                    path.string());
  ColumnStore columns;
  try {
    columns = read_column_file(path, "");
  } catch (const UserError& error) {  // contains the file's name
    throw UserError("{}; make it again with `retort data binarize`", error.what());
  }
  with_remedy(path, [&] {
    for (const char* name : {"ids", "begins", "lengths", "vocabulary"})
      if (columns.maybe_find(name) == nullptr) throw UserError("it has no column `{}`", name);
  });
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

TokenFile::TokenFile(const fs::path& path) : path_(path), columns_(read_columns(path)) {
  with_remedy(path, [&] {
    const std::span<const char> text = columns_.need<char>("vocabulary");
    vocabulary_ = parse_vocabulary({text.data(), text.size()});
    begins_ = columns_.need<uint64_t>("begins"), lengths_ = columns_.need<uint32_t>("lengths");
    if (columns_.maybe_find("ids")->element_bytes == 2) {
      narrow_ = columns_.need<uint16_t>("ids"), token_count_ = static_cast<int64_t>(narrow_.size());
    } else {
      wide_ = columns_.need<uint32_t>("ids"), token_count_ = static_cast<int64_t>(wide_.size());
    }
    check_content();
  });
}

void TokenFile::check_content() const {
  check_below("ids", narrow_, vocabulary_.size);
  check_below("ids", wide_, vocabulary_.size);
  check_element_count("begins", begins_.size(), lengths_.size());
  if (lengths_.empty()) throw UserError("it has no sequences");
  const auto tokens = static_cast<uint64_t>(token_count_);
  uint64_t sum = 0;
  for (size_t i = 0; i < lengths_.size(); ++i) {
    if (lengths_[i] == 0 || lengths_[i] > tokens || begins_[i] > tokens - lengths_[i])
      throw UserError("its sequence {} lies outside of the ids", i);
    sum += lengths_[i];
  }
  if (sum != tokens) throw UserError("its sequences hold {} ids of {}", sum, tokens);
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
      ids_(path_.string() + ".ids") {
  if (vocabulary_.size > TokenVocabulary::kMaxTokens)
    throw UserError("`{}` must have a vocabulary of at most {} tokens, but has one of {}; use a smaller vocabulary",
                    path_.string(), TokenVocabulary::kMaxTokens, vocabulary_.size);
}

void TokenFileWriter::add(std::span<const int32_t> ids) {
  if (ids.empty()) return;
  for (const int32_t id : ids)
    if (id < 0 || id >= vocabulary_.size)
      throw UserError(
          "`{}` must have token ids from 0 to {}, but sequence {} has {}; the tokens belong to another vocabulary",
          path_.string(), vocabulary_.size - 1, sequence_count(), id);
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
  if (lengths_.empty())
    throw UserError("`{}` must have at least one sequence, but the text has none; choose another text", path_.string());
  write_column_file(path_, ContentHash().add(kFormat).add(vocabulary_.hash).hex(), make_columns(seed));
}

}  // namespace retort::data
