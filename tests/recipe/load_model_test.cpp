// What load_model refuses in a folder's weights, and the order in which it puts the classes of a classifier.
#include <gtest/gtest.h>

#include <limits>
#include <span>

#include "recipe/tiny_world.h"
#include "retort/base/error.h"
#include "retort/checkpoint/safetensors.h"
#include "retort/checkpoint/weights.h"
#include "retort/model/config_reader.h"
#include "retort/pretrained/model_folder.h"
#include "retort/recipe/extract.h"

namespace retort::recipe {
namespace {

TEST(LoadModel, RefusesAnUntiedMaskedLmDecoder) {
  const tiny::TemporaryFolder folder;
  const fs::path teacher = tiny::copy_model(RETORT_FIXTURES "/distilbert_distillation/teacher_mlm", folder / "teacher");
  tiny::set_config_field(teacher, "tie_word_embeddings", false);
  EXPECT_EQ(pretrained::load_model({.model = teacher.string()}, {}).model->head(), model::Head::kMaskedLm)
      << "without a table";
  ExtractConfig cut;  // transformers would give the student a random table
  cut.model.model = teacher, cut.layers = {0}, cut.output_dir = folder / "student";
  extract(cut);
  EXPECT_EQ(read_json_file(folder / "student/config.json")["tie_word_embeddings"], true);
  const auto config = pretrained::load_model({.model = teacher.string()}, {}).model->config();
  const std::vector<float> table(static_cast<size_t>(config.vocab_size * config.hidden_size), 0.5F);
  fs::copy(teacher / "model.safetensors", folder / "before.safetensors");
  const checkpoint::WeightFiles before = checkpoint::open_weights(folder / "before.safetensors");
  const auto with_table = [&](const std::string& name, std::vector<int64_t> shape) {
    std::vector<checkpoint::NamedTensor> tensors(before.tensors().begin(), before.tensors().end());
    const auto values = std::span(table).first(static_cast<size_t>(shape.size() == 1 ? shape[0] : table.size()));
    tensors.push_back({name, checkpoint::Dtype::kF32, std::move(shape), std::as_bytes(values)});
    checkpoint::write_safetensors(teacher / "model.safetensors", tensors);
    return tiny::message_of([&] { pretrained::load_model({.model = teacher.string()}, {}); });
  };
  const std::string words = "must share the word embeddings with its masked-LM head, but `",
                    in = "cls.predictions.decoder.weight";
  const std::vector<int64_t> shape = {config.vocab_size, config.hidden_size};
  EXPECT_NE(with_table(in, shape).find(words + in + "` differs"), std::string::npos);
  EXPECT_NE(with_table(in, {config.hidden_size}).find(words + in + "` differs"), std::string::npos)
      << "of another rank";
  EXPECT_NE(with_table("bert." + in, shape).find(words + "bert." + in + "` differs"), std::string::npos);
  tiny::set_config_field(teacher, "tie_word_embeddings", true);  // then transformers, too, uses the embeddings
  testing::internal::CaptureStderr();
  EXPECT_NO_THROW(pretrained::load_model({.model = teacher.string()}, {}));
  EXPECT_NE(testing::internal::GetCapturedStderr().find("to which it is tied, and is ignored"), std::string::npos);
}

TEST(LoadModel, RefusesInfiniteWeights) {
  const tiny::TemporaryFolder folder;
  const fs::path teacher = tiny::copy_model(RETORT_FIXTURES "/distilbert_distillation/teacher_mlm", folder / "teacher");
  fs::copy(teacher / "model.safetensors", folder / "before.safetensors");
  const checkpoint::WeightFiles before = checkpoint::open_weights(folder / "before.safetensors");
  std::vector<checkpoint::NamedTensor> tensors(before.tensors().begin(), before.tensors().end());
  checkpoint::NamedTensor& last = tensors.back();
  std::vector<float> values(static_cast<size_t>(last.element_count()), 0.5F);
  values[values.size() / 2] = std::numeric_limits<float>::infinity();
  last.dtype = checkpoint::Dtype::kF32, last.bytes = std::as_bytes(std::span(values));
  checkpoint::write_safetensors(teacher / "model.safetensors", tensors);
  try {
    pretrained::load_model({.model = teacher.string()}, {});
    FAIL() << "it was taken";
  } catch (const DivergenceError& failure) {
    EXPECT_NE(std::string(failure.what()).find("tensor `" + last.name + "` must hold numbers, but some are"),
              std::string::npos)
        << failure.what();
  }
}

// Hub models of MNLI number the classes entailment, neutral, contradiction; the task's files contradiction, entailment,
// neutral.
TEST(LoadModel, PutsClassesInTheTasksOrder) {
  const tiny::TemporaryFolder folder;
  const auto make = [&](const fs::path& path, const std::vector<std::string>& names) {
    const text::Tokenizer tokenizer = text::Tokenizer::load(tiny::bert_folder());
    model::ModelConfig config = model::config_from_json(read_json_file(tiny::bert_folder() / "config.json"), "tiny");
    config.labels = names;
    model::Model model(config, model::Head::kSequenceClassification, {});
    model.parameters().initialize(5, config.initializer_range);
    fs::create_directory(path);
    pretrained::save_model_folder(path, model, tokenizer);
    pretrained::ModelSource source;
    source.model = path;
    return pretrained::load_model(source, {.classes = {.names = {"contradiction", "entailment", "neutral"}}});
  };
  const pretrained::LoadedModel own = make(folder / "own", {"contradiction", "entailment", "neutral"});
  const pretrained::LoadedModel hub = make(folder / "hub", {"ENTAILMENT", "NEUTRAL", "CONTRADICTION"});
  EXPECT_EQ(hub.model->config().labels, own.model->config().labels);
  for (const char* name : {"classifier.weight", "classifier.bias"}) {
    const auto &a = own.model->parameters(), &b = hub.model->parameters();
    const at::Tensor before = a.tensor(*a.find(name)), after = b.tensor(*b.find(name));
    for (const auto& [from, to] : {std::pair(0, 1), std::pair(1, 2), std::pair(2, 0)})
      EXPECT_TRUE(before[from].equal(after[to])) << name << " " << from;
  }
}

}  // namespace
}  // namespace retort::recipe
