// `retort distill prediction` from end to end: it continues a backbone, keeps the best model, and takes SQuAD and GLUE
// tasks.
#include <fmt/format.h>

#include "recipe/state_distillation.h"
#include "retort/base/error.h"

namespace retort::recipe {
namespace {

class DistillPrediction : public tiny::StateDistillation {};

DistillPredictionConfig glue_prediction(const std::string& task, const fs::path& output_dir) {
  DistillPredictionConfig config = tiny::prediction_settings(output_dir, tiny::bert_folder());
  config.teacher.teacher = tiny::classification_folder();
  config.data.task_name = task;
  config.data.train_file.clear();
  config.data.data_dir = fs::path(RETORT_FIXTURES) / "glue" / "data";
  return config;
}

TEST_F(DistillPrediction, ContinuesABackboneAndKeepsTheBest) {
  distill_backbone(tiny::backbone_settings(folder_ / "body", student_));
  DistillPredictionConfig config = tiny::prediction_settings(folder_ / "out", folder_ / "body");
  config.data.dev_file = tiny::dev_file();
  config.training.evaluate_during_training = config.training.load_best_model_at_end = true;
  config.training.eval_steps = 2;
  const Json results = distill_prediction(config);
  for (const char* key : {"exact", "f1", "train_loss"}) EXPECT_TRUE(results.contains(key)) << key;
  EXPECT_EQ(read_json_file(folder_ / "out/config.json")["architectures"], Json({"BertForQuestionAnswering"}));
  for (const char* file : {"predictions.json", "model.safetensors", "DONE"})
    EXPECT_TRUE(fs::exists(folder_ / "out" / file)) << file;
  EXPECT_FALSE(fs::exists(folder_ / "out/project.safetensors"));
}

TEST_F(DistillPrediction, TeachesTheSameFromACache) {
  DistillPredictionConfig config = tiny::prediction_settings(folder_ / "fly", student_);
  distill_prediction(config);
  config.teacher.teacher_cache = folder_ / "cache";
  config.output.output_dir = folder_ / "cached";
  distill_prediction(config);
  EXPECT_EQ(read_file(folder_ / "fly/model.safetensors"), read_file(folder_ / "cached/model.safetensors"));
}

TEST_F(DistillPrediction, FindsSquadInItsFolder) {
  fs::create_directory(folder_ / "squad");
  fs::copy(tiny::train_file(), folder_ / "squad/train-v1.1_aug.json");
  fs::copy(tiny::dev_file(), folder_ / "squad/dev-v1.1.json");
  DistillPredictionConfig config = tiny::prediction_settings(folder_ / "out", student_);
  config.data.train_file.clear();
  config.data.data_dir = folder_ / "squad";
  config.data.aug_train = true;
  EXPECT_TRUE(distill_prediction(config).contains("f1"));
}

TEST_F(DistillPrediction, TakesClassesAndNumbers) {
  EXPECT_TRUE(distill_prediction(glue_prediction("mrpc", folder_ / "mrpc")).contains("acc_and_f1"));
  DistillPredictionConfig config = glue_prediction("sts-b", folder_ / "sts-b");
  config.teacher.teacher = tiny::copy_model(tiny::bert_folder(), folder_ / "regression");
  tiny::set_config_field(folder_ / "regression", "id2label", Json{{"0", "LABEL_0"}});
  tiny::set_config_field(folder_ / "regression", "label2id", Json{{"LABEL_0", 0}});
  testing::internal::CaptureStderr();
  EXPECT_TRUE(distill_prediction(config).contains("pearson"));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("is not trained for this task"), std::string::npos) << log;
  EXPECT_NE(log.find("scores of the teacher:"), std::string::npos) << log;
}

TEST_F(DistillPrediction, RefusesATeacherOfAnotherTask) {
  EXPECT_EQ(
      tiny::message_of([&] { distill_prediction(glue_prediction("mnli", folder_ / "mnli")); }),
      fmt::format("`teacher` must have 3 outputs for `mnli`, but `{}` has 2; choose one that was fine-tuned for this "
                  "task",
                  glue_prediction("mnli", folder_ / "mnli").teacher.teacher));
  DistillPredictionConfig config = tiny::prediction_settings(folder_ / "states", student_);
  config.states.use_pred_states = false;
  EXPECT_EQ(tiny::message_of([&] { distill_prediction(config); }),
            "`use_pred_states` must be true for predictions, but is false; `retort distill "
            "backbone` matches internal states");
}

}  // namespace
}  // namespace retort::recipe
