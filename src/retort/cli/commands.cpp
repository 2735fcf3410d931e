// The table of commands: one entry per command, in the order of --help.
#include <array>

#include "retort/base/error.h"
#include "retort/cli/commands.h"
#include "retort/cli/compat.h"
#include "retort/cli/data_features_glue.h"
#include "retort/cli/data_features_squad.h"
#include "retort/cli/inspect.h"
#include "retort/cli/launch.h"
#include "retort/cli/reference.h"
#include "retort/cli/tokenize.h"
#include "retort/cli/tune.h"
#include "retort/measure/bench_data.h"
#include "retort/measure/bench_infer.h"
#include "retort/measure/bench_tokenize.h"
#include "retort/measure/bench_train.h"
#include "retort/recipe/augment_glue.h"
#include "retort/recipe/augment_squad.h"
#include "retort/recipe/binarize.h"
#include "retort/recipe/data_all.h"
#include "retort/recipe/data_books.h"
#include "retort/recipe/data_instances.h"
#include "retort/recipe/data_sentences.h"
#include "retort/recipe/data_shard.h"
#include "retort/recipe/data_wiki.h"
#include "retort/recipe/demo.h"
#include "retort/recipe/distill_backbone.h"
#include "retort/recipe/distill_mlm.h"
#include "retort/recipe/distill_prediction.h"
#include "retort/recipe/distill_squad.h"
#include "retort/recipe/evaluate_glue.h"
#include "retort/recipe/evaluate_squad.h"
#include "retort/recipe/extract.h"
#include "retort/recipe/finetune_glue.h"
#include "retort/recipe/finetune_squad.h"
#include "retort/recipe/forward.h"
#include "retort/recipe/inspect.h"
#include "retort/recipe/predict_qa.h"
#include "retort/recipe/predict_text.h"
#include "retort/recipe/pretrain.h"
#include "retort/recipe/score_squad.h"
#include "retort/recipe/tune_config.h"

namespace retort::cli {
namespace {

int run_version(const std::vector<std::string>& arguments) {
  if (!arguments.empty()) throw UserError("`retort version` must have no arguments, but has `{}`", arguments[0]);
  print_result({{"version", version_text()}});
  return 0;
}

// dispatch.cpp handles `help` before it looks at the table; the entry only makes --help list it.
int run_help(const std::vector<std::string>&) { return 0; }

constexpr const char* kAbout = "About";
constexpr const char* kStart = "Start";
constexpr const char* kPrepare = "Prepare";
constexpr const char* kTrain = "Train";
constexpr const char* kEvaluate = "Evaluate";
constexpr const char* kPredict = "Predict";
constexpr const char* kBenchmark = "Benchmark";

constexpr auto kCommands = std::to_array<Command>({
    {.name = "demo",
     .group = kStart,
     .summary = "make a small question-answering data set, train a teacher and students",
     .describe = describe_config<recipe::DemoConfig>},
    {.name = "tokenize",
     .group = kPrepare,
     .summary = "text lines -> token ids, one line per line; or ids -> text",
     .run = run_tokenize,
     .describe = describe_config<TokenizeConfig>},
    {.name = "data wiki",
     .group = kPrepare,
     .summary = "dump of Wikipedia -> text of its articles",
     .run = run_with_config<recipe::DataWikiConfig, recipe::data_wiki>,
     .describe = describe_config<recipe::DataWikiConfig>},
    {.name = "data books",
     .group = kPrepare,
     .summary = "folder of books -> text, one article a line",
     .run = run_with_config<recipe::DataBooksConfig, recipe::data_books>,
     .describe = describe_config<recipe::DataBooksConfig>},
    {.name = "data text",
     .group = kPrepare,
     .summary = "text, blank lines between articles -> text, one article a line",
     .run = run_with_config<recipe::DataTextConfig, recipe::data_text>,
     .describe = describe_config<recipe::DataTextConfig>},
    {.name = "data all",
     .group = kPrepare,
     .summary = "dump of Wikipedia -> shards and instances of both phases",
     .describe = describe_config<recipe::DataAllConfig>,
     .module = &kInstanceModule},
    {.name = "data binarize",
     .group = kPrepare,
     .summary = "text, one sequence per line -> token file",
     .run = run_with_config<recipe::BinarizeConfig, recipe::binarize>,
     .describe = describe_config<recipe::BinarizeConfig>},
    {.name = "data count",
     .group = kPrepare,
     .summary = "token file -> token counts",
     .run = run_with_config<recipe::CountTokensConfig, recipe::count_tokens>,
     .describe = describe_config<recipe::CountTokensConfig>},
    {.name = "data sentences",
     .group = kPrepare,
     .summary = "WikiExtractor's files or plain text -> one sentence a line",
     .run = run_with_config<recipe::SentencesConfig, recipe::make_sentences>,
     .describe = describe_config<recipe::SentencesConfig>},
    {.name = "data shard",
     .group = kPrepare,
     .summary = "one sentence a line -> training and test shards of whole articles",
     .run = run_with_config<recipe::ShardConfig, recipe::make_shards>,
     .describe = describe_config<recipe::ShardConfig>},
    {.name = "data instances",
     .group = kPrepare,
     .summary = "shards + vocabulary -> masked pairs of segments in HDF5 or Parquet files",
     .describe = describe_config<recipe::InstancesConfig>,
     .module = &kInstanceModule},
    {.name = "data features squad",
     .group = kPrepare,
     .summary = "SQuAD files -> feature caches",
     .run = run_with_config<SquadFeaturesConfig, make_squad_features>,
     .describe = describe_config<SquadFeaturesConfig>},
    {.name = "data features glue",
     .group = kPrepare,
     .summary = "GLUE task files -> feature cache",
     .run = run_with_config<GlueFeaturesConfig, make_glue_features>,
     .describe = describe_config<GlueFeaturesConfig>},
    {.name = "data augment squad",
     .group = kPrepare,
     .summary = "SQuAD v1.1 + masked LM + GloVe -> augmented SQuAD file",
     .describe = describe_config<recipe::AugmentSquadConfig>},
    {.name = "data augment glue",
     .group = kPrepare,
     .summary = "GLUE files + masked LM + GloVe -> train_aug.tsv",
     .describe = describe_config<recipe::AugmentGlueConfig>},
    {.name = "pretrain",
     .group = kTrain,
     .summary = "token file + model folder -> masked language model, held-out loss",
     .describe = describe_config<recipe::PretrainConfig>},
    {.name = "finetune squad",
     .group = kTrain,
     .summary = "SQuAD files + model folder -> model folder, predictions, scores",
     .describe = describe_config<recipe::FinetuneSquadConfig>},
    {.name = "finetune glue",
     .group = kTrain,
     .summary = "GLUE task files + model folder -> model folder, predictions, scores",
     .describe = describe_config<recipe::FinetuneGlueConfig>},
    {.name = "extract",
     .group = kTrain,
     .summary = "teacher model folder + layer indices -> student model folder",
     .describe = describe_config<recipe::ExtractConfig>},
    {.name = "distill mlm",
     .group = kTrain,
     .summary = "token file + student + teacher -> masked language model, held-out loss",
     .describe = describe_config<recipe::DistillMlmConfig>},
    {.name = "distill squad",
     .group = kTrain,
     .summary = "SQuAD files + student + teacher -> model folder, predictions, scores",
     .describe = describe_config<recipe::DistillSquadConfig>},
    {.name = "distill backbone",
     .group = kTrain,
     .summary = "token or task files + student + teacher -> encoder matching hidden states",
     .describe = describe_config<recipe::DistillBackboneConfig>},
    {.name = "distill prediction",
     .group = kTrain,
     .summary = "task files + student + teacher -> model folder trained on soft targets",
     .describe = describe_config<recipe::DistillPredictionConfig>},
    {.name = "launch",
     .group = kTrain,
     .summary = "number of processes + command -> the command, computed by all of them",
     .run = run_launch,
     .describe = describe_config<LaunchConfig>},
    {.name = "tune",
     .group = kTrain,
     .summary = "search space + budget -> study, Pareto front of students, report",
     .run = run_tune,
     .describe = describe_config<recipe::TuneConfig>},
    {.name = "evaluate squad",
     .group = kEvaluate,
     .summary = "model folder + SQuAD file -> predictions, n-best lists, null odds, scores",
     .describe = describe_config<recipe::EvaluateSquadConfig>},
    {.name = "evaluate glue",
     .group = kEvaluate,
     .summary = "model folder + GLUE task files -> predictions, scores",
     .describe = describe_config<recipe::EvaluateGlueConfig>},
    {.name = "score squad",
     .group = kEvaluate,
     .summary = "SQuAD file + predictions file -> official scores",
     .run = run_with_config<recipe::ScoreSquadConfig, recipe::score_squad>,
     .describe = describe_config<recipe::ScoreSquadConfig>},
    {.name = "forward",
     .group = kEvaluate,
     .summary = "token ids -> hidden states and logits in a safetensors file",
     .describe = describe_config<recipe::ForwardConfig>},
    {.name = "predict qa",
     .group = kPredict,
     .summary = "questions with contexts -> answers",
     .describe = describe_config<recipe::PredictQaConfig>},
    {.name = "predict text",
     .group = kPredict,
     .summary = "sentences -> labels",
     .describe = describe_config<recipe::PredictTextConfig>},
    {.name = "bench train",
     .group = kBenchmark,
     .summary = "model + training files -> training throughput, utilization, peak memory",
     .describe = describe_config<measure::BenchTrainConfig>},
    {.name = "bench infer",
     .group = kBenchmark,
     .summary = "model + evaluation files -> inference throughput, latency percentiles",
     .describe = describe_config<measure::BenchInferConfig>},
    {.name = "bench tokenize",
     .group = kBenchmark,
     .summary = "SQuAD contexts or text lines -> tokenizer throughput in MB/s and tokens/s",
     .describe = describe_config<measure::BenchTokenizeConfig>},
    {.name = "bench data",
     .group = kBenchmark,
     .summary = "training files -> seconds to make features, and to load them from the cache",
     .describe = describe_config<measure::BenchDataConfig>},
    {.name = "inspect",
     .group = kAbout,
     .summary = "weights, model folder, token file or cache -> summary of its contents",
     .run = run_inspect,
     .describe = describe_config<recipe::InspectConfig>},
    {.name = "compat",
     .group = kAbout,
     .summary = "command line of a published program -> commands of retort, which are run",
     .run = run_compat},
    {.name = "help",
     .group = kAbout,
     .summary = "list the commands, or show the flags of the named command",
     .run = run_help},
    {.name = "version", .group = kAbout, .summary = "print the version", .run = run_version},
    {.name = "reference",
     .group = kAbout,
     .summary = "command table -> Markdown reference pages",
     .run = run_with_config<ReferenceConfig, write_reference>,
     .describe = describe_config<ReferenceConfig>,
     .hidden = true},
});

}  // namespace

const char* version_text() { return RETORT_VERSION; }

std::span<const Command> commands() { return kCommands; }

}  // namespace retort::cli
