// Token files, their rows, and masking for masked-LM training; expected values are computed by hand from the published
// programs' formulas.
#include "retort/data/corpus/token_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <numeric>

#include "retort/data/corpus/masking.h"
#include "retort/data/corpus/token_rows.h"
#include "retort/data/feature_cache.h"
#include "unit/data/glue/glue_testing.h"

namespace retort::data {
namespace {

class TokenFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static TokenVocabulary vocabulary(int64_t size) {
    return {.size = size, .pad_id = 0, .unk_id = 1, .cls_id = 2, .sep_id = 3, .mask_id = 4, .hash = "abc"};
  }
  std::shared_ptr<const TokenFile> write(const std::vector<std::vector<int32_t>>& sequences, int64_t size = 100) {
    TokenFileWriter writer(folder_ / "corpus.tokens", vocabulary(size));
    for (const auto& ids : sequences) writer.add(ids);
    writer.publish(7);
    return std::make_shared<const TokenFile>(folder_ / "corpus.tokens");
  }
  static std::vector<int32_t> ids_of(const TokenFile& file, int64_t sequence) {
    std::vector<int32_t> ids;
    file.append_ids(sequence, 0, file.length(sequence), ids);
    return ids;
  }

  fs::path folder_;
};

TEST_F(TokenFileTest, HoldsEverySequenceOnce) {
  std::vector<std::vector<int32_t>> sequences;
  for (int32_t i = 0; i < 50; ++i) sequences.push_back(std::vector<int32_t>(1 + i % 7, 5 + i));
  const auto file = write(sequences);
  EXPECT_EQ(file->id_bytes(), 2);
  EXPECT_EQ(file->vocabulary().mask_id, 4);
  std::vector<std::vector<int32_t>> found;
  for (int64_t i = 0; i < file->sequence_count(); ++i) found.push_back(ids_of(*file, i));
  EXPECT_NE(found, sequences) << "the order is shuffled";
  std::sort(found.begin(), found.end()), std::sort(sequences.begin(), sequences.end());
  EXPECT_EQ(found, sequences);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1) << "nothing else is left";
}

// The published program wraps ids of 65,536 and more.
TEST_F(TokenFileTest, WideIdsStayWhatTheyAre) {
  const auto file = write({{2, 70000, 65535, 65536, 3}}, 119547);
  EXPECT_EQ(file->id_bytes(), 4);
  EXPECT_EQ(ids_of(*file, 0), (std::vector<int32_t>{2, 70000, 65535, 65536, 3}));
}

TEST_F(TokenFileTest, CountsIds) {
  const auto file = write({{2, 5, 5, 3}, {2, 5, 6, 3}}, 8);
  EXPECT_EQ(file->count_ids(), (std::vector<int64_t>{0, 0, 2, 2, 0, 3, 1, 0}));
}

TEST_F(TokenFileTest, RefusesWhatItCannotHold) {
  TokenFileWriter writer(folder_ / "corpus.tokens", vocabulary(10));
  EXPECT_EQ(glue_error_of([&] {
              writer.add(std::vector<int32_t>{2, 10, 3});
            }),
            "`" + (folder_ / "corpus.tokens").string() +
                "` must have token ids from 0 to 9, but sequence 0 has 10; the tokens belong to another vocabulary");
  EXPECT_EQ(glue_error_of([&] { writer.publish(1); }),
            "`" + (folder_ / "corpus.tokens").string() +
                "` must have at least one sequence, but the text has none; choose another text");
}

TEST_F(TokenFileTest, DamageIsFound) {
  write({{2, 5, 6, 3}});
  const fs::path path = folder_ / "corpus.tokens";
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-8, std::ios::end);
  file.put('\x7f');
  file.close();
  EXPECT_NE(glue_error_of([&] { TokenFile{path}; }).find("damaged"), std::string::npos);
  std::ofstream(path) << "text";
  EXPECT_NE(glue_error_of([&] { TokenFile{path}; }).find("corpus.tokens` must be a token file, but is not"),
            std::string::npos);
}

// Writes a token file with correct checksums and any content.
struct Columns {
  std::string vocabulary =
      R"({"format":"retort token file","vocab_size":10,"pad":0,"unk":1,"cls":2,"sep":3,"mask":4,"hash":"abc"})";
  std::vector<uint64_t> begins{0, 4};
  std::vector<uint32_t> lengths{4, 3};
  std::vector<uint16_t> ids{2, 5, 6, 3, 2, 9, 3};
};

std::string error_of_columns(const fs::path& path, const Columns& columns) {
  ColumnStore store;
  store.add_text("vocabulary", columns.vocabulary);
  store.add("begins", columns.begins), store.add("lengths", columns.lengths), store.add("ids", columns.ids);
  write_column_file(path, std::string(32, 'a'), store);
  return glue_error_of([&] { TokenFile{path}; });
}

Columns with_vocabulary(const std::string& from, const std::string& to) {
  Columns columns;
  columns.vocabulary.replace(columns.vocabulary.find(from), from.size(), to);
  return columns;
}

TEST_F(TokenFileTest, RightChecksumsAroundWrongContentAreFound) {
  const fs::path path = folder_ / "a.tokens";
  EXPECT_EQ(error_of_columns(path, {}), "");
  const std::vector<std::pair<Columns, std::string>> cases{
      {{.vocabulary = ""}, "must be valid JSON"},
      {{.vocabulary = "[]"}, "its vocabulary must be that of a retort token file, but is not"},
      {with_vocabulary("retort token file", "other"), "its vocabulary must be that of a retort token file, but is not"},
      {with_vocabulary("10", "\"10\""), "the `vocab_size` of its vocabulary must be a whole number, but is not"},
      {with_vocabulary("10", "10.5"), "the `vocab_size` of its vocabulary must be a whole number, but is not"},
      {with_vocabulary("10", "0"), "the `vocab_size` of its vocabulary must be 1 or more, but is 0"},
      {with_vocabulary("10", "-1"), "the `vocab_size` of its vocabulary must be 0 to 4194304, but is -1"},
      {with_vocabulary("10", "1000000000"), "must be 0 to 4194304, but is 1000000000"},
      {with_vocabulary("10", "18446744073709551615"), "must be 0 to 4194304, but is 18446744073709551615"},
      {with_vocabulary("10", "9"), "its column `ids` must hold numbers from 0 to 8, but number 5 is 9"},
      {with_vocabulary("\"cls\":2", "\"cls\":10"), "the `cls` of its vocabulary must be 0 to 9, but is 10"},
      {with_vocabulary("\"mask\":4", "\"mask\":-1"), "the `mask` of its vocabulary must be 0 to 9, but is -1"},
      {with_vocabulary("\"sep\":3,", ""), "the `sep` of its vocabulary must be a whole number, but is not"},
      {with_vocabulary("\"abc\"", "5"), "the `hash` of its vocabulary must be a string, but is not"},
      {{.begins = {0}}, "its column `begins` must hold 2 elements, but holds 1"},
      {{.begins = {}, .lengths = {}}, "it has no sequences"},
      {{.begins = {0, 5}}, "its sequence 1 lies outside of the ids"},
      {{.begins = {0, ~uint64_t{0}}}, "its sequence 1 lies outside of the ids"},
      {{.lengths = {4, 0}}, "its sequence 1 lies outside of the ids"},
      {{.begins = {0, 0}, .lengths = {7, 7}}, "its sequences hold 14 ids of 7"},
      {{.lengths = {4, 2}}, "its sequences hold 6 ids of 7"},
  };
  for (const auto& [columns, told] : cases) {
    const std::string message = error_of_columns(path, columns);
    EXPECT_TRUE(message.starts_with("`" + path.string() + "` must be a complete token file, but ")) << message;
    EXPECT_NE(message.find(told), std::string::npos) << message;
    EXPECT_TRUE(message.ends_with("; make it again with `retort data binarize`")) << message;
  }
}

TEST_F(TokenFileTest, ColumnsOfOtherWidthsAreFound) {
  const fs::path path = folder_ / "a.tokens";
  const auto told = [&](const std::function<void(ColumnStore&)>& add) {
    ColumnStore store;
    store.add_text("vocabulary", Columns().vocabulary);
    add(store);
    write_column_file(path, std::string(32, 'a'), store);
    return glue_error_of([&] { TokenFile{path}; });
  };
  EXPECT_NE(told([](ColumnStore& store) {
              store.add("begins", std::vector<uint32_t>{0}), store.add("lengths", std::vector<uint32_t>{2});
              store.add("ids", std::vector<uint16_t>{2, 3});
            }).find("its column `begins` must have elements of 8 bytes, but has 4"),
            std::string::npos);
  EXPECT_NE(told([](ColumnStore& store) {
              store.add("begins", std::vector<uint64_t>{0}), store.add("lengths", std::vector<uint32_t>{2});
              store.add("ids", std::vector<uint8_t>{2, 3});
            }).find("its column `ids` must have elements of 4 bytes, but has 1"),
            std::string::npos);
  EXPECT_NE(told([](ColumnStore& store) {
              store.add("ids", std::vector<uint16_t>{2, 3});
            }).find("it has no column `begins`; make it again"),
            std::string::npos);
}

TEST_F(TokenFileTest, AFileWithoutRowsThatAreLongEnoughIsNamed) {
  const auto file = write({{2, 5, 3}});
  EXPECT_TRUE(glue_error_of([&] {
                TokenRowSet(file, {.min_seq_length = 9});
              }).starts_with("`" + (folder_ / "corpus.tokens").string() + "` must have a sequence of 9"));
}

TEST_F(TokenFileTest, AVocabularyTooLargeToCountIsRefused) {
  EXPECT_NE(glue_error_of([&] {
              TokenFileWriter(folder_ / "x", vocabulary(5'000'000));
            }).find("x` must have a vocabulary of at most 4194304 tokens, but has one of 5000000"),
            std::string::npos);
}

// Chunks of max - 2 ids; each begins with [CLS] and ends with [SEP] (the published program ends them with [CLS]).
TEST_F(TokenFileTest, LongSequencesBecomeChunks) {
  std::vector<int32_t> ids(20, 9);
  std::iota(ids.begin() + 1, ids.end() - 1, 10);
  ids.front() = 2, ids.back() = 3;
  const TokenRowSet rows(write({ids}), {.max_seq_length = 10, .min_seq_length = 5});
  ASSERT_EQ(rows.row_count(), 3);  // of 8, 8 and 4 ids
  Batch batch;
  for (int64_t row = 0; row < rows.row_count(); ++row) rows.append(row, batch);
  EXPECT_EQ(batch.tokens.ids, (std::vector<int32_t>{2, 10, 11, 12, 13, 14, 15, 16, 3,      //
                                                    2, 17, 18, 19, 20, 21, 22, 23, 24, 3,  //
                                                    2, 25, 26, 27, 3}));
}

TEST_F(TokenFileTest, ShortAndUnknownSequencesAreLeftOut) {
  const TokenRowSet rows(write({{2, 5, 3}, {2, 5, 6, 7, 3}, {2, 1, 1, 1, 5, 3}}), {.min_seq_length = 5});
  EXPECT_EQ(rows.row_count(), 1);
  EXPECT_EQ(rows.short_count(), 1);
  EXPECT_EQ(rows.unknown_count(), 1);
}

StepBatch one_step(int64_t sequences, int64_t length, int64_t per_micro_batch) {
  StepBatch step;
  for (int64_t row = 0; row < sequences; ++row) {
    if (row % per_micro_batch == 0) step.micro_batches.emplace_back();
    std::vector<int32_t> ids(length, static_cast<int32_t>(5 + row % 2));
    ids.front() = 2, ids.back() = 3;
    step.micro_batches.back().tokens.append(ids, length);
    step.micro_batches.back().rows.push_back(row);
    step.token_count += length, ++step.sequence_count;
  }
  return step;
}

std::vector<int32_t> labels_of(const StepBatch& step) {
  std::vector<int32_t> labels;
  for (const Batch& batch : step.micro_batches)
    labels.insert(labels.end(), batch.token_labels.begin(), batch.token_labels.end());
  return labels;
}

TEST(Masking, WeightsAreThoseOfSmoothedCounts) {
  const TokenVocabulary vocabulary{.size = 6, .pad_id = 4, .unk_id = 4, .cls_id = 5, .sep_id = 5, .mask_id = 4};
  const TokenMasker masker({}, vocabulary, {0, 1, 10, 1000, 7, 7});
  const std::vector<double> expected{1, 1, 0.1995262315, 0.0079432823, 0, 0};
  for (size_t id = 0; id < expected.size(); ++id) EXPECT_NEAR(masker.weights()[id], expected[id], 1e-9) << id;
}

TEST(Masking, ChoosesTheShareAndKeepsSpecialTokens) {
  StepBatch step = one_step(40, 50, 7);
  const TokenVocabulary vocabulary{.size = 100, .pad_id = 0, .unk_id = 1, .cls_id = 2, .sep_id = 3, .mask_id = 4};
  const TokenMasker masker({}, vocabulary, std::vector<int64_t>(100, 1));
  masker.mask(step, 11);
  int64_t chosen = 0, masked = 0, kept = 0;
  for (const Batch& batch : step.micro_batches)
    for (const int64_t token : labelled_tokens(batch)) {
      const int32_t label = batch.token_labels[token], id = batch.tokens.ids[token];
      EXPECT_TRUE(label == 5 || label == 6);
      ++chosen, masked += id == 4, kept += id == label;
    }
  EXPECT_EQ(chosen, static_cast<int64_t>(std::ceil(0.15 * 2000)));
  EXPECT_NEAR(static_cast<double>(masked) / 300, 0.8, 0.08);  // four standard deviations: 0.092
  EXPECT_NEAR(static_cast<double>(kept) / 300, 0.1, 0.07);
}

// Two words, one 100 times as frequent: with smoothing 0.7 it is drawn 100^-0.7 as often as the other, while only a few
// are drawn.
TEST(Masking, RareTokensAreDrawnMoreOften) {
  const TokenVocabulary vocabulary{.size = 100, .pad_id = 0, .unk_id = 1, .cls_id = 2, .sep_id = 3, .mask_id = 4};
  std::vector<int64_t> counts(100, 1);
  counts[6] = 100;
  MaskingOptions options;
  options.mlm_mask_prop = 0.01;
  const TokenMasker masker(options, vocabulary, counts);
  int64_t rare = 0, frequent = 0;
  for (uint64_t key = 0; key < 400; ++key) {
    StepBatch step = one_step(40, 50, 40);
    masker.mask(step, key);
    for (const int32_t label : labels_of(step)) rare += label == 5, frequent += label == 6;
  }
  EXPECT_EQ(rare + frequent, 400 * 20);
  EXPECT_NEAR(static_cast<double>(frequent) / static_cast<double>(rare), std::pow(100, -0.7), 0.008);
}

TEST(Masking, DoesNotDependOnTheCut) {
  const TokenVocabulary vocabulary{.size = 100, .pad_id = 0, .unk_id = 1, .cls_id = 2, .sep_id = 3, .mask_id = 4};
  const TokenMasker masker({}, vocabulary, std::vector<int64_t>(100, 3));
  StepBatch whole = one_step(12, 20, 12), cut = one_step(12, 20, 1);
  masker.mask(whole, 5), masker.mask(cut, 5);
  EXPECT_EQ(labels_of(whole), labels_of(cut));
  StepBatch other = one_step(12, 20, 12);
  masker.mask(other, 6);
  EXPECT_NE(labels_of(whole), labels_of(other));
}

TEST(Masking, SharesMustAddUpToOne) {
  MaskingOptions options;
  options.word_rand = 0.2;
  EXPECT_EQ(glue_error_of([&] { options.check(); }),
            "`word_mask` + `word_keep` + `word_rand` must be 1, but is 1.1; change one of them");
}

TEST(Masking, NextTokensAreLabels) {
  Batch batch = one_step(2, 4, 2).micro_batches[0];
  label_next_tokens(batch);
  EXPECT_EQ(batch.token_labels, (std::vector<int32_t>{5, 5, 3, -100, 6, 6, 3, -100}));
}

}  // namespace
}  // namespace retort::data
