// A config.json that contradicts the weights beside it, or holds values that no model can have: one sentence, exit code
// 2, and no memory is allocated by the sizes that it claims.
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/program.h"

namespace retort::program {
namespace {

struct InvalidValue {
  const char* name;
  const char* field;
  Json value;
  const char* message;  // part of it
};

const InvalidValue kInvalidValues[] = {
    {"HeadsDoNotDivide", "num_attention_heads", 5,
     "`hidden_size` must be a multiple of the 5 attention heads, but is 32"},
    {"NoHeads", "num_attention_heads", 0, "`num_attention_heads` must be 1 to 1000, but is 0"},
    {"NegativeHidden", "hidden_size", -32, "`hidden_size` must be 1 to 8192, but is -32"},
    {"HugeHidden", "hidden_size", int64_t{1} << 40, "`hidden_size` must be 1 to 8192"},
    {"LargeHidden", "hidden_size", 8192, "config.json"},
    {"NegativeLayers", "num_hidden_layers", -1, "`num_hidden_layers` must be 1 to 512, but is -1"},
    {"TooManyLayers", "num_hidden_layers", 512, "config.json"},
    {"OneLayerMore", "num_hidden_layers", 3, "bert.encoder.layer.2."},
    {"NegativeIntermediate", "intermediate_size", -5, "`intermediate_size` must be 1 to 1000000, but is -5"},
    {"LargeIntermediate", "intermediate_size", 1000000, "config.json"},
    {"DoubleIntermediate", "intermediate_size", 128, "[128, 32]"},
    {"NoPositions", "max_position_embeddings", 0, "`max_position_embeddings` must be 1 to 1000000, but is 0"},
    {"TooManyPositions", "max_position_embeddings", 1000000, "config.json"},
    {"FewerPositions", "max_position_embeddings", 256, "[256, 32]"},
    {"UnknownActivation", "hidden_act", "sparkle", "sparkle"},
    {"NoTokenTypes", "type_vocab_size", 0, "`type_vocab_size` must be 1 to 1000, but is 0"},
    {"AutoMap", "auto_map", Json{{"AutoModel", "code.Model"}}, "field `auto_map` must be absent, but is"},
    {"HugeVocabulary", "vocab_size", 9000000, "as many pieces as the model has embeddings, 9000000"},
    {"SmallVocabulary", "vocab_size", 10, "as many pieces as the model has embeddings, 10"},
    {"TextForANumber", "hidden_size", "32", "`hidden_size` must be an integer"},
    {"FractionForANumber", "hidden_size", 32.5, "`hidden_size` must be an integer"},
    {"BeyondInt64", "hidden_size", UINT64_MAX, "`hidden_size` must be"},
    {"WrongDropout", "hidden_dropout_prob", 1.5, "dropout probabilities must lie in [0, 1), but one is 1.5"},
    {"WrongClassifierDropout", "classifier_dropout", 2, "dropout"},
    {"NegativeEpsilon", "layer_norm_eps", -1, "`layer_norm_eps`"},
    {"RelativePositions", "position_embedding_type", "relative_key", "`position_embedding_type` must be absolute"},
};

TEST(InvalidConfig, IsRefusedBeforeMemoryIsAllocated) {
  for (const InvalidValue& invalid : kInvalidValues) {
    SCOPED_TRACE(invalid.name);
    const tiny::TemporaryFolder folder;
    const fs::path model = tiny::copy_model(tiny::question_answering_folder(), folder / "model");
    tiny::set_config_field(model, invalid.field, invalid.value);
    const Outcome outcome = run({"predict", "qa", "--model", model, "--question", "q", "--context", "c"});
    EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
    EXPECT_EQ(outcome.output, "");
    EXPECT_NE(outcome.errors.find(invalid.message), std::string::npos) << outcome.errors;
    EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1) << outcome.errors;
    EXPECT_EQ(outcome.errors.find("`memory`"), std::string::npos) << "the sizes were allocated: " << outcome.errors;
  }
}

}  // namespace
}  // namespace retort::program
