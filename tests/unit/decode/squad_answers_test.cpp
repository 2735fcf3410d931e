// Decoding of made-up logits, with many ties, against compute_predictions_logits of transformers 4.46.3.
#include "retort/decode/squad_answers.h"

#include <cmath>
#include <limits>

#include "retort/base/random.h"
#include "retort/data/squad/squad_features_make.h"
#include "retort/decode/squad_files.h"
#include "unit/data/squad/squad_testing.h"

namespace retort::decode {
namespace {

using retort::testing::ScratchFolder;
using retort::testing::squad_fixture;
using retort::testing::squad_tokenizer;

// Logits of every feature, with what they point into.
struct MadeUpLogits {
  std::vector<std::vector<float>> values;
  std::vector<SpanLogits> spans;
};

// `tools/make_fixtures.py squad`, made_up_logits.
MadeUpLogits make_logits(const data::SquadFeatures& features) {
  MadeUpLogits logits;
  for (int64_t f = 0; f < features.feature_count(); ++f)
    for (const int side : {0, 1}) {
      std::vector<float>& values = logits.values.emplace_back();
      for (int64_t t = 0; t < features.feature(f).token_count(); ++t)
        values.push_back(
            static_cast<float>(static_cast<int64_t>(random_bits(make_key(7, f, side), static_cast<uint64_t>(t)) >> 58) -
                               32) /
            4);
    }
  for (size_t i = 0; i + 1 < logits.values.size(); i += 2)
    logits.spans.push_back({logits.values[i], logits.values[i + 1]});
  return logits;
}

void expect_files(const char* data_name, const std::string& expected, const data::SquadFeatureOptions& feature_options,
                  const SquadDecodeOptions& options) {
  const bool version_2 = options.version_2_with_negative;
  const data::SquadData data = data::read_squad(squad_fixture(data_name), {.version_2_with_negative = version_2});
  const data::SquadFeatures features = data::make_squad_features(data, squad_tokenizer(), feature_options, false);
  const MadeUpLogits logits = make_logits(features);
  const ScratchFolder scratch;
  const std::vector<SquadPrediction> predictions =
      decode_squad(data, features, squad_tokenizer(), logits.spans, options);
  write_squad_files(scratch.path(), data, predictions, version_2);
  EXPECT_EQ(read_file(scratch.path() / "predictions.json"), read_file(squad_fixture(expected + "_predictions.json")));
  if (version_2) {
    EXPECT_EQ(read_file(scratch.path() / "null_odds.json"), read_file(squad_fixture(expected + "_null_odds.json")));
  }
  EXPECT_EQ(fs::exists(scratch.path() / "null_odds.json"), version_2);
  // The last digit of a probability is the C library's.
  const Json mine = read_json_file(scratch.path() / "nbest_predictions.json"),
             reference = read_json_file(squad_fixture(expected + "_nbest.json"));
  ASSERT_EQ(mine.size(), reference.size());
  for (const auto& [id, candidates] : reference.items()) {
    ASSERT_EQ(mine[id].size(), candidates.size()) << id;
    for (size_t i = 0; i < candidates.size(); ++i) {
      EXPECT_EQ(mine[id][i]["text"], candidates[i]["text"]) << id;
      EXPECT_EQ(mine[id][i]["start_logit"], candidates[i]["start_logit"]) << id;
      EXPECT_EQ(mine[id][i]["end_logit"], candidates[i]["end_logit"]) << id;
      EXPECT_NEAR(mine[id][i]["probability"].get<double>(), candidates[i]["probability"].get<double>(), 1e-14) << id;
    }
  }
}

TEST(SquadAnswers, EqualTheReferenceV1) {
  expect_files("sample-v1.1.json", "answers_v1", {64, 16, 12}, {.n_best_size = 4, .max_answer_length = 9});
}

TEST(SquadAnswers, EqualTheReferenceV2) {
  expect_files(
      "sample-v2.0.json", "answers_v2", {40, 25, 8, true},
      {.n_best_size = 3, .max_answer_length = 30, .null_score_diff_threshold = -2.5, .version_2_with_negative = true});
}

// One question, logits that favor the tokens `start`..`end` of the window.
struct OneQuestion {
  data::SquadEvaluationSet set;
  std::vector<float> start, end;

  OneQuestion(const std::string& context, int64_t first, int64_t last)
      : set(data::make_question_set("Who?", context, squad_tokenizer(), {})) {
    const data::SquadFeature feature = set.features->feature(0);
    start.assign(static_cast<size_t>(feature.token_count()), -5.0f);
    end = start;
    start[static_cast<size_t>(feature.window_offset() + first)] = 5;
    end[static_cast<size_t>(feature.window_offset() + last)] = 5;
  }
  SquadPrediction decode(const SquadDecodeOptions& options = {}) const {
    const SpanLogits logits{start, end};
    return decode_squad(set.data, *set.features, squad_tokenizer(), std::span(&logits, 1), options).front();
  }
};

TEST(SquadAnswers, KnowTheirPlaceInTheContext) {
  const std::string context =
      "\xC3\xA9  the\triver \xE2\x80\x9C"
      "bridge\xE2\x80\x9D";  // é, 2 spaces, tab, quotes
  const OneQuestion question(context, 1, 2);
  const LocatedAnswer answer = locate_answer(question.decode(), context);
  EXPECT_EQ(answer.text, "the river");
  EXPECT_EQ(answer.start, 3);
  EXPECT_EQ(answer.end, 12);
  EXPECT_GT(answer.score, 0.9);
  EXPECT_LE(answer.score, 1.0);
  const LocatedAnswer quoted = locate_answer(OneQuestion(context, 4, 4).decode(), context);
  EXPECT_EQ(quoted.text, "bridge");
  EXPECT_EQ(quoted.start, 14);
  EXPECT_EQ(quoted.end, 20);
}

TEST(SquadAnswers, NoAnswerHasNoPlace) {
  const std::string context = "the river";
  OneQuestion question(context, 0, 0);
  question.start[0] = question.end[0] = 50;
  const SquadPrediction prediction = question.decode({.version_2_with_negative = true});
  EXPECT_EQ(prediction.answer, "");
  EXPECT_FLOAT_EQ(prediction.null_odds, 90);
  const LocatedAnswer answer = locate_answer(prediction, context);
  EXPECT_EQ(answer.text, "");
  EXPECT_EQ(answer.start, 0);
  EXPECT_EQ(answer.end, 0);
  EXPECT_GT(answer.score, 0.99);
}

TEST(SquadAnswers, LogitsMustBeFinite) {
  OneQuestion question("the river", 0, 1);
  question.end[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(question.decode(), DivergenceError);
}

// The stand-in of the published evaluation stays in its files.
TEST(SquadAnswers, AStandInIsNoAnswer) {
  OneQuestion question("the river", 0, 1);
  question.start.assign(question.start.size(), 0), question.end = question.start;
  question.start.back() = 9, question.end.front() = 9;  // the best start lies behind the best end
  const SquadPrediction prediction = question.decode({.n_best_size = 1});
  EXPECT_EQ(prediction.answer, "empty");
  const LocatedAnswer answer = locate_answer(prediction, "the river");
  EXPECT_EQ(answer.text, "");
  EXPECT_EQ(answer.score, 0);
  EXPECT_EQ(answer.end, 0);
  const SquadPrediction v2 = question.decode({.n_best_size = 1, .version_2_with_negative = true});
  EXPECT_TRUE(v2.n_best.front().is_placeholder);
  EXPECT_EQ(locate_answer(v2, "the river").text, "");
  EXPECT_EQ(locate_answer(v2, "the river").score, 1);
}

TEST(SquadAnswers, TheWordEmptyIsAnAnswer) {
  OneQuestion question("empty", 0, 0);  // in several pieces
  question.end.assign(question.end.size(), -5), question.end[question.end.size() - 2] = 5;
  const SquadPrediction prediction = question.decode();
  EXPECT_EQ(locate_answer(prediction, "empty").text, "empty");
  EXPECT_EQ(locate_answer(prediction, "empty").end, 5);
}

TEST(SquadAnswers, AnEmptyContextGivesTheStandIn) {
  data::SquadData data;
  data.contexts.emplace_back("");
  data.examples.push_back({.id = "1", .question = "Who?"});
  const data::SquadFeatures features = data::make_squad_features(data, squad_tokenizer(), {}, false);
  EXPECT_EQ(features.feature_count(), 0);
  EXPECT_EQ(decode_squad(data, features, squad_tokenizer(), {}, {}).front().answer, "empty");
  EXPECT_EQ(decode_squad(data, features, squad_tokenizer(), {}, {.version_2_with_negative = true}).front().answer, "");
}

}  // namespace
}  // namespace retort::decode
