// config.json: what is read, what is refused and in which words.
#include "retort/model/config.h"

#include <gtest/gtest.h>

#include "retort/base/error.h"
#include "retort/model/config_reader.h"
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
               {"pruned_heads", {{"0", {0, 1}}}, "must leave at least one of 2 heads"},
               {"pruned_heads", {{"0", {1.7}}}, "to lists of heads, integers from 0, but is `{\"0\":[1.7]}`"},
               {"pruned_heads", {{"0", {true}}}, "to lists of heads"},
               {"pruned_heads", {{"00", {0}}}, "to lists of heads"},
               {"pruned_heads", {{"first", {0}}}, "to lists of heads"},
               {"pruned_heads", {{"7", {0}}}, "but is wrong for layer 7"},
               {"pruned_heads", {{"0", 0}}, "to lists of heads"},
               {"pruned_heads", Json::array({1}), "must be an object from layers to lists of heads"},
               {"id2label", {{"0", "a"}, {"00", "b"}}, "must be an object from each id from 0 to 1 to a name"},
               {"id2label", {{"0", "a"}, {"2", "b"}}, "must be an object from each id from 0 to 1 to a name"},
               {"id2label", {{"-1", "a"}, {"0", "b"}}, "must be an object from each id from 0 to 1 to a name"},
               {"id2label", {{" 0", "a"}, {"1", "b"}}, "must be an object from each id from 0 to 1 to a name"},
               {"id2label", {{"0", "a"}, {"1", nullptr}}, "must be an object from each id from 0 to 1 to a name"},
               {"id2label", {{"0", "a"}, {"1", "a"}}, "must be an object with a different name for each id"},
               {"id2label", Json::array({"a", "b"}), "must be an object from ids to names"},
               {"id2label", Json::object(), "must be an object from ids to names"},
               {"num_labels", 0, "`num_labels` must be 1 to 100000, but is `0`"},
               {"num_labels", 2.0, "`num_labels` must be an integer"},
               {"problem_type", "ranking", "must be regression, single_label_classification or multi_label"},
               {"problem_type", 1, "`problem_type` must be a string"}};
  for (const auto& one : cases) {
    Json json = bert();
    json[one.field] = one.value;
    EXPECT_NE(problem_of(json).find(one.words), std::string::npos) << one.field << ": " << problem_of(json);
  }
}

TEST(Config, LabelsMayBeNumbers) {
  Json json = bert();
  json["id2label"] = {{"0", 0}, {"1", 1}};
  EXPECT_EQ(config_from_json(json, "c").labels, (std::vector<std::string>{"0", "1"}));
}

TEST(Config, FieldsThatDisagreeAreSaid) {
  Json json = bert();
  json["id2label"] = {{"0", "a"}, {"1", "b"}}, json["label2id"] = {{"a", 0}, {"b", 1}};
  EXPECT_TRUE(config_from_json(json, "c").remarks.empty());
  json["label2id"] = {{"a", 1}, {"b", 0}}, json["num_labels"] = 3;
  const ModelConfig config = config_from_json(json, "c");
  EXPECT_EQ(config.labels, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config.remarks,
            (std::vector<std::string>{"`c`: field `num_labels` is 3, but `id2label` names 2 and is used",
                                      "`c`: field `label2id` gives `a` the id 1, but `id2label` 0 and is used"}));
}

// What this program does not know stays where it stood; what it writes itself takes the place of what was there.
TEST(Config, UnknownFieldsAreWrittenAgainInTheirPlaces) {
  const Json json =
      Json::parse(R"({"my_note": {"a": [1, null]}, "model_type": "bert", "hidden_size": 48, "vocab_size": 100,
    "num_attention_heads": 2, "intermediate_size": 96, "num_hidden_layers": 2, "use_cache": true, "num_labels": 3,
    "dtype": "float16", "finetuning_task": "mnli", "transformers_version": "4.5.1"})");
  ModelConfig config = config_from_json(json, "c");
  config.num_hidden_layers = 1;
  const Json written = config_to_json(config, "BertModel");
  std::vector<std::string> names;
  for (const auto& [name, value] : written.items()) names.push_back(name);
  names.resize(11);
  EXPECT_EQ(names, (std::vector<std::string>{"my_note", "model_type", "hidden_size", "vocab_size",
                                             "num_attention_heads", "intermediate_size", "num_hidden_layers",
                                             "use_cache", "dtype", "finetuning_task", "transformers_version"}));
  EXPECT_EQ(written.at("my_note"), json.at("my_note"));
  EXPECT_EQ(written.at("num_hidden_layers"), 1);
  EXPECT_EQ(written.at("dtype"), "float32") << "which transformers 5 would believe";
  EXPECT_EQ(written.at("id2label").size(), 3u);
  EXPECT_EQ(config_to_json(config_from_json(written, "d"), "BertModel"), written);
}

TEST(Config, AnotherTaskForgetsTheOld) {
  Json json = bert();
  json["finetuning_task"] = "mnli", json["problem_type"] = "multi_label_classification";
  ModelConfig config = config_from_json(json, "c");
  config.set_labels({"0", "1"});
  const Json written = config_to_json(config, "BertForSequenceClassification");
  EXPECT_EQ(written.at("problem_type"), "single_label_classification");
  EXPECT_FALSE(written.contains("finetuning_task"));
  config.set_labels({"score"});
  EXPECT_EQ(config_to_json(config, "BertForSequenceClassification").at("problem_type"), "regression");
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
