// Word vectors in GloVe's text format (Pennington et al. 2014; https://nlp.stanford.edu/projects/glove): each line has
// a word and its numbers, separated by spaces, the most frequent word first. Vectors are normalized to length 1, so the
// dot product of two is their cosine similarity.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "retort/base/file.h"
#include "retort/data/bad_records.h"

namespace retort::augment {

struct GloveOptions {
  int64_t max_rows = 100'000;  // maximum number of lines read
  data::OnBadRecord on_bad_record = data::OnBadRecord::kFail;
};

class GloveVectors {
 public:
  // Maps the file and parses its lines in parallel. The first valid line sets the number of values per vector; a first
  // line of two whole numbers (the header of word2vec and fastText) is skipped. Bad lines: another number of values, a
  // non-finite value, a vector of zeros, a word that is not UTF-8. For a repeated word the first line counts; `<unk>`
  // is skipped. Throws UserError for bad lines under kFail and when no line is valid.
  static GloveVectors load(const std::filesystem::path& path, const GloveOptions& options);

  int64_t word_count() const { return static_cast<int64_t>(words_.size()); }
  int64_t width() const { return width_; }
  std::string_view word(int64_t index) const { return words_[static_cast<size_t>(index)]; }
  std::optional<int64_t> maybe_find(std::string_view word) const;
  std::span<const float> values() const { return values_; }  // [words, width], rows of length 1
  const data::SkippedRecords& skipped() const { return skipped_; }

 private:
  std::shared_ptr<const MappedFile> file_;  // the words point into it
  std::vector<std::string_view> words_;
  std::vector<float> values_;
  std::unordered_map<std::string_view, int64_t> indexes_;
  int64_t width_ = 0;
  data::SkippedRecords skipped_;
};

}  // namespace retort::augment
