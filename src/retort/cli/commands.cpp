// The table of commands: everything `retort` can do, one row each, in the order of --help.
#include <array>

#include "retort/base/error.h"
#include "retort/cli/command.h"
#include "retort/cli/compat.h"
#include "retort/cli/data_features_glue.h"
#include "retort/cli/data_features_squad.h"
#include "retort/cli/inspect.h"
#include "retort/cli/reference.h"
#include "retort/cli/tokenize.h"
#include "retort/measure/bench_data.h"
#include "retort/measure/bench_infer.h"
#include "retort/measure/bench_tokenize.h"
#include "retort/measure/bench_train.h"
#include "retort/recipe/augment_glue.h"
#include "retort/recipe/augment_squad.h"
#include "retort/recipe/binarize.h"
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

namespace retort::cli {
namespace {

int run_version(const std::vector<std::string>& arguments) {
  if (!arguments.empty()) throw UserError("`retort version` must stand alone, but is followed by `{}`", arguments[0]);
  print_result({{"version", version_text()}});
  return 0;
}

// `help` itself is answered by dispatch before the table is asked; its row is there to be listed.
int run_help(const std::vector<std::string>&) { return 0; }

constexpr const char* kAbout = "About";
constexpr const char* kStart = "Start";
constexpr const char* kPrepare = "Prepare";
constexpr const char* kTrain = "Train";
constexpr const char* kEvaluate = "Evaluate";
constexpr const char* kAsk = "Ask";
constexpr const char* kMeasure = "Measure";

constexpr auto kCommands = std::to_array<Command>({
    {.name = "demo",
     .group = kStart,
     .summary = "nothing -> a small question-answering world and a model fine-tuned on it",
     .describe = describe_config<recipe::DemoConfig>},
    {.name = "tokenize",
     .group = kPrepare,
     .summary = "text lines -> token ids, one line each; or ids -> text",
     .run = run_tokenize,
     .describe = describe_config<TokenizeConfig>},
    {.name = "data binarize",
     .group = kPrepare,
     .summary = "text, one sequence a line -> token file",
     .run = run_with_config<recipe::BinarizeConfig, recipe::binarize>,
     .describe = describe_config<recipe::BinarizeConfig>},
    {.name = "data count",
     .group = kPrepare,
     .summary = "token file -> counts of the tokens",
     .run = run_with_config<recipe::CountTokensConfig, recipe::count_tokens>,
     .describe = describe_config<recipe::CountTokensConfig>},
    {.name = "data features squad",
     .group = kPrepare,
     .summary = "SQuAD files -> feature caches",
     .run = run_with_config<SquadFeaturesConfig, make_squad_features>,
     .describe = describe_config<SquadFeaturesConfig>},
    {.name = "data features glue",
     .group = kPrepare,
     .summary = "files of a GLUE task -> feature cache",
     .run = run_with_config<GlueFeaturesConfig, make_glue_features>,
     .describe = describe_config<GlueFeaturesConfig>},
    {.name = "data augment squad",
     .group = kPrepare,
     .summary = "SQuAD v1.1 + masked LM + GloVe -> more paragraphs",
     .describe = describe_config<recipe::AugmentSquadConfig>},
    {.name = "data augment glue",
     .group = kPrepare,
     .summary = "GLUE files + masked LM + GloVe -> train_aug.tsv",
     .describe = describe_config<recipe::AugmentGlueConfig>},
    {.name = "pretrain",
     .group = kTrain,
     .summary = "token file + model folder -> masked language model, its loss",
     .describe = describe_config<recipe::PretrainConfig>},
    {.name = "finetune squad",
     .group = kTrain,
     .summary = "SQuAD files + model folder -> model folder, predictions, scores",
     .describe = describe_config<recipe::FinetuneSquadConfig>},
    {.name = "finetune glue",
     .group = kTrain,
     .summary = "files of a GLUE task + model folder -> model folder, predictions, scores",
     .describe = describe_config<recipe::FinetuneGlueConfig>},
    {.name = "extract",
     .group = kTrain,
     .summary = "teacher folder + chosen layers -> student folder",
     .describe = describe_config<recipe::ExtractConfig>},
    {.name = "distill mlm",
     .group = kTrain,
     .summary = "token file + student + teacher -> masked language model, its loss",
     .describe = describe_config<recipe::DistillMlmConfig>},
    {.name = "distill squad",
     .group = kTrain,
     .summary = "SQuAD files + student + teacher -> model folder, predictions, scores",
     .describe = describe_config<recipe::DistillSquadConfig>},
    {.name = "distill backbone",
     .group = kTrain,
     .summary = "token or task files + student + teacher -> body that computes alike",
     .describe = describe_config<recipe::DistillBackboneConfig>},
    {.name = "distill prediction",
     .group = kTrain,
     .summary = "task files + student + teacher -> model folder that answers alike",
     .describe = describe_config<recipe::DistillPredictionConfig>},
    {.name = "evaluate squad",
     .group = kEvaluate,
     .summary = "model folder + SQuAD file -> predictions, n-best, null odds, scores",
     .describe = describe_config<recipe::EvaluateSquadConfig>},
    {.name = "evaluate glue",
     .group = kEvaluate,
     .summary = "model folder + files of a GLUE task -> predictions, scores",
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
     .group = kAsk,
     .summary = "questions with contexts -> answers",
     .describe = describe_config<recipe::PredictQaConfig>},
    {.name = "predict text",
     .group = kAsk,
     .summary = "sentences -> labels",
     .describe = describe_config<recipe::PredictTextConfig>},
    {.name = "bench train",
     .group = kMeasure,
     .summary = "model + training files -> sequences a second, utilization, memory",
     .describe = describe_config<measure::BenchTrainConfig>},
    {.name = "bench infer",
     .group = kMeasure,
     .summary = "model + evaluation files -> sequences a second, latency percentiles",
     .describe = describe_config<measure::BenchInferConfig>},
    {.name = "bench tokenize",
     .group = kMeasure,
     .summary = "SQuAD contexts or text lines -> megabytes and tokens a second",
     .describe = describe_config<measure::BenchTokenizeConfig>},
    {.name = "bench data",
     .group = kMeasure,
     .summary = "training files -> seconds until features are made, and found in the cache",
     .describe = describe_config<measure::BenchDataConfig>},
    {.name = "inspect",
     .group = kAbout,
     .summary = "weights, model folder, tokens or cache -> what is in it",
     .run = run_inspect,
     .describe = describe_config<recipe::InspectConfig>},
    {.name = "compat",
     .group = kAbout,
     .summary = "the command line of a published program -> its commands here, which are run",
     .run = run_compat},
    {.name = "help",
     .group = kAbout,
     .summary = "this list, or the flags of the command named after it",
     .run = run_help},
    {.name = "version", .group = kAbout, .summary = "the version of this program", .run = run_version},
    {.name = "reference",
     .group = kAbout,
     .summary = "commands and their flags -> Markdown pages",
     .run = run_with_config<ReferenceConfig, write_reference>,
     .describe = describe_config<ReferenceConfig>,
     .hidden = true},
});

}  // namespace

const char* version_text() { return RETORT_VERSION; }

std::span<const Command> commands() { return kCommands; }

}  // namespace retort::cli
