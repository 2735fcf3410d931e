#include "retort/corpus/pair_rows.h"

#include <algorithm>

#include "retort/base/error.h"
#include "retort/base/hash.h"
#include "retort/base/random.h"
#include "retort/base/thread.h"
#include "retort/corpus/document_reader.h"
#include "retort/corpus/pair_columns.h"
#include "retort/corpus/pair_file.h"
#include "retort/data/column_check.h"

namespace retort::corpus {

namespace {

constexpr int64_t kColumnsVersion = 2;  // of the cache; another number makes all of them anew

constexpr uint64_t kMaskStream = 0x6D61736B73;  // the draws of masks that an epoch draws

std::string cache_key(const char* kind, const fs::path& file, const text::Tokenizer& tokenizer) {
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
        cache, "sentences", cache_key("sentences", shard, tokenizer), [&] { return tokenize_shard(shard, tokenizer); },
        [&](const data::ColumnStore& columns) { check_documents(columns, tokenizer.vocabulary_size()); }));
}

std::shared_ptr<const data::RowSet> SentencePairs::rows_of(int64_t epoch) const {
  return std::make_shared<PlannedPairs>(shards_, options_, vocabulary_, epoch);
}

struct StoredPairs::Content {
  std::vector<PairColumns> files;
  std::vector<int64_t> first_rows{0};  // [files + 1] rows before each file
  InstanceOptions options;
  InstanceVocabulary vocabulary;

  void add(PairColumns columns, const fs::path& path);
  bool is_dynamic() const { return !files.empty() && files.front().is_dynamic; }
  // What `append` adds of a pair whose masks are in its file.
  void append_stored(int64_t row, data::Batch& batch) const;
  // The same for one without masks, which are drawn for the epoch.
  void append_masked(int64_t row, int64_t epoch, data::Batch& batch) const;
};

void StoredPairs::Content::add(PairColumns columns, const fs::path& path) {
  for (int64_t row = 0; row < columns.row_count(); ++row)
    if (columns.token_count(row) > options.max_seq_length)
      throw UserError("`max_seq_length` must be at least {}, the length of row {} of `{}`, but is {}",
                      columns.token_count(row), row, path.string(), options.max_seq_length);
  if (!files.empty() && columns.is_dynamic != is_dynamic())
    throw UserError(
        "`{}` must {} masks, as the other files do, but does{}; keep files with and without masks in "
        "folders of their own",
        path.string(), is_dynamic() ? "hold no" : "hold", is_dynamic() ? "" : " not");
  first_rows.push_back(first_rows.back() + columns.row_count());
  files.push_back(std::move(columns));
}

void StoredPairs::Content::append_stored(int64_t row, data::Batch& batch) const {
  const auto [number, own] = find_row(first_rows, row);
  const PairColumns& file = files[number];
  const int64_t masks = file.mask_starts[own], mask_count = file.mask_starts[own + 1] - masks;
  append_pair(file.ids.subspan(file.starts[own], file.token_count(own)), file.first_counts[own],
              file.masked_positions.subspan(masks, mask_count), file.masked_ids.subspan(masks, mask_count),
              file.next_sentence_labels[own] == 1, row, batch);
}

void StoredPairs::Content::append_masked(int64_t row, int64_t epoch, data::Batch& batch) const {
  const auto [number, own] = find_row(first_rows, row);
  const PairColumns& file = files[number];
  const auto ids = file.ids.subspan(file.starts[own], file.token_count(own));
  Instance instance{.ids = {ids.begin(), ids.end()}};
  mask_pair(options, vocabulary, make_key(static_cast<uint64_t>(options.random_seed), kMaskStream, epoch, row),
            instance);
  append_pair(instance.ids, file.first_counts[own], instance.masked_positions, instance.masked_ids,
              file.next_sentence_labels[own] == 1, row, batch);
}

namespace {

// The pairs of one epoch.
template <typename Content>
class StoredRows final : public data::RowSet {
 public:
  StoredRows(std::shared_ptr<const Content> content, int64_t epoch) : content_(std::move(content)), epoch_(epoch) {}
  int64_t row_count() const override { return content_->first_rows.back(); }
  int64_t token_count(int64_t row) const override {
    const auto [file, own] = find_row(content_->first_rows, row);
    return content_->files[file].token_count(own);
  }
  void append(int64_t row, data::Batch& batch) const override {
    if (content_->is_dynamic())
      content_->append_masked(row, epoch_, batch);
    else
      content_->append_stored(row, batch);
  }

 private:
  std::shared_ptr<const Content> content_;
  int64_t epoch_;
};

}  // namespace

StoredPairs::StoredPairs(const std::vector<fs::path>& files, const text::Tokenizer& tokenizer,
                         const InstanceOptions& options, const data::CacheOptions& cache) {
  const auto content = std::make_shared<Content>();
  content->options = options;
  content->vocabulary = instance_vocabulary(tokenizer);
  const auto check = [&](const data::ColumnStore& columns) {
    PairColumns::check(columns, tokenizer.vocabulary_size());
  };
  for (const fs::path& file : files) {
    const auto read = [&] {
      data::ColumnStore columns = read_pair_file(file, tokenizer);
      try {
        check(columns);
      } catch (const UserError& error) {
        throw UserError(
            "`{}` must hold instances of this vocabulary, but {}; make it anew with `retort data instances`",
            file.string(), error.what());
      }
      return columns;
    };
    content->add(PairColumns(data::load_or_build_columns(cache, "instances", cache_key("instances", file, tokenizer),
                                                         read, check)),
                 file);
  }
  content_ = content;
}

StoredPairs::~StoredPairs() = default;

std::shared_ptr<const data::RowSet> StoredPairs::rows_of(int64_t epoch) const {
  return std::make_shared<StoredRows<Content>>(content_, epoch);
}

}  // namespace retort::corpus
