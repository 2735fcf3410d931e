// Word vectors in GloVe's text form (Pennington et al. 2014; https://nlp.stanford.edu/projects/glove): a line holds a
// word and its numbers, separated by spaces, the most frequent word first. Kept at length 1, so that a dot product of
// two is their similarity.
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
  int64_t max_rows = 100'000;  // lines that are read, from the first
  data::OnBadRecord on_bad_record = data::OnBadRecord::kFail;
};

class GloveVectors {
 public:
  // Maps the file and parses its lines in parallel. The first good line says how many numbers a vector has; a first
  // line of two whole numbers (word2vec's and fastText's form) is passed over. Bad lines: another count of numbers, one
  // that is not finite, a vector of zeros, a word that is not UTF-8. Of a word that occurs twice the first line counts;
  // `<unk>` is nobody's neighbor and is passed over. Throws UserError for bad lines under kFail and when no line is
  // good.
  static GloveVectors load(const std::filesystem::path& path, const GloveOptions& options);

  int64_t word_count() const { return static_cast<int64_t>(words_.size()); }
  int64_t width() const { return width_; }
  std::string_view word(int64_t index) const { return words_[static_cast<size_t>(index)]; }
  std::optional<int64_t> maybe_find(std::string_view word) const;
  std::span<const float> values() const { return values_; }  // [words, width], rows of length 1
  const data::SkippedRecords& skipped() const { return skipped_; }

 private:
  std::shared_ptr<const MappedFile> file_;  // what the words point into
  std::vector<std::string_view> words_;
  std::vector<float> values_;
  std::unordered_map<std::string_view, int64_t> indexes_;
  int64_t width_ = 0;
  data::SkippedRecords skipped_;
};

}  // namespace retort::augment
