// Official scores against transformers' copy of the official scripts (`tools/make_fixtures.py squad`).
#include "retort/metric/squad_score.h"
#include "retort/metric/squad_prediction_files.h"

#include "retort/metric/squad_normalize.h"
#include "unit/data/squad/squad_testing.h"

namespace retort::metric {
namespace {

using retort::testing::ScratchFolder;
using retort::testing::squad_fixture;
using retort::testing::user_error_of;

std::vector<GoldAnswers> read_gold(const fs::path& path) {
  std::vector<GoldAnswers> gold;
  for (const data::SquadExample& example : data::read_squad(path, {.version_2_with_negative = true}).examples) {
    gold.push_back({example.id, {}});
    for (const data::SquadAnswer& answer : example.answers) gold.back().answers.push_back(answer.text);
  }
  return gold;
}

// Predictions and odds of a fixture.
struct Case {
  Json expected;
  Predictions predictions;
  NullOdds odds;

  explicit Case(const char* name) : expected(read_json_file(squad_fixture(name))) {
    for (const auto& [id, answer] : expected["predictions"].items()) predictions[id] = answer.get<std::string>();
    for (const auto& [id, value] : expected["null_odds"].items()) odds.emplace_back(id, value.get<double>());
  }
};

void expect_values(const Json& mine, const Json& expected) {
  for (const auto& [key, value] : expected.items()) {
    ASSERT_TRUE(mine.contains(key)) << key;
    EXPECT_NEAR(mine[key].get<double>(), value.get<double>(), 1e-9) << key;
  }
}

TEST(SquadScore, NormalizesAsTheOfficialScript) {
  const Json expected = read_json_file(squad_fixture("normalized.json"));
  for (const Json& line : expected["normalized"])
    EXPECT_EQ(normalize_answer(line[0].get<std::string>()), line[1]) << line.dump();
  for (const Json& line : expected["f1"])
    EXPECT_DOUBLE_EQ(
        compute_f1(normalize_answer(line[0].get<std::string>()), normalize_answer(line[1].get<std::string>()), 1),
        line[2].get<double>())
        << line.dump();
}

TEST(SquadScore, V1EqualsTheOfficialScript) {
  const Case c("scores_v1.json");
  const SquadScores scores = score_squad(read_gold(squad_fixture("sample-v1.1.json")), c.predictions, nullptr, {});
  expect_values(scores.values, c.expected["plain"]);
  EXPECT_EQ(scores.values["exact"], scores.values["exact_match"]);
  EXPECT_GT(scores.missing_ids.size(), 0u);
  EXPECT_EQ(scores.missing_ids.size() + c.predictions.size(), scores.values["total"].get<size_t>());
}

TEST(SquadScore, V2EqualsTheOfficialScript) {
  const Case c("scores_v2.json");
  const std::vector<GoldAnswers> gold = read_gold(squad_fixture("sample-v2.0.json"));
  const SquadScores plain = score_squad(gold, c.predictions, nullptr, {.version = SquadVersion::kV2});
  expect_values(plain.values, c.expected["plain"]);
  EXPECT_EQ(plain.values.size(), c.expected["plain"].size());
  const SquadScores with_odds =
      score_squad(gold, c.predictions, &c.odds, {.version = SquadVersion::kV2, .precision_recall = true});
  expect_values(with_odds.values, c.expected["with_odds"]);
  EXPECT_EQ(with_odds.values.size(), c.expected["with_odds"].size());
  const SquadScores stricter =
      score_squad(gold, c.predictions, &c.odds, {.version = SquadVersion::kV2, .na_prob_thresh = 0.5});
  EXPECT_NEAR(stricter.values["exact"].get<double>(), c.expected["threshold_0.5"]["exact"].get<double>(), 1e-9);
  EXPECT_NEAR(stricter.values["NoAns_f1"].get<double>(), c.expected["threshold_0.5"]["NoAns_f1"].get<double>(), 1e-9);
  for (const auto& [name, curve] :
       {std::pair("exact", with_odds.pr_exact), {"f1", with_odds.pr_f1}, {"oracle", with_odds.pr_oracle}}) {
    const Json& expected = c.expected["curves"][name];
    ASSERT_EQ(curve.precisions.size(), expected[0].size());
    for (size_t i = 0; i < curve.precisions.size(); ++i) {
      EXPECT_NEAR(curve.precisions[i], expected[0][i].get<double>(), 1e-12);
      EXPECT_NEAR(curve.recalls[i], expected[1][i].get<double>(), 1e-12);
    }
  }
}

TEST(SquadScore, V1HasNoRuleForEmptyAnswers) {
  const std::vector<GoldAnswers> gold{{"1", {"the"}}};
  const Predictions predictions{{"1", "!"}};
  const Json v1 = score_squad(gold, predictions, nullptr, {}).values;
  EXPECT_EQ(v1["exact"], 100.0);
  EXPECT_EQ(v1["f1"], 0.0);
  const Json v2 = score_squad(gold, predictions, nullptr, {.version = SquadVersion::kV2}).values;
  EXPECT_EQ(v2["f1"], 100.0);
}

// Of v1.1 all questions have answers; a missing prediction is wrong in both.
TEST(SquadScore, V1HasTheScoresOfAnswerableQuestions) {
  const std::vector<GoldAnswers> gold{{"1", {"x"}}, {"2", {"y z"}}};
  const Json scores = score_squad(gold, {{"1", "x"}}, nullptr, {}).values;
  EXPECT_EQ(scores["HasAns_exact"], 50.0);
  EXPECT_EQ(scores["HasAns_f1"], 50.0);
  EXPECT_EQ(scores["HasAns_total"], 2);
  EXPECT_FALSE(scores.contains("NoAns_total"));
  const Json mixed = score_squad({{"1", {"x"}}, {"2", {}}}, {{"1", "x"}, {"2", ""}}, nullptr, {}).values;
  EXPECT_EQ(mixed["HasAns_exact"], 100.0);
  EXPECT_EQ(mixed["NoAns_total"], 1);
}

TEST(SquadScore, V2LeavesMissingPredictionsOut) {
  const std::vector<GoldAnswers> gold{{"1", {"x"}}, {"2", {"y"}}, {"3", {}}};
  const SquadScores scores = score_squad(gold, {{"1", "x"}, {"3", ""}}, nullptr, {.version = SquadVersion::kV2});
  EXPECT_EQ(scores.values["total"], 2);
  EXPECT_EQ(scores.values["HasAns_total"], 1);
  EXPECT_EQ(scores.missing_ids, std::vector<std::string>{"2"});
}

TEST(SquadScore, SaysWhatIsMissing) {
  const std::vector<GoldAnswers> gold{{"1", {"x"}}};
  const SquadScoreOptions v2{.version = SquadVersion::kV2};
  const NullOdds other{{"9", 0.5}};
  EXPECT_EQ(user_error_of([&] { score_squad({}, {}, nullptr, {}); }),
            "`data_file` must hold questions to score, but holds none");
  EXPECT_NE(user_error_of([&] {
              score_squad(gold, {{"9", "x"}}, nullptr, v2);
            }).find("holds none of its 1 ids (the first is `1`)"),
            std::string::npos);
  EXPECT_NE(user_error_of([&] {
              score_squad(gold, {{"1", "x"}}, &other, v2);
            }).find("`null_odds_file` must hold every question that has a prediction, but `1` is missing"),
            std::string::npos);
}

TEST(SquadPredictionFiles, NameTheWrongValue) {
  const ScratchFolder scratch;
  const auto message = [&](const char* content) {
    return user_error_of([&] { read_predictions(scratch.write("p.json", content)); });
  };
  EXPECT_NE(
      message(R"({"1": [{"text": "x"}]})")
          .find("the prediction of `1` must be a string, but is a list; use predictions.json, not the n-best file"),
      std::string::npos);
  EXPECT_NE(message("[]").find("must hold one JSON object, from ids to values, but holds a list"), std::string::npos);
  EXPECT_NE(message("{\"1\": \"x\",\n").find("line 2"), std::string::npos);
  EXPECT_NE(user_error_of([&] {
              read_null_odds(scratch.write("n.json", R"({"1": "high"})"));
            }).find("the odds of `1` must be a number, but are a string"),
            std::string::npos);
  const NullOdds odds = read_null_odds(scratch.write("n.json", R"({"b": 1, "a": 2, "b": 3.5})"));
  EXPECT_EQ(odds, (NullOdds{{"b", 3.5}, {"a", 2}}));
}

}  // namespace
}  // namespace retort::metric
