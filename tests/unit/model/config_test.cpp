// config.json: what is read, what is refused and in which words.
#include "retort/model/config.h"

#include <gtest/gtest.h>

#include "retort/base/error.h"
#include "retort/model/presets.h"

namespace retort::model {
namespace {

Json bert() {
  return {{"model_type", "bert"},   {"vocab_size", 100},        {"hidden_size", 48},
          {"num_hidden_layers", 2}, {"num_attention_heads", 2}, {"intermediate_size", 96}};
}

std::string problem_of(const Json& json) {
  try {
    config_from_json(json, "config.json");
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(Config, ReadsAndWritesBothFamilies) {
  const ModelConfig config = config_from_json(bert(), "config.json");
  EXPECT_EQ(config.head_width(), 24);
  EXPECT_EQ(config_from_json(config_to_json(config, "BertModel"), "again").intermediate_size, 96);
  const Json distil{{"model_type", "distilbert"},
                    {"dim", 64},
                    {"n_heads", 2},
                    {"n_layers", 3},
                    {"hidden_dim", 128},
                    {"activation", "relu"},
                    {"pruned_heads", {{"1", {0}}}},
                    {"sinusoidal_pos_embds", true}};
  const ModelConfig student = config_from_json(config_to_json(config_from_json(distil, "a"), "DistilBertModel"), "b");
  EXPECT_EQ(student.family, Family::kDistilBert);
  EXPECT_EQ(student.hidden_act, "relu");
  EXPECT_EQ(student.heads_of_layer(1), 1);
  EXPECT_TRUE(student.sinusoidal_pos_embds);
}

TEST(Config, LabelsKeepTheirOrder) {
  Json json = bert();
  json["id2label"] = {{"1", "no"}, {"0", "yes"}, {"2", "maybe"}};
  EXPECT_EQ(config_from_json(json, "c").labels, (std::vector<std::string>{"yes", "no", "maybe"}));
}

TEST(Config, Refuses) {
  const struct {
    const char* field;
    Json value;
    const char* words;
  } cases[] = {{"num_attention_heads", 5, "must be a multiple of the 5 attention heads, but is 48"},
               {"hidden_size", -48, "`hidden_size` must be 1 to 8192, but is -48"},
               {"hidden_size", 1LL << 62, "must be 1 to 8192"},
               {"hidden_size", "48", "`hidden_size` must be an integer, but is `\"48\"`"},
               {"num_hidden_layers", 0, "must be 1 to 512, but is 0"},
               {"vocab_size", 0, "`vocab_size` must be"},
               {"vocab_size", INT64_MIN, "`vocab_size` must be 1 to 10000000, but is -9223372036854775808"},
               {"type_vocab_size", 0, "`type_vocab_size` must be 1 to 1000, but is 0"},
               {"hidden_act", "mish", "must be gelu, gelu_new, relu, swish, silu or tanh, but is `mish`"},
               {"hidden_dropout_prob", 1.5, "must lie in [0, 1)"},
               {"model_type", "roberta", "`model_type` must be bert or distilbert, but is `roberta`"},
               {"auto_map", {{"AutoModel", "evil.Model"}}, "which is never done"},
               {"position_embedding_type", "relative_key", "must be absolute"},
               {"pruned_heads", {{"0", {0, 1}}}, "must leave at least one of 2 heads"}};
  for (const auto& one : cases) {
    Json json = bert();
    json[one.field] = one.value;
    EXPECT_NE(problem_of(json).find(one.words), std::string::npos) << one.field << ": " << problem_of(json);
  }
}

TEST(Config, ReportsEveryProblem) {
  Json json = bert();
  json["hidden_act"] = "mish", json["vocab_size"] = -1;
  const std::string problem = problem_of(json);
  EXPECT_NE(problem.find("mish"), std::string::npos);
  EXPECT_NE(problem.find("vocab_size"), std::string::npos);
}

TEST(Presets, UnknownNameShowsTheNearest) {
  EXPECT_EQ(preset_config("bert-base-uncased").hidden_size, 768);
  try {
    preset_config("bert-bsae-uncased");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean `preset:bert-base-uncased`?"), std::string::npos);
  }
}

}  // namespace
}  // namespace retort::model
