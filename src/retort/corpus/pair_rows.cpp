#include "retort/corpus/pair_rows.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/hash.h"
#include "retort/base/thread.h"
#include "retort/corpus/document_reader.h"
#include "retort/corpus/instance_file.h"
#include "retort/data/column_check.h"

namespace retort::corpus {

namespace {

constexpr int64_t kColumnsVersion = 1;  // of the cache; another number makes all of them anew

std::string make_key(const char* kind, const fs::path& file, const text::Tokenizer& tokenizer) {
  ContentHash key;
  key.add(kind).add_number(kColumnsVersion).add(data::hash_file_content(file)).add(tokenizer.content_hash());
  return key.hex();
}

data::ColumnStore tokenize_shard(const fs::path& path, const text::Tokenizer& tokenizer) {
  const DocumentStore documents = read_documents(path, tokenizer);
  const Documents view = documents.view();
  data::ColumnStore columns;
  columns.add("tokens", std::vector<int32_t>(view.tokens.begin(), view.tokens.end()));
  columns.add("sentence_starts", std::vector<int64_t>(view.sentence_starts.begin(), view.sentence_starts.end()));
  columns.add("document_starts", std::vector<int64_t>(view.document_starts.begin(), view.document_starts.end()));
  return columns;
}

void check_documents(const data::ColumnStore& columns, int64_t vocabulary_size) {
  const auto tokens = columns.need<int32_t>("tokens");
  const auto sentences = columns.need<int64_t>("sentence_starts"), documents = columns.need<int64_t>("document_starts");
  data::check_below("tokens", tokens, vocabulary_size);
  data::check_starts("sentence_starts", sentences, tokens.size());
  data::check_starts("document_starts", documents, sentences.size() - 1);
}

Documents documents_of(const data::ColumnStore& columns) {
  return {.tokens = columns.get<int32_t>("tokens"),
          .sentence_starts = columns.get<int64_t>("sentence_starts"),
          .document_starts = columns.get<int64_t>("document_starts")};
}

void append_pair(std::span<const int32_t> ids, int64_t first_count, std::span<const int32_t> positions,
                 std::span<const int32_t> masked_ids, bool is_random_next, int64_t row, data::Batch& batch) {
  const size_t begin = batch.tokens.ids.size();
  batch.tokens.append(ids, first_count);
  batch.token_labels.resize(batch.tokens.ids.size(), data::kNoTokenLabel);
  for (size_t i = 0; i < positions.size(); ++i) batch.token_labels[begin + positions[i]] = masked_ids[i];
  if (batch.labels.empty()) batch.labels.resize(1);
  batch.labels[0].push_back(is_random_next ? 1 : 0);
  batch.rows.push_back(row);
}

struct Place {
  size_t file;
  int64_t row;  // of the file
};

// `first_rows` [files + 1] are the rows before each file.
Place find_row(const std::vector<int64_t>& first_rows, int64_t row) {
  const auto after = std::upper_bound(first_rows.begin(), first_rows.end(), row);
  const auto file = static_cast<size_t>(after - first_rows.begin()) - 1;
  return {file, row - first_rows[file]};
}

// The pairs of one epoch.
class PlannedPairs final : public data::RowSet {
 public:
  PlannedPairs(const std::vector<data::ColumnStore>& shards, const InstanceOptions& options,
               const InstanceVocabulary& vocabulary, int64_t epoch)
      : options_(options), vocabulary_(vocabulary) {
    for (const data::ColumnStore& shard : shards) documents_.push_back(documents_of(shard));
    plans_.resize(shards.size());
    parallel_for(static_cast<int64_t>(shards.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t shard = begin; shard < end; ++shard) plan(shard, epoch);
    });
    for (const auto& plans : plans_) first_rows_.push_back(first_rows_.back() + static_cast<int64_t>(plans.size()));
  }
  int64_t row_count() const override { return first_rows_.back(); }
  int64_t token_count(int64_t row) const override {
    const auto [shard, plan] = find_row(first_rows_, row);
    return plans_[shard][plan].first.token_count() + plans_[shard][plan].second.token_count() + 3;
  }
  void append(int64_t row, data::Batch& batch) const override {
    const auto [shard, plan] = find_row(first_rows_, row);
    Instance instance;
    make_instance(documents_[shard], plans_[shard][plan], options_, vocabulary_, instance);
    append_pair(instance.ids, instance.first_count, instance.masked_positions, instance.masked_ids,
                instance.is_random_next, row, batch);
  }

 private:
  // Shards must not have the draws of each other: an epoch of a shard is one of its own numbers.
  void plan(int64_t shard, int64_t epoch) {
    const int64_t own_epoch = epoch * static_cast<int64_t>(documents_.size()) + shard;
    for (int64_t document = 0; document < documents_[shard].document_count(); ++document)
      append_plans(documents_[shard], document, own_epoch, options_, plans_[shard]);
  }

  const InstanceOptions& options_;
  const InstanceVocabulary& vocabulary_;
  std::vector<Documents> documents_;
  std::vector<std::vector<InstancePlan>> plans_;  // of each shard
  std::vector<int64_t> first_rows_{0};            // [shards + 1]
};

}  // namespace

SentencePairs::SentencePairs(const std::vector<fs::path>& shards, const text::Tokenizer& tokenizer,
                             const InstanceOptions& options, const data::CacheOptions& cache)
    : options_(options), vocabulary_(instance_vocabulary(tokenizer)) {
  for (const fs::path& shard : shards)
    shards_.push_back(data::load_or_build_columns(
        cache, "sentences", make_key("sentences", shard, tokenizer), [&] { return tokenize_shard(shard, tokenizer); },
        [&](const data::ColumnStore& columns) { check_documents(columns, tokenizer.vocabulary_size()); }));
}

std::shared_ptr<const data::RowSet> SentencePairs::rows_of(int64_t epoch) const {
  return std::make_shared<PlannedPairs>(shards_, options_, vocabulary_, epoch);
}

// Pairs without padding.
struct StoredPairs::Columns {
  data::ColumnStore store;
  std::span<const int64_t> starts, mask_starts;           // [rows + 1]
  std::span<const int32_t> ids, first_counts;             // [tokens], [rows]
  std::span<const int32_t> masked_positions, masked_ids;  // [masked tokens]
  std::span<const int32_t> next_sentence_labels;          // [rows]

  explicit Columns(data::ColumnStore columns)
      : store(std::move(columns)),
        starts(store.get<int64_t>("starts")),
        mask_starts(store.get<int64_t>("mask_starts")),
        ids(store.get<int32_t>("ids")),
        first_counts(store.get<int32_t>("first_counts")),
        masked_positions(store.get<int32_t>("masked_positions")),
        masked_ids(store.get<int32_t>("masked_ids")),
        next_sentence_labels(store.get<int32_t>("next_sentence_labels")) {}
  int64_t row_count() const { return static_cast<int64_t>(first_counts.size()); }

  static data::ColumnStore read(const fs::path& path);
  static void check(const data::ColumnStore& columns, int64_t vocabulary_size);
};

data::ColumnStore StoredPairs::Columns::read(const fs::path& path) {
  constexpr int64_t kRowsAtOnce = 4096;
  const InstanceFile file(path);
  const InstanceShape& shape = file.shape();
  std::vector<int64_t> starts{0}, mask_starts{0};
  std::vector<int32_t> ids, first_counts, positions, masked_ids, labels;
  InstanceRows rows;
  for (int64_t begin = 0; begin < shape.row_count; begin += kRowsAtOnce) {
    const int64_t count = std::min(kRowsAtOnce, shape.row_count - begin);
    file.read(begin, count, rows);
    for (int64_t row = 0; row < count; ++row) {
      const int64_t S = shape.sequence_length, P = shape.prediction_count;
      const auto mask = std::span(rows.input_mask).subspan(row * S, S);
      const auto segments = std::span(rows.segment_ids).subspan(row * S, S);
      const int64_t length = std::count(mask.begin(), mask.end(), 1);
      ids.insert(ids.end(), rows.input_ids.begin() + row * S, rows.input_ids.begin() + row * S + length);
      starts.push_back(static_cast<int64_t>(ids.size()));
      first_counts.push_back(static_cast<int32_t>(std::count(segments.begin(), segments.begin() + length, 0)));
      // Position 0 is [CLS], which is never masked, so 0 ends the list.
      for (int64_t p = 0; p < P && rows.masked_positions[row * P + p] != 0; ++p) {
        positions.push_back(rows.masked_positions[row * P + p]);
        masked_ids.push_back(rows.masked_ids[row * P + p]);
      }
      mask_starts.push_back(static_cast<int64_t>(positions.size()));
      labels.push_back(rows.next_sentence_labels[row]);
    }
  }
  data::ColumnStore columns;
  columns.add("starts", std::move(starts)), columns.add("mask_starts", std::move(mask_starts));
  columns.add("ids", std::move(ids)), columns.add("first_counts", std::move(first_counts));
  columns.add("masked_positions", std::move(positions)), columns.add("masked_ids", std::move(masked_ids));
  columns.add("next_sentence_labels", std::move(labels));
  return columns;
}

void StoredPairs::Columns::check(const data::ColumnStore& columns, int64_t vocabulary_size) {
  const auto starts = columns.need<int64_t>("starts"), mask_starts = columns.need<int64_t>("mask_starts");
  const auto ids = columns.need<int32_t>("ids"), first_counts = columns.need<int32_t>("first_counts");
  const auto positions = columns.need<int32_t>("masked_positions"), masked = columns.need<int32_t>("masked_ids");
  const auto labels = columns.need<int32_t>("next_sentence_labels");
  data::check_element_count("starts", starts.size(), first_counts.size() + 1);
  data::check_element_count("mask_starts", mask_starts.size(), first_counts.size() + 1);
  data::check_element_count("masked_ids", masked.size(), positions.size());
  data::check_element_count("next_sentence_labels", labels.size(), first_counts.size());
  data::check_starts("starts", starts, ids.size());
  data::check_starts("mask_starts", mask_starts, positions.size());
  data::check_below("ids", ids, vocabulary_size);
  data::check_below("masked_ids", masked, vocabulary_size);
  data::check_below("next_sentence_labels", labels, 2);
  for (size_t row = 0; row < first_counts.size(); ++row) {
    const int64_t length = starts[row + 1] - starts[row];
    if (length < 1 || first_counts[row] < 0 || first_counts[row] > length)
      throw UserError("its row {} must have tokens in both segments, but has {} of {} in the first", row,
                      first_counts[row], length);
    for (int64_t i = mask_starts[row]; i < mask_starts[row + 1]; ++i)
      if (positions[i] < 0 || positions[i] >= length)
        throw UserError("its row {} must have masked positions below {}, but has {}", row, length, positions[i]);
  }
}

StoredPairs::StoredPairs(const std::vector<fs::path>& files, const text::Tokenizer& tokenizer, int64_t max_seq_length,
                         const data::CacheOptions& cache) {
  const auto check = [&](const data::ColumnStore& columns) { Columns::check(columns, tokenizer.vocabulary_size()); };
  for (const fs::path& file : files) {
    const auto read = [&] {
      data::ColumnStore columns = Columns::read(file);
      try {
        check(columns);
      } catch (const UserError& error) {
        throw UserError(
            "`{}` must hold instances of this vocabulary, but {}; make it anew with `retort data instances`",
            file.string(), error.what());
      }
      return columns;
    };
    files_.emplace_back(
        data::load_or_build_columns(cache, "instances", make_key("instances", file, tokenizer), read, check));
    const Columns& columns = files_.back();
    for (int64_t row = 0; row < columns.row_count(); ++row)
      if (const int64_t length = columns.starts[row + 1] - columns.starts[row]; length > max_seq_length)
        throw UserError("`max_seq_length` must be at least {}, the length of row {} of `{}`, but is {}", length, row,
                        file.string(), max_seq_length);
    first_rows_.push_back(first_rows_.back() + columns.row_count());
  }
}

StoredPairs::~StoredPairs() = default;

int64_t StoredPairs::token_count(int64_t row) const {
  const auto [file, own] = find_row(first_rows_, row);
  return files_[file].starts[own + 1] - files_[file].starts[own];
}

void StoredPairs::append(int64_t row, data::Batch& batch) const {
  const auto [number, own] = find_row(first_rows_, row);
  const Columns& file = files_[number];
  const int64_t begin = file.starts[own], masks = file.mask_starts[own], mask_count = file.mask_starts[own + 1] - masks;
  append_pair(file.ids.subspan(begin, file.starts[own + 1] - begin), file.first_counts[own],
              file.masked_positions.subspan(masks, mask_count), file.masked_ids.subspan(masks, mask_count),
              file.next_sentence_labels[own] == 1, row, batch);
}

}  // namespace retort::corpus
