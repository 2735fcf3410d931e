// Model folders that are damaged, incomplete or no model folders: exit code 2 and one sentence with the fault and its
// place.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "cli/program.h"
#include "retort/checkpoint/safetensors.h"

namespace retort::program {
namespace {

class ModelFaults : public testing::Test {
 protected:
  // Runs `retort predict qa` on the folder; it must end as a user error with all of `parts` in its message.
  void expect_refused(const std::vector<std::string>& parts) {
    const Outcome outcome = run({"predict", "qa", "--model", model_, "--question", "q", "--context", "c"});
    EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
    EXPECT_EQ(outcome.output, "");
    EXPECT_TRUE(outcome.errors.starts_with("error: ")) << outcome.errors;
    EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1) << outcome.errors;
    for (const std::string& part : parts) EXPECT_NE(outcome.errors.find(part), std::string::npos) << outcome.errors;
  }
  fs::path weights() const { return fs::path(model_) / "model.safetensors"; }

  // Writes the weights again with one tensor left out or given another shape of as many elements.
  void rewrite_weights(const std::string& name, std::vector<int64_t> shape) {
    const std::string bytes = read_file(weights());
    auto content = checkpoint::parse_safetensors(std::as_bytes(std::span(bytes)), "weights");
    std::erase_if(content.tensors, [&](auto& tensor) {
      if (tensor.name == name && !shape.empty()) tensor.shape = shape;
      return tensor.name == name && shape.empty();
    });
    checkpoint::write_safetensors(weights(), content.tensors);
  }

  tiny::TemporaryFolder folder_;
  std::string model_ = tiny::copy_model(tiny::question_answering_folder(), folder_ / "model");
};

TEST_F(ModelFaults, NoSuchFolder) {
  model_ = "/nowhere/at/all";
  expect_refused({"`/nowhere/at/all` must be a model folder or the name of one in the hub cache"});
}

TEST_F(ModelFaults, NoConfig) {
  fs::remove(fs::path(model_) / "config.json");
  expect_refused({"must be a model folder with config.json, but has none"});
}

TEST_F(ModelFaults, NoWeights) {
  fs::remove(weights());
  expect_refused({model_, "model.safetensors"});
}

TEST_F(ModelFaults, NoVocabulary) {
  for (const char* name : {"vocab.txt", "tokenizer.json"}) fs::remove(fs::path(model_) / name);
  expect_refused({model_, "vocab.txt"});
}

TEST_F(ModelFaults, AnotherArchitecture) {
  tiny::set_config_field(model_, "model_type", "roberta");
  expect_refused({"config.json", "`model_type` must be bert or distilbert, but is `roberta`"});
}

TEST_F(ModelFaults, TruncatedWeights) {
  fs::resize_file(weights(), fs::file_size(weights()) / 2);
  expect_refused({"model.safetensors"});
}

TEST_F(ModelFaults, EmptyWeights) {
  fs::resize_file(weights(), 0);
  expect_refused({"model.safetensors"});
}

TEST_F(ModelFaults, AVocabularyOfAnotherSize) {
  fs::remove(fs::path(model_) / "tokenizer.json");
  const fs::path vocabulary = fs::path(model_) / "vocab.txt";
  const std::string text = read_file(vocabulary);
  const auto pieces = std::count(text.begin(), text.end(), '\n');
  write_file_atomically(vocabulary, text + "onepiecemore\n");
  expect_refused({"the vocabulary must have as many pieces as the model has embeddings, " + std::to_string(pieces) +
                  ", but has " + std::to_string(pieces + 1)});
}

TEST_F(ModelFaults, AWrongShapeNamesBothShapes) {
  rewrite_weights("bert.encoder.layer.1.intermediate.dense.weight", {32, 64});
  expect_refused({"`bert.encoder.layer.1.intermediate.dense.weight`", "[64, 32]", "[32, 64]"});
}

TEST_F(ModelFaults, AMissingTensorIsNamed) {
  rewrite_weights("bert.encoder.layer.1.intermediate.dense.weight", {});
  expect_refused({"bert.encoder.layer.1.intermediate.dense.weight"});
}

TEST_F(ModelFaults, WithoutTheHeadItMustBeFineTunedFirst) {
  model_ = tiny::bert_folder();
  expect_refused({"BertForQuestionAnswering", "qa_outputs.weight", "fine-tune it for this task first"});
}

// Training may start a head from random numbers, but not a layer of the encoder.
TEST_F(ModelFaults, TrainingRefusesAnEncoderWithAMissingTensor) {
  rewrite_weights("bert.encoder.layer.1.intermediate.dense.weight", {});
  const Outcome outcome = run(finetune_squad_words(folder_ / "out", {"--model", model_}));
  EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
  EXPECT_NE(outcome.errors.find("bert.encoder.layer.1.intermediate.dense.weight"), std::string::npos) << outcome.errors;
}

TEST_F(ModelFaults, WeightsThatAreNotFiniteAreNamed) {
  const std::string bytes = read_file(weights());
  auto content = checkpoint::parse_safetensors(std::as_bytes(std::span(bytes)), "weights");
  std::vector<float> poisoned;
  for (auto& tensor : content.tensors) {
    if (tensor.name != "bert.encoder.layer.0.output.dense.weight") continue;
    poisoned.assign(static_cast<size_t>(tensor.element_count()), 0.1f);
    poisoned[7] = INFINITY;
    tensor.bytes = std::as_bytes(std::span(poisoned));
  }
  checkpoint::write_safetensors(weights(), content.tensors);
  const Outcome outcome = run(finetune_squad_words(folder_ / "out", {"--model", model_, "--max_steps", "9"}));
  EXPECT_EQ(outcome.exit_code, 3) << outcome.errors;
  EXPECT_EQ(outcome.output, "");
  EXPECT_NE(outcome.errors.find("model.safetensors`: tensor `bert.encoder.layer.0.output.dense.weight` must hold "
                                "numbers, but some are infinite or NaN"),
            std::string::npos)
      << outcome.errors;
  EXPECT_FALSE(fs::exists(folder_ / "out/DONE"));
}

TEST_F(ModelFaults, StepsThatAreNotFiniteEndAsDiverged) {
  const Outcome outcome = run(finetune_squad_words(
      folder_ / "out", {"--model", model_, "--max_steps", "9", "--save_steps", "2", "--max_skipped_steps", "3",
                        "--learning_rate", "1e30", "--lr_scheduler_type", "constant"}));
  EXPECT_EQ(outcome.exit_code, 3) << outcome.errors;
  EXPECT_EQ(outcome.output, "");
  EXPECT_NE(outcome.errors.find("step 2 is skipped"), std::string::npos) << outcome.errors;
  EXPECT_NE(outcome.errors.find("training diverged: 4 steps in a row"), std::string::npos) << outcome.errors;
  EXPECT_TRUE(fs::exists(folder_ / "out/checkpoint-2/MANIFEST.json"));
  EXPECT_FALSE(fs::exists(folder_ / "out/DONE"));
}

}  // namespace
}  // namespace retort::program
