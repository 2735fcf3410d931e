#include "retort/measure/bench_rows.h"

#include <algorithm>
#include <cmath>

#include "retort/base/error.h"
#include "retort/base/random.h"
#include "retort/task/glue.h"
#include "retort/task/squad.h"

namespace retort::measure {

namespace {

// Lengths with the mean and roughly the shape of the tokenized data set: a shifted gamma distribution of shape `shape`,
// truncated at the maximum. Means after truncation: SQuAD 1.1 training features 177 of 384, MRPC 53 and SST-2 13.3 of
// 128.
struct LengthDistribution {
  const char* name;
  int64_t shortest, longest, shape;
  double mean_above_shortest;
};
constexpr LengthDistribution kDistributions[] = {
    {"squad", 30, 384, 5, 148}, {"mrpc", 12, 128, 6, 41.2}, {"sst-2", 3, 128, 1, 10.3}};

int64_t draw_length(const LengthDistribution& d, int64_t row) {
  double sum = 0;  // of `shape` exponentials: gamma-distributed
  for (int64_t i = 0; i < d.shape; ++i) sum -= std::log(1 - random_unit(make_key(3, row), static_cast<uint64_t>(i)));
  const double length = static_cast<double>(d.shortest) + sum * d.mean_above_shortest / static_cast<double>(d.shape);
  return std::min(d.longest, static_cast<int64_t>(std::lround(length)));
}

// Every N-th token of a pre-training sequence is to be predicted: 15 %, rounded.
constexpr int64_t kTokensPerPrediction = 7;

// Sequences of uniform random ids; special tokens do not matter for speed.
class SyntheticRowSet final : public data::RowSet {
 public:
  SyntheticRowSet(std::vector<int64_t> lengths, int64_t vocabulary, const BenchData& bench)
      : lengths_(std::move(lengths)),
        vocabulary_(vocabulary),
        is_squad_(bench.is_squad()),
        is_pretraining_(bench.is_pretraining()) {}
  int64_t row_count() const override { return static_cast<int64_t>(lengths_.size()); }
  int64_t token_count(int64_t row) const override { return lengths_[row]; }
  void append(int64_t row, data::Batch& batch) const override {
    std::vector<int32_t> ids(static_cast<size_t>(lengths_[row]));
    for (size_t t = 0; t < ids.size(); ++t)
      ids[t] = static_cast<int32_t>(random_below(make_key(4, row), t, static_cast<uint64_t>(vocabulary_)));
    batch.tokens.append(ids, lengths_[row]);
    batch.rows.push_back(row);
    batch.labels.resize(is_squad_ ? 2 : 1);
    for (auto& column : batch.labels) column.push_back(0);
    if (!is_pretraining_) return;
    for (size_t t = 0; t < ids.size(); ++t)
      batch.token_labels.push_back(t % kTokensPerPrediction == 1 ? ids[t] : data::kNoTokenLabel);
  }

 private:
  std::vector<int64_t> lengths_;
  int64_t vocabulary_;
  bool is_squad_, is_pretraining_;
};

std::unique_ptr<data::RowSet> make_synthetic_rows(const BenchData& bench, const model::ModelConfig& config) {
  std::vector<int64_t> lengths(static_cast<size_t>(bench.synthetic_rows), bench.synthetic_length);
  if (bench.synthetic_length == 0) {
    const auto* chosen = std::find_if(std::begin(kDistributions), std::end(kDistributions),
                                      [&](const auto& d) { return d.name == bench.synthetic_distribution; });
    for (size_t row = 0; row < lengths.size(); ++row) lengths[row] = draw_length(*chosen, static_cast<int64_t>(row));
  }
  const int64_t longest = *std::max_element(lengths.begin(), lengths.end());
  if (longest > config.max_position_embeddings)
    throw UserError("`synthetic_length` must be at most {}, the positions of the model, but is {}",
                    config.max_position_embeddings, longest);
  return std::make_unique<SyntheticRowSet>(std::move(lengths), config.vocab_size, bench);
}

}  // namespace

pretrained::LoadedModel load_bench_model(const pretrained::ModelSource& source, const BenchData& data,
                                         const model::ModelOptions& options) {
  if (data.is_pretraining() && !data.is_synthetic())
    throw UserError("`synthetic_length` must be given for the task pretraining, but is missing; 128 is usual");
  const model::Head head = data.is_squad()         ? model::Head::kQuestionAnswering
                           : data.is_pretraining() ? model::Head::kPreTraining
                                                   : model::Head::kSequenceClassification;
  pretrained::LoadOptions load{.head = head,
                               .may_initialize_head = true,
                               .may_replace_head = true,
                               .needs_tokenizer = !data.is_synthetic(),
                               .model = options};
  if (head == model::Head::kSequenceClassification) load.labels = data.glue().label_names();
  return pretrained::load_model(source, load);
}

std::unique_ptr<data::RowSet> load_bench_rows(const BenchData& bench, const pretrained::LoadedModel& loaded,
                                              bool is_training) {
  if (bench.is_synthetic()) return make_synthetic_rows(bench, loaded.model->config());
  const auto split = is_training ? data::GlueSplit::kTrain : data::GlueSplit::kDev;
  if (!bench.is_squad()) {
    const task::GlueDataConfig glue = bench.glue();
    return std::make_unique<data::GlueRowSet>(
        data::load_glue(task::glue_source(glue, glue.task(), split, 0, *loaded.model), *loaded.tokenizer),
        is_training ? data::answers_of(glue.task(), split) : data::GlueRowSet::Answers::kNone);
  }
  const std::string& file = is_training ? bench.squad.train_file : bench.squad.dev_file;
  const auto source = task::squad_source(bench.squad, file, -1, 0, *loaded.model);
  if (is_training)
    return std::make_unique<data::SquadRowSet>(
        std::make_shared<data::SquadFeatures>(data::load_squad_training(source, *loaded.tokenizer)),
        data::SquadRowSet::Labels::kPositions);
  return std::make_unique<data::SquadRowSet>(data::load_squad_evaluation(source, *loaded.tokenizer).features,
                                             data::SquadRowSet::Labels::kNone);
}

}  // namespace retort::measure
