// The functions of the commands that need LibTorch, by the names in the table of commands.cpp. They form the module
// `libretort_tensors.so`.
#include <array>
#include <string_view>

#include "retort/cli/command.h"
#include "retort/cli/demo.h"
#include "retort/cli/late_module.h"
#include "retort/cli/predict.h"
#include "retort/measure/bench_data.h"
#include "retort/measure/bench_infer.h"
#include "retort/measure/bench_tokenize.h"
#include "retort/measure/bench_train.h"
#include "retort/recipe/augment_glue.h"
#include "retort/recipe/augment_squad.h"
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
#include "retort/recipe/pretrain.h"

namespace retort::cli {
namespace {

struct TensorCommand {
  std::string_view name;
  CommandBody body;
};

constexpr auto kBodies = std::to_array<TensorCommand>({
    {"demo", run_demo},
    {"data augment squad", run_with_config<recipe::AugmentSquadConfig, recipe::augment_squad>},
    {"data augment glue", run_with_config<recipe::AugmentGlueConfig, recipe::augment_glue>},
    {"pretrain", run_with_config<recipe::PretrainConfig, recipe::pretrain>},
    {"finetune squad", run_with_config<recipe::FinetuneSquadConfig, recipe::finetune_squad>},
    {"finetune glue", run_with_config<recipe::FinetuneGlueConfig, recipe::finetune_glue>},
    {"extract", run_with_config<recipe::ExtractConfig, recipe::extract>},
    {"distill mlm", run_with_config<recipe::DistillMlmConfig, recipe::distill_mlm>},
    {"distill squad", run_with_config<recipe::DistillSquadConfig, recipe::distill_squad>},
    {"distill backbone", run_with_config<recipe::DistillBackboneConfig, recipe::distill_backbone>},
    {"distill prediction", run_with_config<recipe::DistillPredictionConfig, recipe::distill_prediction>},
    {"evaluate squad", run_with_config<recipe::EvaluateSquadConfig, recipe::evaluate_squad>},
    {"evaluate glue", run_with_config<recipe::EvaluateGlueConfig, recipe::evaluate_glue>},
    {"forward", run_with_config<recipe::ForwardConfig, recipe::forward>},
    {"predict qa", run_predict_qa},
    {"predict text", run_predict_text},
    {"bench train", run_with_config<measure::BenchTrainConfig, measure::bench_train>},
    {"bench infer", run_with_config<measure::BenchInferConfig, measure::bench_infer>},
    {"bench tokenize", run_with_config<measure::BenchTokenizeConfig, measure::bench_tokenize>},
    {"bench data", run_with_config<measure::BenchDataConfig, measure::bench_data>},
});

}  // namespace
}  // namespace retort::cli

retort::cli::CommandBody retort_find_tensor_command(const char* name) {
  for (const auto& command : retort::cli::kBodies)
    if (command.name == name) return command.body;
  return nullptr;
}
