// `retort distill backbone` from end to end: what it trains and leaves unchanged, what its folder holds, and how stages
// and stopped runs continue.
#include "recipe/state_distillation.h"
#include "retort/base/error.h"
#include "retort/pretrained/model_folder.h"

namespace retort::recipe {
namespace {

class DistillBackbone : public tiny::StateDistillation {};

TEST_F(DistillBackbone, LearnsAndWritesAnEncoderAndItsProjection) {
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "out", student_);
  config.training.max_steps = 2;
  const double early = distill_backbone(config)["train_loss"];
  EXPECT_GT(early, 0);
  config.output.output_dir = folder_ / "longer";
  config.training.max_steps = 40;
  EXPECT_LT(distill_backbone(config)["train_loss"].get<double>(), 0.9 * early);
  EXPECT_EQ(read_json_file(folder_ / "out/config.json")["architectures"], Json({"BertModel"}));
  for (const char* file : {"model.safetensors", "project.safetensors", "vocab.txt", "results.json", "DONE"})
    EXPECT_TRUE(fs::exists(folder_ / "out" / file)) << file;
  EXPECT_EQ(read_file(folder_ / "out/model.safetensors").find("fit_dense"), std::string::npos);
  EXPECT_NE(read_file(folder_ / "out/project.safetensors").find("fit_dense.weight"), std::string::npos);
  EXPECT_EQ(read_json_file(folder_ / "out/retort_config.json")["attention_loss"], "kld");
}

TEST_F(DistillBackbone, TheNextStageContinuesTheProjection) {
  distill_backbone(tiny::backbone_settings(folder_ / "one", student_));
  DistillBackboneConfig still = tiny::backbone_settings(folder_ / "two", folder_ / "one");
  still.training.learning_rate = 0;
  still.training.max_steps = 1;
  distill_backbone(still);
  for (const char* file : {"model.safetensors", "project.safetensors"})
    EXPECT_EQ(read_file(folder_ / "two" / file), read_file(folder_ / "one" / file)) << file;
  still.states.use_hidden_states = false;  // nothing to project: the projection is kept unchanged for the next stage
  still.training.learning_rate = 1e-3, still.training.weight_decay = 0.5;
  still.output.output_dir = folder_ / "three";
  distill_backbone(still);
  EXPECT_NE(read_file(folder_ / "three/model.safetensors"), read_file(folder_ / "two/model.safetensors"));
  EXPECT_EQ(read_file(folder_ / "three/project.safetensors"), read_file(folder_ / "two/project.safetensors"));
}

TEST_F(DistillBackbone, ResumedEqualsUninterrupted) {
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "whole", student_);
  config.training.save_steps = 3;
  config.training.save_total_limit = 0;
  distill_backbone(config);
  fs::create_directory(folder_ / "rest");
  fs::copy(folder_ / "whole/checkpoint-3", folder_ / "rest/checkpoint-3", fs::copy_options::recursive);
  config.output.output_dir = folder_ / "rest";
  config.output.resume = true;
  distill_backbone(config);
  for (const char* file : {"model.safetensors", "project.safetensors"})
    EXPECT_TRUE(read_file(folder_ / "rest" / file) == read_file(folder_ / "whole" / file)) << file;
  EXPECT_NE(read_file(folder_ / "whole/checkpoint-3/project.safetensors"),
            read_file(folder_ / "whole/project.safetensors"));
}

TEST_F(DistillBackbone, ResumingLogsChangedSettings) {
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "out", student_);
  distill_backbone(config);
  fs::remove(folder_ / "out/DONE");
  config.output.resume = true, config.training.threads = 1, config.training.eval_steps = 2;
  config.states.attention_loss = "mse";
  testing::internal::CaptureStderr();
  distill_backbone(config);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("with changed settings: attention_loss \"mse\" (it was \"kld\"), eval_steps 2 (it was 0)\n"),
            std::string::npos)
      << log;
  EXPECT_NE(log.find("`--eval_steps` has no effect without --evaluate_during_training"), std::string::npos) << log;
}

TEST_F(DistillBackbone, RecomputedActivationsChangeNothing) {
  DistillBackboneConfig config = tiny::backbone_settings(
      folder_ / "kept", tiny::make_student(folder_ / "deep", [](model::ModelConfig& c) { c.num_hidden_layers = 3; }));
  distill_backbone(config);
  config.training.checkpoint_activations = true;
  config.output.output_dir = folder_ / "recomputed";
  distill_backbone(config);
  EXPECT_EQ(read_file(folder_ / "kept/model.safetensors"), read_file(folder_ / "recomputed/model.safetensors"));
}

// Parameters that no loss reaches do not change, also with weight decay.
TEST_F(DistillBackbone, DoesNotChangeParametersWithoutALoss) {
  const fs::path deep = tiny::make_student(folder_ / "deep", [](model::ModelConfig& c) { c.num_hidden_layers = 3; });
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "out", deep);
  config.training.weight_decay = 0.1;
  config.states.student_layers = {1}, config.states.teacher_layers = {1};
  config.states.use_hidden_states = false;
  distill_backbone(config);
  const pretrained::LoadedModel before = tiny::load(deep), after = tiny::load(folder_ / "out");
  const auto is_same = [&](const std::string& name) {
    const auto &a = before.model->parameters(), &b = after.model->parameters();
    return a.tensor(*a.find(name)).equal(b.tensor(*b.find(name)));
  };
  for (const char* name : {"encoder.layer.0.output.dense.weight", "encoder.layer.1.attention.self.query.weight",
                           "encoder.layer.1.attention.self.value.weight"})
    EXPECT_FALSE(is_same(name)) << name;
  for (const char* name : {"encoder.layer.1.attention.output.dense.weight", "encoder.layer.1.output.dense.weight",
                           "encoder.layer.2.attention.self.query.weight", "encoder.layer.2.output.dense.bias",
                           "encoder.layer.2.output.LayerNorm.weight", "pooler.dense.weight"})
    EXPECT_TRUE(is_same(name)) << name;
}

TEST_F(DistillBackbone, AccumulatedBatchesAreOneBatch) {
  for (const auto& [precision, tolerance] : {std::pair("fp32", 1e-5), {"bf16", 1e-2}}) {
    DistillBackboneConfig config = tiny::backbone_settings(folder_ / precision / "one", student_);
    config.training.max_steps = 1, config.training.logging_steps = 1, config.training.precision = precision;
    const double one = distill_backbone(config)["train_loss"];
    config.training.per_device_train_batch_size = 1, config.training.gradient_accumulation_steps = 4;
    config.output.output_dir = folder_ / precision / "four";
    EXPECT_NEAR(distill_backbone(config)["train_loss"].get<double>(), one, tolerance * one) << precision;
  }
}

TEST_F(DistillBackbone, DropoutOfTheTeacherIsRepeatable) {
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "still", student_);
  const double still = distill_backbone(config)["train_loss"];
  config.teacher.teacher_dropout = true;
  config.output.output_dir = folder_ / "noisy";
  const double noisy = distill_backbone(config)["train_loss"];
  EXPECT_NE(noisy, still);
  config.output.output_dir = folder_ / "again";
  EXPECT_EQ(distill_backbone(config)["train_loss"].get<double>(), noisy);
}

TEST_F(DistillBackbone, RemovesTheProjectionOfAnEarlierRun) {
  distill_backbone(tiny::backbone_settings(folder_ / "out", student_));
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "out", student_);
  config.states.use_hidden_states = false;
  config.output.overwrite_output_dir = true;
  distill_backbone(config);
  EXPECT_FALSE(fs::exists(folder_ / "out/project.safetensors"));
}

TEST_F(DistillBackbone, StartsFromAConfigurationAlone) {
  fs::remove(student_ / "model.safetensors");
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "out", student_);
  distill_backbone(config);
  EXPECT_TRUE(fs::exists(folder_ / "out/model.safetensors"));
}

// Without --num_train_epochs a task gets the number of epochs of the paper.
TEST_F(DistillBackbone, UsesThePapersEpochs) {
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "out", student_);
  config.training.max_steps = -1, config.training.num_train_epochs = 0;
  config.training.per_device_train_batch_size = 64, config.training.dataloader_drop_last = false;
  for (const auto& [task, epochs] : {std::pair("squad", 6), {"mrpc", 20}, {"cola", 50}, {"wnli", 3}}) {
    config.data.task_name = task;
    const bool is_squad = config.data.is_squad();
    config.data.train_file = is_squad ? tiny::train_file() : fs::path();
    config.data.data_dir = is_squad ? fs::path() : fs::path(RETORT_FIXTURES) / "glue/data";
    config.output.output_dir = folder_ / task;
    const int64_t steps = distill_backbone(config)["train_steps"];
    EXPECT_EQ(read_json_file(folder_ / task / "retort_config.json")["num_train_epochs"], epochs) << task;
    EXPECT_EQ(steps % epochs, 0) << task;
  }
}

// The weights of a preset are random.
TEST_F(DistillBackbone, WarnsOfARandomTeacher) {
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "out", student_);
  config.teacher.teacher = "preset:bert-tiny", config.model.vocab_file = tiny::bert_folder() / "vocab.txt";
  config.training.max_steps = 1;
  testing::internal::CaptureStderr();
  distill_backbone(config);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("the teacher `preset:bert-tiny` is not trained for anything; its targets are meaningless"),
            std::string::npos)
      << log;
}

}  // namespace
}  // namespace retort::recipe
