// Names of tensors: the lists of transformers are canonical, and the other dialects lead to them.
#include "retort/checkpoint/dialects.h"

#include <set>

#include "unit/checkpoint/checkpoint_fixtures.h"

namespace retort::checkpoint {
namespace {

std::vector<std::string> names_of(const std::string& kind, const std::string& model) {
  return read_json_file(fixture_path("names.json"))[kind][model];
}

std::vector<std::string> replaced(std::vector<std::string> names, const std::string& from, const std::string& to) {
  for (std::string& name : names) {
    if (const size_t at = name.find(from); at != std::string::npos) name.replace(at, from.size(), to);
  }
  return names;
}

std::vector<std::string> with_prefix(std::vector<std::string> names, const std::string& prefix) {
  for (std::string& name : names) name = prefix + name;
  return names;
}

std::string canonical(const std::string& name) {
  const auto found = maybe_canonical_name(name);
  return found ? found->name + (found->is_transposed ? " transposed" : "") : "none";
}

void expect_complete(const std::vector<std::string>& wanted, const std::vector<std::string>& file,
                     const std::string& base_prefix) {
  const NameMatches found = match_names(wanted, file, base_prefix, "FILE");
  EXPECT_EQ(found.matches.size(), wanted.size());
  EXPECT_EQ(found.missing, std::vector<std::string>{});
  EXPECT_EQ(found.unexpected, std::vector<std::string>{});
}

TEST(DialectsTest, NamesOfTransformersStayAsTheyAre) {
  for (const char* model :
       {"BertModel", "BertForPreTraining", "BertForQuestionAnswering", "DistilBertModel", "DistilBertForMaskedLM"}) {
    for (const std::string& name : names_of("states", model)) EXPECT_EQ(canonical(name), name);
  }
}

TEST(DialectsTest, OtherDialectsLeadToThem) {
  EXPECT_EQ(canonical("bert.embeddings.LayerNorm.gamma"), "bert.embeddings.LayerNorm.weight");
  EXPECT_EQ(canonical("module.bert.embeddings.LayerNorm.beta"), "bert.embeddings.LayerNorm.bias");
  EXPECT_EQ(canonical("model.module._orig_mod.qa_outputs.bias"), "qa_outputs.bias");
  EXPECT_EQ(canonical("bert.encoder.layer.3.intermediate.dense_act.weight"),
            "bert.encoder.layer.3.intermediate.dense.weight");
  EXPECT_EQ(canonical("bert.pooler.dense_act.bias"), "bert.pooler.dense.bias");
  EXPECT_EQ(canonical("cls.predictions.transform.dense_act.weight"), "cls.predictions.transform.dense.weight");
  EXPECT_EQ(canonical("bert.embeddings.position_ids"), "none");
  EXPECT_EQ(canonical("bert/encoder/layer_11/attention/self/query/kernel"),
            "bert.encoder.layer.11.attention.self.query.weight transposed");
  EXPECT_EQ(canonical("bert/encoder/layer_0/output/LayerNorm/gamma"), "bert.encoder.layer.0.output.LayerNorm.weight");
  EXPECT_EQ(canonical("bert/embeddings/word_embeddings"), "bert.embeddings.word_embeddings.weight");
  EXPECT_EQ(canonical("bert/embeddings/token_type_embeddings:0"), "bert.embeddings.token_type_embeddings.weight");
  EXPECT_EQ(canonical("bert/pooler/dense/bias"), "bert.pooler.dense.bias");
  EXPECT_EQ(canonical("cls/predictions/transform/dense/kernel"), "cls.predictions.transform.dense.weight transposed");
  EXPECT_EQ(canonical("cls/predictions/output_bias"), "cls.predictions.bias");
  EXPECT_EQ(canonical("cls/seq_relationship/output_weights"), "cls.seq_relationship.weight");
  EXPECT_EQ(canonical("cls/squad/output_bias"), "qa_outputs.bias");
  EXPECT_EQ(canonical("output_weights"), "classifier.weight");
  EXPECT_EQ(canonical("bert/pooler/dense/kernel/adam_m"), "none");
  EXPECT_EQ(canonical("global_step"), "none");
}

TEST(DialectsTest, WritesNvidiaNames) {
  for (const std::string& name : names_of("states", "BertForPreTraining")) {
    const std::string nvidia = nvidia_name(name);
    EXPECT_EQ(canonical(nvidia), name);
    const bool has_activation = name.find("intermediate.dense.") != std::string::npos ||
                                name.find("pooler.dense.") != std::string::npos ||
                                name.find("transform.dense.") != std::string::npos;
    EXPECT_EQ(nvidia.find("dense_act") != std::string::npos, has_activation) << nvidia;
  }
  EXPECT_EQ(nvidia_name("pooler.dense.weight"), "pooler.dense_act.weight");
  EXPECT_EQ(nvidia_name("bert.encoder.layer.0.output.dense.weight"), "bert.encoder.layer.0.output.dense.weight");
}

TEST(DialectsTest, FindsParametersUnderEveryPrefix) {
  const auto bare = names_of("parameters", "BertModel");
  const auto prefixed = with_prefix(bare, "bert.");
  for (const auto& wanted : {bare, prefixed}) {
    for (const auto& file : {bare, prefixed, with_prefix(prefixed, "module."), with_prefix(bare, "model.")}) {
      expect_complete(wanted, file, "bert");
      expect_complete(
          wanted, replaced(replaced(file, "LayerNorm.weight", "LayerNorm.gamma"), "LayerNorm.bias", "LayerNorm.beta"),
          "bert");
    }
  }
  const auto distil = names_of("parameters", "DistilBertModel");
  expect_complete(distil, with_prefix(distil, "distilbert."), "distilbert");
  expect_complete(distil, distil, "");
}

TEST(DialectsTest, TiedCopiesAreNoSurprise) {
  expect_complete(names_of("parameters", "BertForPreTraining"), names_of("states", "BertForPreTraining"), "bert");
  expect_complete(names_of("parameters", "DistilBertForMaskedLM"), names_of("states", "DistilBertForMaskedLM"),
                  "distilbert");
  // Wanted all the same, they are found; alone in the file, they stand in for their partner.
  expect_complete(names_of("states", "BertForPreTraining"), names_of("states", "BertForPreTraining"), "bert");
  const std::vector<std::string> wanted = {"bert.embeddings.word_embeddings.weight", "cls.predictions.bias"};
  const std::vector<std::string> file = {"cls.predictions.decoder.bias", "cls.predictions.decoder.weight"};
  const NameMatches found = match_names(wanted, file, "bert", "FILE");
  ASSERT_EQ(found.matches.size(), 2u);
  EXPECT_EQ(found.matches[0].file_index, 1u);
  EXPECT_EQ(found.matches[1].file_index, 0u);
  EXPECT_TRUE(is_tied_copy("cls.predictions.decoder.weight", "embeddings.word_embeddings.weight"));
  EXPECT_TRUE(is_tied_copy("vocab_projector.weight", "embeddings.word_embeddings.weight"));
  EXPECT_FALSE(is_tied_copy("cls.predictions.decoder.bias", "embeddings.word_embeddings.weight"));
  EXPECT_FALSE(is_tied_copy("cls.predictions.transform.dense.weight", "embeddings.word_embeddings.weight"));
}

TEST(DialectsTest, ListsWhatIsMissingAndUnexpected) {
  const auto file = names_of("parameters", "BertForPreTraining");
  const NameMatches found = match_names(names_of("parameters", "BertForQuestionAnswering"), file, "bert", "FILE");
  EXPECT_EQ(found.missing, (std::vector<std::string>{"qa_outputs.weight", "qa_outputs.bias"}));
  EXPECT_EQ(found.unexpected.front(), "bert.pooler.dense.weight");
  EXPECT_EQ(found.unexpected.size(), 2u + 7u);
  for (const NameMatch& match : found.matches) EXPECT_EQ(file[match.file_index], match.wanted);
}

TEST(DialectsTest, CarriesTheTransposeOfGoogleKernels) {
  const std::vector<std::string> file = {"bert/pooler/dense/kernel", "bert/pooler/dense/bias",
                                         "bert/pooler/dense/bias/adam_v"};
  const NameMatches found =
      match_names(std::vector<std::string>{"pooler.dense.weight", "pooler.dense.bias"}, file, "bert", "FILE");
  ASSERT_EQ(found.matches.size(), 2u);
  EXPECT_TRUE(found.matches[0].is_transposed);
  EXPECT_FALSE(found.matches[1].is_transposed);
  EXPECT_TRUE(found.unexpected.empty());
}

TEST(DialectsTest, ListsTensorsThatShouldBeEqual) {
  const std::vector<std::string> file = {"bert.pooler.dense.bias", "cls.predictions.decoder.weight",
                                         "embeddings.word_embeddings.weight", "pooler.dense.bias"};
  const NameMatches found = match_names(std::vector<std::string>{"bert.pooler.dense.bias"}, file, "bert", "FILE");
  EXPECT_EQ(found.prefix_duplicates, (std::vector<std::pair<size_t, size_t>>{{0, 3}}));
  EXPECT_EQ(found.tied_copies, (std::vector<std::pair<size_t, size_t>>{{1, 2}}));
}

TEST(DialectsTest, RefusesTwoTensorsForOneParameter) {
  const std::vector<std::string> file = {"LayerNorm.gamma", "LayerNorm.weight"};
  EXPECT_EQ(message_of([&] { map_names(file, "FILE"); }),
            "`FILE`: tensors `LayerNorm.gamma` and `LayerNorm.weight` must be different parameters, but both are named "
            "`LayerNorm.weight` in Hugging Face's form; remove one of them from the weights");
}

}  // namespace
}  // namespace retort::checkpoint
