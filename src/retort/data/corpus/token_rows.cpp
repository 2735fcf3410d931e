#include "retort/data/corpus/token_rows.h"

#include <algorithm>
#include <limits>

#include "retort/base/error.h"

namespace retort::data {

void TokenRowOptions::fields(FieldList& list) {
  list.add("max_seq_length", max_seq_length,
           {.help = "Longer sequences are cut into chunks of N tokens, each between [CLS] and [SEP].",
            .unit = "tokens",
            .min = 8,
            .max = 65535});
  list.add("min_seq_length", min_seq_length,
           {.help = "Shorter sequences are omitted; [CLS] and [SEP] count.", .unit = "tokens", .min = 0});
  list.add("max_unknown_share", max_unknown_share,
           {.help = "Sequences with this share of unknown tokens or more are omitted.", .min = 0, .max = 1.1});
}

TokenRowSet::TokenRowSet(std::shared_ptr<const TokenFile> file, const TokenRowOptions& options)
    : file_(std::move(file)) {
  if (constexpr int64_t kMax = std::numeric_limits<uint32_t>::max(); file_->sequence_count() > kMax)
    throw UserError("`{}` must have at most {} sequences, but has {}; split the text", file_->path().string(), kMax,
                    file_->sequence_count());
  std::vector<int32_t> ids;
  for (int64_t sequence = 0; sequence < file_->sequence_count(); ++sequence) add_sequence(sequence, ids, options);
  if (rows_.empty())
    throw UserError(
        "`{}` must have a sequence of {} tokens or more with known words, but none of its {} sequences "
        "is usable; lower `min_seq_length`, or make the file with the right vocabulary",
        file_->path().string(), options.min_seq_length, file_->sequence_count());
}

// Chunks have two tokens less than the limit, so that [CLS] and [SEP] always fit.
void TokenRowSet::add_sequence(int64_t sequence, std::vector<int32_t>& ids, const TokenRowOptions& options) {
  const TokenVocabulary& vocabulary = file_->vocabulary();
  const int64_t length = file_->length(sequence);
  ids.clear();
  file_->append_ids(sequence, 0, length, ids);
  const int64_t chunk = length > options.max_seq_length ? options.max_seq_length - 2 : length;
  for (int64_t begin = 0; begin < length; begin += chunk) {
    const int64_t count = std::min(chunk, length - begin);
    Row row{.sequence = static_cast<uint32_t>(sequence),
            .begin = static_cast<uint32_t>(begin),
            .count = static_cast<uint16_t>(count),
            .needs_cls = ids[begin] != vocabulary.cls_id,
            .needs_sep = ids[begin + count - 1] != vocabulary.sep_id};
    // A sequence that fits keeps its own [CLS] and [SEP].
    if (chunk == length) row.needs_cls = row.needs_sep = false;
    const int64_t tokens = count + row.needs_cls + row.needs_sep;
    const auto unknown = std::count(ids.begin() + begin, ids.begin() + begin + count, vocabulary.unk_id);
    if (tokens < options.min_seq_length)
      ++short_count_;
    else if (static_cast<double>(unknown) >= options.max_unknown_share * static_cast<double>(tokens))
      ++unknown_count_;
    else
      rows_.push_back(row);
  }
}

int64_t TokenRowSet::token_count(int64_t row) const {
  const Row& place = rows_[row];
  return int64_t{place.count} + place.needs_cls + place.needs_sep;
}

void TokenRowSet::append(int64_t row, Batch& batch) const {
  const Row& place = rows_[row];
  std::vector<int32_t> ids;
  ids.reserve(token_count(row));
  if (place.needs_cls) ids.push_back(file_->vocabulary().cls_id);
  file_->append_ids(place.sequence, place.begin, place.count, ids);
  if (place.needs_sep) ids.push_back(file_->vocabulary().sep_id);
  batch.tokens.append(ids, static_cast<int64_t>(ids.size()));
  batch.rows.push_back(row);
}

}  // namespace retort::data
