#include "retort/cli/tune.h"

#include <gtest/gtest.h>

#include "retort/recipe/tune_config.h"

namespace retort::cli {
namespace {

using Words = std::vector<std::string>;

TEST(Tune, WordsAreDividedBetweenItsFlagsAndThoseOfTheTrial) {
  recipe::TuneConfig config;
  FieldList list;
  config.fields(list);
  const auto [ours, others] =
      split_flags(list, {"--space", "s.json", "--model", "student", "--trials=3", "--no_prune", "--max_steps=2",
                         "--layers", "1", "2", "--no_use_cache", "--experiment_name", "n", "--clean_raytune_output",
                         "--ray-address", "auto", "--config", "c.json"});
  EXPECT_EQ(ours, (Words{"--space", "s.json", "--trials=3", "--no_prune", "--experiment_name", "n",
                         "--clean_raytune_output", "--ray-address", "auto", "--config", "c.json"}));
  EXPECT_EQ(others, (Words{"--model", "student", "--max_steps=2", "--layers", "1", "2", "--no_use_cache"}));
}

TEST(Tune, AWordBeforeAnyFlagIsOurs) {
  recipe::TuneConfig config;
  FieldList list;
  config.fields(list);
  EXPECT_EQ(split_flags(list, {"word", "--model", "m"}).first, Words{"word"});
}

}  // namespace
}  // namespace retort::cli
