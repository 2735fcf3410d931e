// Students with sizes of their own: which layers and heads of a model they take, what starts random, and what is
// refused.
#include <gtest/gtest.h>

#include <ATen/ops/equal.h>
#include <fmt/format.h>

#include <cmath>
#include <map>

#include "recipe/distill_squad_settings.h"
#include "recipe/tiny_world.h"
#include "retort/model/config_reader.h"
#include "retort/recipe/extract.h"

namespace retort::recipe {
namespace {

using Heads = std::map<int64_t, std::vector<int64_t>>;

// A DistilBERT of 2 layers with 12 heads in a width of 48.
fs::path make_twelve_heads(const fs::path& folder) {
  const text::Tokenizer tokenizer = text::Tokenizer::load(tiny::distilbert_folder());
  model::ModelConfig config =
      model::config_from_json(read_json_file(tiny::distilbert_folder() / "config.json"), "tiny");
  config.hidden_size = 48, config.num_attention_heads = 12;
  model::Model model(config, model::Head::kQuestionAnswering, {});
  model.parameters().initialize(7, config.initializer_range);
  fs::create_directories(folder);
  pretrained::save_model_folder(folder, model, tokenizer);
  return folder;
}

pretrained::LoadedModel load(const fs::path& folder, const pretrained::StudentShape& shape) {
  pretrained::ModelSource source{.model = folder.string()};
  source.student = shape;
  return pretrained::load_model(source, {.head = model::Head::kQuestionAnswering,
                                         .may_initialize_head = true,
                                         .may_replace_head = true,
                                         .may_initialize_encoder = true});
}

at::Tensor tensor_of(const pretrained::LoadedModel& loaded, const std::string& name) {
  return loaded.model->parameters().tensor(*loaded.model->parameters().find(name));
}

pretrained::StudentShape layers(int64_t count) {
  pretrained::StudentShape shape;
  shape.n_layers = count;
  return shape;
}

TEST(StudentShape, FurtherLayersStartRandom) {
  const pretrained::LoadedModel student = load(tiny::distilbert_folder(), layers(4)),
                                source = load(tiny::distilbert_folder(), {});
  const std::string name = "distilbert.transformer.layer.{}.ffn.lin1.weight";
  for (const int64_t layer : {0, 1}) {
    const std::string own = fmt::format(fmt::runtime(name), layer);
    EXPECT_TRUE(at::equal(tensor_of(student, own), tensor_of(source, own))) << layer;
  }
  for (const int64_t layer : {2, 3})
    EXPECT_NEAR(tensor_of(student, fmt::format(fmt::runtime(name), layer)).std().item<double>(), 0.1, 0.01)
        << "the initializer_range of its config.json";
  EXPECT_EQ(student.model->config().num_hidden_layers, 4);
}

TEST(StudentShape, FewerLayersAreTheFirst) {
  const pretrained::LoadedModel student = load(tiny::distilbert_folder(), layers(1)),
                                source = load(tiny::distilbert_folder(), {});
  const std::string name = "distilbert.transformer.layer.0.ffn.lin1.weight";
  EXPECT_TRUE(at::equal(tensor_of(student, name), tensor_of(source, name)));
  EXPECT_EQ(student.model->parameters().find("distilbert.transformer.layer.1.ffn.lin1.weight"), nullptr);
}

// random.seed(42) and random.sample(range(12), 4) for each layer, in Python 3.11.
TEST(StudentShape, PrunesTheHeadsThatPythonChooses) {
  const tiny::TemporaryFolder folder;
  const fs::path model = make_twelve_heads(folder / "model");
  pretrained::StudentShape shape = layers(3);
  shape.n_heads = 8;
  const pretrained::LoadedModel student = load(model, shape), whole = load(model, layers(3));
  EXPECT_EQ(student.model->config().pruned_heads, (Heads{{0, {0, 1, 4, 10}}, {1, {1, 2, 3, 11}}, {2, {1, 6, 8, 10}}}));
  // A head of width d in a model of width H has 4 d H + 3 d parameters: 196,800 in the published sizes.
  EXPECT_EQ(whole.model->parameters().parameter_count() - student.model->parameters().parameter_count(),
            3 * 4 * (4 * 4 * 48 + 3 * 4));
  ExtractConfig extraction;
  extraction.model.model = model, extraction.layers = {0, 1}, extraction.heads_per_layer = 8;
  extraction.output_dir = folder / "extracted";
  extract(extraction);
  for (const char* const name : {"q_lin.weight", "v_lin.bias", "out_lin.weight", "out_lin.bias"}) {
    const std::string full = std::string("distilbert.transformer.layer.1.attention.") + name;
    EXPECT_TRUE(at::equal(tensor_of(student, full), tiny::parameter_of(folder / "extracted", full))) << name;
  }
}

TEST(StudentShape, OtherSizesNeedAStudentWithoutWeights) {
  pretrained::StudentShape shape;
  shape.dim = 16;
  EXPECT_EQ(
      tiny::message_of([&] { load(tiny::distilbert_folder(), shape); }),
      "`dim` must be 32, the size of the weights, but is 16; --from_scratch starts with random weights of any size");
  shape.n_layers = 1, shape.n_heads = 4, shape.hidden_dim = 24, shape.from_scratch = true;
  const model::ModelConfig config = load(tiny::distilbert_folder(), shape).model->config();
  EXPECT_EQ(config.hidden_size, 16);
  EXPECT_EQ(config.num_attention_heads, 4);
  EXPECT_EQ(config.intermediate_size, 24);
  EXPECT_TRUE(config.pruned_heads.empty());
  shape.n_heads = 5;
  EXPECT_NE(tiny::message_of([&] {
              load(tiny::distilbert_folder(), shape);
            }).find("field `dim` must be a multiple of the 5 attention heads, but is 16"),
            std::string::npos);
  pretrained::StudentShape heads;
  heads.n_heads = 3;
  EXPECT_EQ(tiny::message_of([&] { load(tiny::distilbert_folder(), heads); }),
            "`n_heads` must be 1 to 2, the heads of layer 0, but is 3");
}

TEST(StudentShape, SinusoidalPositionsAreNotTrained) {
  pretrained::StudentShape shape;
  shape.sinusoidal_pos_embds = true;
  EXPECT_NE(tiny::message_of([&] { load(tiny::bert_folder(), shape); }).find("must be false for a BERT student"),
            std::string::npos);
  const std::string name = "distilbert.embeddings.position_embeddings.weight";
  const pretrained::LoadedModel kept = load(tiny::distilbert_folder(), shape);
  EXPECT_TRUE(at::equal(tensor_of(kept, name), tensor_of(load(tiny::distilbert_folder(), {}), name)))
      << "positions of the weights are kept";
  EXPECT_FALSE(kept.model->parameters().find(name)->weight->trainable);
  shape.from_scratch = true;  // even columns the sine, odd ones the cosine, of position / 10000^(column / 32)
  const at::Tensor table = tensor_of(load(tiny::distilbert_folder(), shape), name);
  EXPECT_NEAR(table[3][0].item<double>(), std::sin(3.0), 1e-6);
  EXPECT_NEAR(table[3][1].item<double>(), std::cos(3.0), 1e-6);
}

TEST(StudentShape, AFileOfWeightsWithItsConfigurationIsAModel) {
  const tiny::TemporaryFolder folder;
  fs::copy(tiny::question_answering_folder() / "model.safetensors", folder / "checkpoint.safetensors");
  fs::copy(tiny::question_answering_folder() / "config.json", folder / "bert_base.json");
  pretrained::ModelSource source{.model = folder / "checkpoint.safetensors",
                                 .config_file = folder / "bert_base.json",
                                 .vocab_file = tiny::question_answering_folder() / "vocab.txt"};
  const pretrained::LoadedModel loaded = pretrained::load_model(source, {.head = model::Head::kQuestionAnswering});
  EXPECT_TRUE(at::equal(tensor_of(loaded, "qa_outputs.weight"),
                        tiny::parameter_of(tiny::question_answering_folder(), "qa_outputs.weight")));
  source.model = "preset:bert-tiny", source.config_file.clear(), source.vocab_file = tiny::bert_folder();
  EXPECT_EQ(pretrained::load_model(source, {}).model->config().vocab_size,
            text::Tokenizer::load(tiny::bert_folder()).vocabulary_size())
      << "the vocabulary of a model folder";
}

TEST(StudentShape, TrainsAndResumesWithItsSizes) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "out");
  config.model.model = make_twelve_heads(folder / "student");
  config.model.student.n_layers = 3, config.model.student.n_heads = 8;
  config.training.max_steps = 2, config.training.save_steps = 1;
  EXPECT_EQ(distill_squad(config).at("train_steps"), 2);
  const Json saved = read_json_file(folder / "out/config.json");
  EXPECT_EQ(saved.at("n_layers"), 3);
  EXPECT_EQ(saved.at("pruned_heads").at("2").size(), 4U);
  config.training.max_steps = 3, config.output.resume = true;
  fs::remove(folder / "out/DONE");
  EXPECT_EQ(distill_squad(config).at("train_steps"), 3);
}

}  // namespace
}  // namespace retort::recipe
