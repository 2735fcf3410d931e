// The table of config.json's fields against transformers: fixtures say which fields there are and which of them change
// the hidden states (tools/make_config_fixtures.py).
#include "retort/model/config_fields.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/kernel/activation.h"
#include "retort/model/config.h"
#include "retort/model/config_reader.h"

namespace retort::model {
namespace {

const std::vector<Json>& versions() {
  static const std::vector<Json> all = [] {
    std::vector<Json> read;
    for (const char* version : {"4.46.3", "5.24.0"})
      read.push_back(
          read_json_file(fs::path(RETORT_FIXTURES) / "model" / fmt::format("config_fields_{}.json", version)));
    return read;
  }();
  return all;
}

// The message of the refusal of `config` with one field set; "" when it is read.
std::string refusal_of(Json config, const std::string& field, const Json& value) {
  config[field] = value;
  try {
    config_from_json(config, "config.json");
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

template <typename Visit>
void for_each_family(const Visit& visit) {
  for (const Json& version : versions())
    for (const auto& [name, family] : version.at("families").items()) {
      SCOPED_TRACE(version.at("transformers").get<std::string>() + " " + name);
      visit(family);
    }
}

TEST(ConfigFields, EveryFieldOfTransformersHasItsRow) {
  for_each_family([](const Json& family) {
    for (const auto& [name, value] : family.at("fields").items()) EXPECT_NE(maybe_config_field(name), nullptr) << name;
  });
}

TEST(ConfigFields, EveryRowHasAReasonAndIsThereOnce) {
  std::set<std::string_view> names;
  for (const ConfigField& field : config_fields()) {
    EXPECT_TRUE(names.insert(field.name).second) << field.name;
    EXPECT_EQ(field.reason.empty(), field.use == FieldUse::kRead) << field.name;
    EXPECT_EQ(field.allowed.empty(), field.use != FieldUse::kFixed) << field.name;
  }
}

TEST(ConfigFields, TheDefaultsOfTransformersAreRead) {
  for_each_family([](const Json& family) {
    Json config = family.at("config");
    for (const auto& [name, value] : family.at("fields").items())
      if (!config.contains(name)) config[name] = value;
    EXPECT_EQ(refusal_of(config, "use_cache", true), "");
  });
}

// What changes the computation is read or refused.
TEST(ConfigFields, NothingThatChangesTheNumbersIsPassedOver) {
  int64_t changing = 0;
  for_each_family([&](const Json& family) {
    for (const Json& probe : family.at("probes")) {
      if (probe.at("changes") == false) continue;
      ++changing;
      const auto name = probe.at("field").get<std::string>();
      const ConfigField* const field = maybe_config_field(name);
      ASSERT_NE(field, nullptr) << name;
      EXPECT_NE(field->use, FieldUse::kIgnored) << name;
      const std::string refusal = refusal_of(family.at("config"), name, probe.at("value"));
      if (field->use == FieldUse::kFixed)
        EXPECT_NE(refusal.find("`config.json`: field `" + name + "` must "), std::string::npos) << refusal;
    }
  });
  EXPECT_GE(changing, 16);
}

// And what does not is no obstacle, but for fields that say that the model is something else.
TEST(ConfigFields, NothingHarmlessIsRefused) {
  const std::set<std::string> others = {"is_encoder_decoder", "adapters", "position_embedding_type", "is_decoder",
                                        "add_cross_attention"};
  for_each_family([&](const Json& family) {
    for (const Json& probe : family.at("probes")) {
      const auto name = probe.at("field").get<std::string>();
      if (probe.at("changes") != false || others.contains(name)) continue;
      EXPECT_EQ(refusal_of(family.at("config"), name, probe.at("value")), "") << name;
    }
  });
}

TEST(ConfigFields, RefusesWhatIsNotComputedHere) {
  const struct {
    const char* field;
    Json value;
    const char* refusal;
  } cases[] = {
      {"is_decoder", true,
       "`config.json`: field `is_decoder` must be false, but is `true`; causal attention is not supported: use an "
       "encoder"},
      {"add_cross_attention", true, "field `add_cross_attention` must be false, but is `true`"},
      {"position_embedding_type", "relative_key_query", "must be absolute, but is `\"relative_key_query\"`"},
      {"quantization_config", {{"quant_method", "bitsandbytes"}}, "quantized models are not supported"},
      {"adapters", {{"adapters", {{"nli", "houlsby"}}}}, "merge them into the weights first"},
      {"auto_map",
       {{"AutoModel", "code.Model"}},
       "it requires executing code from the model folder, which is never done"},
  };
  const Json config = versions().front().at("families").at("bert").at("config");
  for (const auto& one : cases)
    EXPECT_NE(refusal_of(config, one.field, one.value).find(one.refusal), std::string::npos)
        << refusal_of(config, one.field, one.value);
  for (const char* field : {"is_decoder", "quantization_config", "adapters", "auto_map"})
    EXPECT_EQ(refusal_of(config, field, nullptr), "") << field;
  EXPECT_EQ(refusal_of(config, "adapters", Json::object()), "");
}

// The general names of sizes win over DistilBERT's own.
TEST(ConfigFields, DistilBertKnowsTheGeneralNames) {
  Json config = versions().front().at("families").at("distilbert").at("config");
  config["num_hidden_layers"] = 1, config["num_attention_heads"] = 4, config["hidden_size"] = 16;
  const ModelConfig read = config_from_json(config, "config.json");
  EXPECT_EQ(read.num_hidden_layers, 1);
  EXPECT_EQ(read.num_attention_heads, 4);
  EXPECT_EQ(read.hidden_size, 16);
  const Json written = config_to_json(read, "DistilBertModel");
  EXPECT_EQ(written.at("n_layers"), 1);
  EXPECT_FALSE(written.contains("num_hidden_layers")) << "a second place for one size";
}

TEST(ConfigFields, ActivationsAreThoseOfTransformersOrRefused) {
  for (const Json& version : versions())
    for (const auto& [name, same] : version.at("activations").items()) {
      if (same.is_null())
        EXPECT_THROW(kernel::parse_activation(name), UserError) << name;
      else
        EXPECT_EQ(kernel::parse_activation(name), kernel::parse_activation(same.get<std::string>())) << name;
    }
}

}  // namespace
}  // namespace retort::model
