// The state of an optimizer in PyTorch files: what is refused. What is read is compared in tests/parity.
#include "retort/checkpoint/torch_optimizer.h"

#include <gtest/gtest.h>

#include "unit/checkpoint/checkpoint_fixtures.h"

namespace retort::checkpoint {
namespace {

const fs::path kFolder = fs::path(RETORT_FIXTURES) / "pretraining_checkpoint";

// The data loader that the program saved with the model becomes an opaque value, and nothing of it is run.
TEST(TorchOptimizer, TheModelBesideADataLoaderIsRead) {
  const TorchFile file(kFolder / "ckpt_3.pt");
  EXPECT_EQ(file.tensors().front().name, "module.bert.embeddings.word_embeddings.weight");
  EXPECT_TRUE(has_optimizer(kFolder / "ckpt_3.pt"));
}

TEST(TorchOptimizer, AFileWithoutOneIsRefused) {
  EXPECT_FALSE(has_optimizer(fixture_path("plain.bin")));
  EXPECT_NE(message_of([] {
              TorchOptimizerFile{fixture_path("plain.bin")};
            }).find("must hold the state of an optimizer under \"optimizer\", but does not; give a checkpoint"),
            std::string::npos);
}

// It holds moments of one parameter of shape [2, 3], whatever the model is.
TEST(TorchOptimizer, AnotherNumberOfParametersIsRefused) {
  const fs::path file = fs::path(RETORT_FIXTURES) / "parity/folders/nvidia_pretraining/pytorch_model.bin";
  EXPECT_NE(message_of([&] {
              TorchOptimizerFile{file};
            }).find("parameters of the model, but has 1; its moments cannot be assigned"),
            std::string::npos);
}

}  // namespace
}  // namespace retort::checkpoint
