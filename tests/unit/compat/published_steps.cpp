#include "unit/compat/published_steps.h"

#include <gtest/gtest.h>

#include <sstream>

#include "retort/base/error.h"
#include "retort/base/fields.h"
#include "retort/recipe/augment_glue.h"
#include "retort/recipe/augment_squad.h"
#include "retort/recipe/binarize.h"
#include "retort/recipe/data_all.h"
#include "retort/recipe/data_books.h"
#include "retort/recipe/data_instances.h"
#include "retort/recipe/data_sentences.h"
#include "retort/recipe/data_shard.h"
#include "retort/recipe/data_wiki.h"
#include "retort/recipe/distill_backbone.h"
#include "retort/recipe/distill_mlm.h"
#include "retort/recipe/distill_prediction.h"
#include "retort/recipe/distill_squad.h"
#include "retort/recipe/evaluate_glue.h"
#include "retort/recipe/evaluate_squad.h"
#include "retort/recipe/extract.h"
#include "retort/recipe/finetune_glue.h"
#include "retort/recipe/finetune_squad.h"
#include "retort/recipe/predict_qa.h"
#include "retort/recipe/pretrain_config.h"

namespace retort::compat {

namespace {

template <typename Config>
Json parsed(const Step& step) {
  Config config;
  FieldList list;
  config.fields(list);
  std::vector<std::string> flags = step.words();
  while (!flags.empty() && !flags.front().starts_with("--")) flags.erase(flags.begin());
  parse_flags(list, flags);
  if constexpr (requires { config.after_parsing(list); }) config.after_parsing(list);
  if constexpr (requires { config.training.use_optimizer_defaults(list); })
    config.training.use_optimizer_defaults(list);
  return fields_to_json(list);
}

Step only_step(const std::string& line) {
  const Translation translation = translate(words_of_line(line));
  EXPECT_EQ(translation.steps.size(), 1U) << line;
  return translation.steps.front();
}

}  // namespace

std::vector<std::string> words_of_line(const std::string& line) {
  std::istringstream words(line);
  return {std::istream_iterator<std::string>(words), {}};
}

Json settings_of_step(const Step& step) {
  if (step.command == "data augment glue") return parsed<recipe::AugmentGlueConfig>(step);
  if (step.command == "data augment squad") return parsed<recipe::AugmentSquadConfig>(step);
  if (step.command == "data binarize") return parsed<recipe::BinarizeConfig>(step);
  if (step.command == "data count") return parsed<recipe::CountTokensConfig>(step);
  if (step.command == "data all") return parsed<recipe::DataAllConfig>(step);
  if (step.command == "data books") return parsed<recipe::DataBooksConfig>(step);
  if (step.command == "data instances") return parsed<recipe::InstancesConfig>(step);
  if (step.command == "data sentences") return parsed<recipe::SentencesConfig>(step);
  if (step.command == "data shard") return parsed<recipe::ShardConfig>(step);
  if (step.command == "data wiki") return parsed<recipe::DataWikiConfig>(step);
  if (step.command == "distill backbone") return parsed<recipe::DistillBackboneConfig>(step);
  if (step.command == "distill mlm") return parsed<recipe::DistillMlmConfig>(step);
  if (step.command == "distill prediction") return parsed<recipe::DistillPredictionConfig>(step);
  if (step.command == "distill squad") return parsed<recipe::DistillSquadConfig>(step);
  if (step.command == "predict qa") return parsed<recipe::PredictQaConfig>(step);
  if (step.command == "evaluate glue") return parsed<recipe::EvaluateGlueConfig>(step);
  if (step.command == "evaluate squad") return parsed<recipe::EvaluateSquadConfig>(step);
  if (step.command == "extract") return parsed<recipe::ExtractConfig>(step);
  if (step.command == "finetune glue") return parsed<recipe::FinetuneGlueConfig>(step);
  if (step.command == "finetune squad") return parsed<recipe::FinetuneSquadConfig>(step);
  if (step.command == "pretrain") return parsed<recipe::PretrainConfig>(step);
  ADD_FAILURE() << step.command;
  return {};
}

Json settings_of_line(const std::string& line) { return settings_of_step(only_step(line)); }

std::string command_of_line(const std::string& line) { return only_step(line).command; }

std::string line_error(const std::string& line) {
  try {
    translate(words_of_line(line));
  } catch (const UserError& failure) {
    return failure.what();
  }
  return "no error";
}

std::string account_of_line(const std::string& line) {
  std::string text;
  for (const std::string& part : translate(words_of_line(line)).account) text += part + "\n";
  return text;
}

}  // namespace retort::compat
