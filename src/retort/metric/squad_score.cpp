#include "retort/metric/squad_score.h"

#include <algorithm>
#include <unordered_set>

#include "retort/base/error.h"
#include "retort/base/thread.h"
#include "retort/metric/squad_normalize.h"
#include "retort/metric/squad_threshold.h"

namespace retort::metric {
namespace {

// The scores of one question.
struct QuestionScore {
  const std::string* prediction = nullptr;  // null: missing
  bool has_answer = false;
  double exact = 0, f1 = 0;  // 0..1, as predicted
  double odds = 0;           // of "no answer"
};

void score_question(const GoldAnswers& gold, SquadVersion version, QuestionScore& question) {
  const bool is_v2 = version == SquadVersion::kV2;
  const std::string prediction = normalize_answer(*question.prediction);
  std::vector<std::string> answers;
  for (const std::string& answer : gold.answers) {
    std::string normalized = normalize_answer(answer);
    if (!is_v2 || !normalized.empty()) answers.push_back(std::move(normalized));
  }
  if (is_v2 && answers.empty()) answers.emplace_back();
  for (const std::string& answer : answers) {
    question.exact = std::max(question.exact, answer == prediction ? 1.0 : 0.0);
    question.f1 = std::max(question.f1, compute_f1(answer, prediction, is_v2 ? 1 : 0));
  }
}

struct Totals {
  double exact = 0, f1 = 0;
  int64_t count = 0;

  void add(double more_exact, double more_f1) { exact += more_exact, f1 += more_f1, ++count; }
  void write(const std::string& prefix, Json& values) const {
    values[prefix + "exact"] = 100.0 * exact / static_cast<double>(count);
    values[prefix + "f1"] = 100.0 * f1 / static_cast<double>(count);
    values[prefix + "total"] = count;
  }
};

class Scorer {
 public:
  Scorer(const std::vector<GoldAnswers>& gold, const Predictions& predictions, const SquadScoreOptions& options)
      : gold_(gold), options_(options), questions_(gold.size()) {
    if (gold.empty()) throw UserError("`data_file` must hold questions to score, but holds none");
    for (size_t i = 0; i < gold.size(); ++i) {
      const auto prediction = predictions.find(gold[i].id);
      questions_[i].has_answer = !gold[i].answers.empty();
      if (prediction != predictions.end()) {
        questions_[i].prediction = &prediction->second;
      } else {
        scores_.missing_ids.push_back(gold[i].id);
      }
    }
    parallel_for(static_cast<int64_t>(gold.size()), 64, [&](int64_t begin, int64_t end) {
      for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i)
        if (questions_[i].prediction != nullptr) score_question(gold_[i], options_.version, questions_[i]);
    });
  }

  SquadScores score_v1() {
    Totals all, answerable, impossible;
    for (const QuestionScore& question : questions_) {
      all.add(question.exact, question.f1);
      (question.has_answer ? answerable : impossible).add(question.exact, question.f1);
    }
    all.write("", scores_.values);
    scores_.values["exact_match"] = scores_.values["exact"];
    write_split(answerable, impossible);
    return std::move(scores_);
  }

  SquadScores score_v2(const NullOdds* null_odds) {
    if (scores_.missing_ids.size() == gold_.size())
      throw UserError(
          "`predictions_file` must hold predictions for the questions of `data_file`, but holds none of its {} ids "
          "(the first is `{}`)",
          gold_.size(), gold_.front().id);
    if (null_odds != nullptr) take_odds(*null_odds);
    write_totals();
    if (null_odds != nullptr) write_best_thresholds(sorted_questions(*null_odds));
    if (null_odds != nullptr && options_.precision_recall) write_precision_recall(sorted_questions(*null_odds));
    return std::move(scores_);
  }

 private:
  void take_odds(const NullOdds& null_odds);
  void write_totals();
  void write_split(const Totals& answerable, const Totals& impossible);
  std::vector<const QuestionScore*> sorted_questions(const NullOdds& null_odds);
  void write_best_thresholds(const std::vector<const QuestionScore*>& sorted);
  void write_precision_recall(const std::vector<const QuestionScore*>& sorted);

  const std::vector<GoldAnswers>& gold_;
  const SquadScoreOptions& options_;
  std::vector<QuestionScore> questions_;
  std::unordered_map<std::string_view, const QuestionScore*> by_id_;
  SquadScores scores_;
};

void Scorer::take_odds(const NullOdds& null_odds) {
  const std::unordered_map<std::string_view, double> odds(null_odds.begin(), null_odds.end());
  for (size_t i = 0; i < questions_.size(); ++i) {
    const auto found = odds.find(gold_[i].id);
    by_id_[gold_[i].id] = &questions_[i];
    if (found == odds.end() && questions_[i].prediction == nullptr) continue;
    if (found == odds.end())
      throw UserError("`null_odds_file` must hold every question that has a prediction, but `{}` is missing",
                      gold_[i].id);
    questions_[i].odds = found->second;
  }
}

// Scores over all, answerable and impossible questions, with the threshold applied. Without null odds all odds are 0.
void Scorer::write_totals() {
  Totals all, answerable, impossible;
  for (const QuestionScore& question : questions_) {
    if (question.prediction == nullptr) continue;
    const bool is_null = question.odds > options_.na_prob_thresh;
    const double null_score = question.has_answer ? 0 : 1;
    const double exact = is_null ? null_score : question.exact, f1 = is_null ? null_score : question.f1;
    all.add(exact, f1);
    (question.has_answer ? answerable : impossible).add(exact, f1);
  }
  all.write("", scores_.values);
  write_split(answerable, impossible);
}

void Scorer::write_split(const Totals& answerable, const Totals& impossible) {
  if (answerable.count > 0) answerable.write("HasAns_", scores_.values);
  if (impossible.count > 0) impossible.write("NoAns_", scores_.values);
}

std::vector<const QuestionScore*> Scorer::sorted_questions(const NullOdds& null_odds) {
  std::vector<const QuestionScore*> sorted;
  std::unordered_set<std::string_view> seen;
  for (const auto& [id, odds] : null_odds)
    if (const auto known = by_id_.find(id); known != by_id_.end() && seen.insert(id).second)
      sorted.push_back(known->second);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const QuestionScore* a, const QuestionScore* b) { return a->odds < b->odds; });
  return sorted;
}

enum class Score { kExact, kF1, kOracle };

std::vector<ThresholdEntry> make_entries(const std::vector<const QuestionScore*>& sorted, Score score) {
  std::vector<ThresholdEntry> entries;
  for (const QuestionScore* question : sorted) {
    const double value = score == Score::kExact ? question->exact
                         : score == Score::kF1  ? question->f1
                                                : question->has_answer;
    const bool is_scored = question->prediction != nullptr;
    entries.push_back(
        {question->odds, value, question->has_answer, is_scored && !question->prediction->empty(), is_scored});
  }
  return entries;
}

void Scorer::write_best_thresholds(const std::vector<const QuestionScore*>& sorted) {
  const int64_t impossible =
      std::count_if(questions_.begin(), questions_.end(), [](const QuestionScore& q) { return !q.has_answer; });
  const auto scored = static_cast<double>(questions_.size() - scores_.missing_ids.size());
  for (const auto& [name, score] : {std::pair("exact", Score::kExact), std::pair("f1", Score::kF1)}) {
    const BestThreshold best = find_best_threshold(make_entries(sorted, score), impossible);
    scores_.values[fmt::format("best_{}", name)] = 100.0 * best.score / scored;
    scores_.values[fmt::format("best_{}_thresh", name)] = best.threshold;
  }
}

void Scorer::write_precision_recall(const std::vector<const QuestionScore*>& sorted) {
  const int64_t positives =
      std::count_if(questions_.begin(), questions_.end(), [](const QuestionScore& q) { return q.has_answer; });
  if (positives == 0) return;
  const auto write = [&](const char* name, Score score, PrecisionRecallCurve& curve) {
    scores_.values[name] = 100.0 * compute_precision_recall(make_entries(sorted, score), positives, curve);
  };
  write("pr_exact_ap", Score::kExact, scores_.pr_exact);
  write("pr_f1_ap", Score::kF1, scores_.pr_f1);
  write("pr_oracle_ap", Score::kOracle, scores_.pr_oracle);
}

}  // namespace

SquadScores score_squad(const std::vector<GoldAnswers>& gold, const Predictions& predictions, const NullOdds* null_odds,
                        const SquadScoreOptions& options) {
  Scorer scorer(gold, predictions, options);
  return options.version == SquadVersion::kV1 ? scorer.score_v1() : scorer.score_v2(null_odds);
}

}  // namespace retort::metric
