// Feature caches with correct checksums and invalid content: the error names the column, and the cache is rebuilt.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "retort/data/glue/glue_set.h"
#include "retort/data/squad/squad_features_check.h"
#include "retort/data/squad/squad_features_make.h"
#include "unit/data/squad/squad_testing.h"

namespace retort::data {
namespace {

using retort::testing::ScratchFolder;
using retort::testing::squad_tokenizer;
using retort::testing::user_error_of;

// The columns with one of them changed; an empty change removes the column.
using Change = std::function<void(std::vector<std::byte>&)>;
ColumnStore changed(const ColumnStore& columns, const std::string& name, const Change& change) {
  ColumnStore result;
  for (const ColumnStore::Column& column : columns.columns()) {
    if (column.name == name && change == nullptr) continue;
    auto bytes = std::make_shared<std::vector<std::byte>>(column.bytes.begin(), column.bytes.end());
    if (column.name == name) change(*bytes);
    const std::span<const std::byte> view = *bytes;
    result.add_column({column.name, column.element_bytes, view}, std::move(bytes));
  }
  return result;
}

// Sets element `index` of the column to `value`; from the end when negative.
template <typename T>
Change set(int64_t index, T value) {
  return [=](std::vector<std::byte>& bytes) {
    const auto count = static_cast<int64_t>(bytes.size() / sizeof(T));
    std::memcpy(bytes.data() + static_cast<size_t>(index < 0 ? count + index : index) * sizeof(T), &value, sizeof(T));
  };
}

Change without_last(size_t byte_count) {
  return [=](std::vector<std::byte>& bytes) { bytes.resize(bytes.size() - byte_count); };
}

struct Case {
  const char* column;
  Change change;
  const char* told;
};

const SquadFeatureOptions kOptions{.max_seq_length = 64, .doc_stride = 16, .max_query_length = 16};

TEST(CachedSquadFeatures, EveryColumnIsChecked) {
  const SquadData data = read_squad(retort::testing::squad_fixture("sample-v1.1.json"), {});
  const SquadFeatures features = make_squad_features(data, squad_tokenizer(), kOptions, false);
  const auto told = [&](const ColumnStore& columns) {
    return user_error_of([&] { check_squad_features(columns, squad_tokenizer(), kOptions, &data); });
  };
  EXPECT_EQ(told(features.columns()), "");
  const std::vector<Case> cases{
      {"scalars", nullptr, "it must have the column `scalars`"},
      {"scalars", set<int64_t>(0, 1 << 30), "its column `scalars` must hold [CLS], [SEP] and a count"},
      {"scalars", set<int64_t>(2, -1), "its column `scalars` must hold [CLS], [SEP] and a count"},
      {"context_piece_starts", set<int64_t>(0, 1), "`context_piece_starts` must begin at 0 and end at"},
      {"context_piece_starts", set<int64_t>(-1, 1), "`context_piece_starts` must begin at 0 and end at"},
      {"context_piece_starts", set<int64_t>(1, -5),
       "`context_piece_starts` must not decrease, but does after number 0"},
      {"context_word_starts", set<int64_t>(1, 1LL << 40), "`context_word_starts` must not decrease"},
      {"piece_ids", set<int32_t>(3, -1), "`piece_ids` must hold numbers from 0 to"},
      {"piece_ids", set<int32_t>(3, 1 << 30), "`piece_ids` must hold numbers from 0 to"},
      {"piece_words", without_last(4), "`piece_words` must hold"},
      {"piece_words", set<int32_t>(0, -1), "`piece_words` must hold words of the piece's context"},
      {"piece_words", set<int32_t>(-1, 1 << 30), "`piece_words` must hold words of the piece's context"},
      {"word_bytes", set<int32_t>(0, -1), "`word_bytes` must hold ranges of bytes"},
      {"word_bytes", set<int32_t>(1, 1 << 30), "`word_bytes` must lie in its context"},
      {"example_contexts", set<int32_t>(0, 1 << 30), "`example_contexts` must hold numbers from 0 to"},
      {"example_contexts", set<int32_t>(-1, 0), "`example_contexts` must hold the question's context"},
      {"question_starts", without_last(8), "`question_starts` must hold"},
      {"question_ids", set<int32_t>(0, -7), "`question_ids` must hold numbers from 0 to"},
      {"example_feature_starts", without_last(8), "`example_feature_starts` must hold"},
      {"feature_examples", set<int32_t>(0, 1), "`feature_examples` must hold the example around it, but number 0"},
      {"windows", without_last(8), "`example_feature_starts` must begin at 0 and end at"},
      {"windows", set<int32_t>(0, -1), "`windows` must lie in its context, but number 0 does not"},
      {"windows", set<int32_t>(1, 1 << 30), "`windows` must lie in its context, but number 0 does not"},
      {"windows", set<int32_t>(1, 0), "`windows` must lie in its context, but number 0 does not"},
      {"start_positions", set<int32_t>(0, -1), "`start_positions` must hold tokens of its sequence"},
      {"end_positions", set<int32_t>(0, 64), "`end_positions` must hold tokens of its sequence"},
      {"end_positions", without_last(4), "`end_positions` must hold"},
  };
  for (const Case& wrong : cases) {
    const std::string message = told(changed(features.columns(), wrong.column, wrong.change));
    EXPECT_NE(message.find(wrong.told), std::string::npos) << wrong.column << ": " << message;
  }
}

TEST(CachedSquadFeatures, LongerSequencesThanAskedForAreFound) {
  const SquadData data = read_squad(retort::testing::squad_fixture("sample-v1.1.json"), {});
  const SquadFeatures features = make_squad_features(data, squad_tokenizer(), kOptions, false);
  SquadFeatureOptions shorter = kOptions;
  shorter.max_seq_length = 40;
  EXPECT_NE(user_error_of([&] {
              check_squad_features(features.columns(), squad_tokenizer(), shorter, &data);
            }).find("`windows` must leave room for the question"),
            std::string::npos);
}

// A file with correct checksums only is rebuilt with the correct content.
TEST(CachedSquadFeatures, AWrongCacheIsMadeAnew) {
  const ScratchFolder scratch;
  const SquadSource source{.file = retort::testing::squad_fixture("sample-v1.1.json"),
                           .features = kOptions,
                           .cache = {.cache_dir = scratch.path()}};
  const auto made = load_squad_evaluation(source, squad_tokenizer());
  const fs::path cache = fs::directory_iterator(scratch.path())->path();
  const std::string key = cache.stem().string().substr(cache.stem().string().rfind('-') + 1), whole = read_file(cache);
  write_column_file(cache, key, changed(read_column_file(cache, key), "piece_ids", set<int32_t>(0, 1 << 30)));
  ::testing::internal::CaptureStderr();
  const auto again = load_squad_evaluation(source, squad_tokenizer());
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("cannot be used: its column `piece_ids` must hold numbers from 0 to"), std::string::npos) << log;
  EXPECT_NE(log.find("rebuilding it"), std::string::npos) << log;
  EXPECT_EQ(retort::testing::digest_of_feature(*again.features, 0),
            retort::testing::digest_of_feature(*made.features, 0));
  EXPECT_EQ(read_file(cache), whole);
}

TEST(CachedGlueFeatures, EveryColumnIsChecked) {
  const fs::path fixtures = fs::path(RETORT_FIXTURES) / "glue";
  const text::Tokenizer tokenizer = text::Tokenizer::from_vocab_file(fixtures / "vocab.txt");
  const GlueTask& task = find_glue_task("mrpc");
  const auto files = find_glue_files(fixtures / "data", task, GlueSplit::kDev);
  const GlueFeatures features = GlueFeatures::make(read_glue(files, task, {}), task, tokenizer, {});
  GlueFeatures::Expected expected{.task = task, .vocabulary_size = tokenizer.vocabulary_size()};
  const auto told = [&](const ColumnStore& columns) {
    return user_error_of([&] { GlueFeatures::check(columns, expected); });
  };
  EXPECT_EQ(told(features.columns()), "");
  const std::vector<Case> cases{
      {"scalars", without_last(8), "`scalars` must hold 2 elements, but holds 1"},
      {"row_starts", set<int64_t>(-1, 5), "`row_starts` must begin at 0 and end at"},
      {"row_starts", set<int64_t>(1, 0), "its row 0 must have 2 to 128 tokens that contain the second text, but has 0"},
      {"ids", set<int32_t>(0, -1), "`ids` must hold numbers from 0 to"},
      {"segment_b_starts", set<int32_t>(0, 500), "its row 0 must have 2 to 128 tokens"},
      {"segment_b_starts", without_last(4), "`segment_b_starts` must hold"},
      {"labels", set<int32_t>(0, 2), "`labels` must hold numbers from 0 to 1, but number 0 is 2"},
      {"labels", set<int32_t>(0, -1), "`labels` must hold numbers from 0 to 1, but number 0 is -1"},
      {"targets", set<float>(0, std::nanf("")), "`targets` must hold finite numbers"},
      {"row_indexes", nullptr, "it must have the column `row_indexes`"},
  };
  for (const Case& wrong : cases) {
    const std::string message = told(changed(features.columns(), wrong.column, wrong.change));
    EXPECT_NE(message.find(wrong.told), std::string::npos) << wrong.column << ": " << message;
  }
  expected.has_labels = false;
  EXPECT_NE(told(features.columns()).find("`labels` must be -1 without classes"), std::string::npos);
}

// Headers with a correct checksum, as another program could write them.
TEST(ColumnFiles, NamesAndWidthsAreChecked) {
  const ScratchFolder scratch;
  const auto told = [&](const ColumnStore::Column& column) {
    ColumnStore store;
    store.add_column(column, nullptr);
    write_column_file(scratch.path() / "a", std::string(32, 'a'), store);
    return user_error_of([&] { read_column_file(scratch.path() / "a", ""); });
  };
  const std::vector<std::byte> bytes(10);
  EXPECT_EQ(told({"numbers", 2, bytes}), "");
  for (const ColumnStore::Column& column :
       {ColumnStore::Column{"numbers", 3, bytes}, {"numbers", 0, bytes}, {"", 1, bytes}})
    EXPECT_NE(told(column).find("is invalid"), std::string::npos) << column.element_bytes;
}

}  // namespace
}  // namespace retort::data
