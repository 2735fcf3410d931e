// `retort distill squad` from end to end: soft targets beside labels, which teachers it takes, how a run continues, and
// what it refuses.
#include <gtest/gtest.h>

#include "recipe/distill_squad_settings.h"
#include "retort/base/error.h"
#include "retort/recipe/finetune_squad.h"

namespace retort::recipe {
namespace {

// Trains with these settings, expects the weights of plain fine-tuning, and returns the log.
std::string log_of_plain_training(const tiny::TemporaryFolder& folder, const DistillSquadConfig& config) {
  testing::internal::CaptureStderr();
  distill_squad(config);
  const std::string log = testing::internal::GetCapturedStderr();
  finetune_squad(tiny::squad_settings(folder / "plain"));
  EXPECT_EQ(tiny::weights_of(config.output.output_dir), tiny::weights_of(folder / "plain"));
  return log;
}

TEST(DistillSquad, WithoutSoftTargetsIsFineTuning) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "distilled");
  config.distillation.alpha_ce = 0, config.distillation.alpha_squad = 1;
  const std::string log = log_of_plain_training(folder, config);
  EXPECT_NE(log.find("`--teacher` has no effect with --alpha_ce 0"), std::string::npos) << log;
  EXPECT_EQ(log.find("scores of the teacher:"), std::string::npos) << log;
}

TEST(DistillSquad, WithoutATeacherIsFineTuning) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "distilled");
  config.teacher.teacher.clear();
  const std::string log = log_of_plain_training(folder, config);
  EXPECT_NE(log.find("without `--teacher`, only the labels are targets"), std::string::npos) << log;
}

TEST(DistillSquad, NeverReplacesItsTeacher) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "teacher");
  config.teacher.teacher = tiny::copy_model(tiny::question_answering_folder(), folder / "teacher");
  config.output.overwrite_output_dir = true;
  EXPECT_NE(tiny::message_of([&] { distill_squad(config); }).find("must be another folder than the input `--teacher`"),
            std::string::npos);
}

// When all steps are skipped, the command ends as diverged and writes no model, also when the steps are few.
TEST(DistillSquad, WritesNoModelWhenAllStepsAreSkipped) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "out");
  config.distillation.temperature = 1e200, config.training.max_steps = 2;
  EXPECT_THROW(distill_squad(config), DivergenceError);
  EXPECT_FALSE(fs::exists(folder / "out/DONE"));
}

// Evaluating the teacher takes minutes on real files, and the log of a resumed run already holds the scores.
TEST(DistillSquad, EvaluatesTheTeacherOnceAtTheBeginning) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "out");
  config.data.dev_file = tiny::dev_file();
  config.training.max_steps = 2, config.training.save_steps = 1;
  config.training.lr_scheduler_type = "constant", config.training.warmup_steps = 1;
  const auto log_of = [&] {
    testing::internal::CaptureStderr();
    distill_squad(config);
    return testing::internal::GetCapturedStderr();
  };
  config.output.resume = true;  // the folder is empty, so the run starts from the beginning
  const std::string log = log_of();
  EXPECT_NE(log.find("scores of the teacher: {\"exact\""), std::string::npos) << log;
  EXPECT_NE(log.find("warm-up has no effect with --lr_scheduler_type constant"), std::string::npos) << log;
  fs::remove(folder / "out/DONE");
  ASSERT_GT(fs::remove_all(folder / "out/checkpoint-2"), 0);
  EXPECT_EQ(log_of().find("scores of the teacher:"), std::string::npos);
  config.output.output_dir = folder / "other";
  config.teacher.score_teacher = false;
  EXPECT_EQ(log_of().find("scores of the teacher:"), std::string::npos);
}

// A DistilBERT teacher, and impossible questions.
TEST(DistillSquad, TakesVersion2AndADistilBertTeacher) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "out");
  config.teacher.teacher = tiny::distilbert_folder();
  config.data.train_file = tiny::train_file_v2(), config.data.dev_file = tiny::dev_file_v2();
  config.data.features.version_2_with_negative = true;
  testing::internal::CaptureStderr();
  const Json results = distill_squad(config);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(results.contains("NoAns_f1")) << results.dump();
  EXPECT_NE(log.find("is not trained for questions"), std::string::npos) << log;
  EXPECT_TRUE(fs::exists(folder / "out/null_odds.json"));
}

// A student without weights: a configuration and a vocabulary, with other dropout probabilities.
TEST(DistillSquad, StartsFromAConfigurationAlone) {
  const tiny::TemporaryFolder folder;
  const fs::path student = tiny::copy_model(tiny::distilbert_folder(), folder / "student");
  fs::remove(student / "model.safetensors");
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "out");
  config.model.model = student;
  config.model.dropout = 0.3, config.model.attention_dropout = 0, config.model.head_dropout = 0.4;
  config.model.initializer_range = 0.05;
  distill_squad(config);
  const Json written = read_json_file(folder / "out/config.json");
  EXPECT_EQ(written["dropout"], 0.3);
  EXPECT_EQ(written["attention_dropout"], 0.0);
  EXPECT_EQ(written["qa_dropout"], 0.4);
  EXPECT_EQ(written["initializer_range"], 0.05);
}

TEST(DistillSquad, WarnsOfARandomTeacher) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "out");
  config.teacher.teacher = "preset:bert-tiny", config.model.vocab_file = tiny::shared_folder() / "vocab.txt";
  config.training.max_steps = 1;
  testing::internal::CaptureStderr();
  distill_squad(config);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("is not trained for questions"), std::string::npos);
}

// The loss of a student that equals its teacher is 0, without dropout and labels.
TEST(DistillSquad, AStudentEqualToItsTeacherHasNoLoss) {
  const tiny::TemporaryFolder folder;
  const fs::path teacher = tiny::copy_model(tiny::question_answering_folder(), folder / "teacher");
  tiny::set_config_field(teacher, "hidden_dropout_prob", 0.0);
  tiny::set_config_field(teacher, "attention_probs_dropout_prob", 0.0);
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "out");
  config.model.model = config.teacher.teacher = teacher;
  config.distillation.alpha_squad = 0;
  EXPECT_NEAR(distill_squad(config)["train_loss"].get<double>(), 0, 1e-6);
}

// --resume refuses other settings and data before the teacher computes anything.
TEST(DistillSquad, ResumesOnlyTheSameCommandWithTheSameData) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = tiny::distill_squad_settings(folder / "out");
  config.training.save_steps = 2;
  config.teacher.teacher_cache = folder / "cache";
  distill_squad(config);
  fs::remove(folder / "out/DONE");
  fs::remove_all(folder / "cache");  // a late refusal would come after the cache is filled again
  config.output.resume = true;
  FinetuneSquadConfig other;
  other.model = config.model, other.data = config.data, other.training = config.training, other.output = config.output;
  EXPECT_NE(tiny::message_of([&] {
              finetune_squad(other);
            }).find("must have the command `retort finetune squad`, but began with `retort distill squad`"),
            std::string::npos);
  const auto message_before_teacher = [&](const DistillSquadConfig& changed) {
    testing::internal::CaptureStderr();
    const std::string message = tiny::message_of([&] { distill_squad(changed); });
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(log.find("the teacher's outputs take"), std::string::npos) << log;
    EXPECT_FALSE(fs::exists(folder / "cache"));
    return message;
  };
  DistillSquadConfig changed = config;
  changed.training.seed = 7;
  EXPECT_NE(message_before_teacher(changed).find("`seed` must be"), std::string::npos);
  changed = config;
  changed.data.max_train_examples = 5;
  EXPECT_NE(message_before_teacher(changed).find("must be those of the run that is continued"), std::string::npos);
  changed = config;
  changed.training.num_train_epochs = 0, changed.training.max_steps = -1;
  EXPECT_EQ(message_before_teacher(changed), "`num_train_epochs` must be above 0, but is 0; set it or `max_steps`");
}

TEST(DistillSquad, RefusesIncompatibleSettings) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig shouted = tiny::distill_squad_settings(folder / "s");
  for (const auto& [value, reason] :
       {std::pair("", "`teacher_cache` must be auto, off or a folder, but is empty"),
        {"OFF", "`teacher_cache` must be auto, off or a folder, but is `OFF`; use `off`, or ./OFF for a folder"}}) {
    shouted.teacher.teacher_cache = value;
    EXPECT_EQ(tiny::message_of([&] { distill_squad(shouted); }), reason);
  }
  DistillSquadConfig nothing = tiny::distill_squad_settings(folder / "a");
  nothing.distillation.alpha_ce = nothing.distillation.alpha_squad = 0;
  EXPECT_EQ(tiny::message_of([&] { distill_squad(nothing); }),
            "`alpha_ce` + `alpha_squad` must be above 0, but is 0; set one of them above 0");
  const fs::path other = tiny::copy_model(tiny::question_answering_folder(), folder / "other");
  std::string pieces = read_file(other / "vocab.txt");
  const size_t line = pieces.find('\n', pieces.size() / 2) + 1;
  pieces.replace(line, 1, "Z");
  write_file_atomically(other / "vocab.txt", pieces);
  fs::remove(other / "tokenizer.json");
  DistillSquadConfig foreign = tiny::distill_squad_settings(folder / "b");
  foreign.teacher.teacher = other;
  const std::string reason = "`teacher` must have the student's vocabulary, but `" + other.string() +
                             "` has another; use teacher and student with one tokenizer, or give both the same "
                             "`vocab_file`";
  EXPECT_EQ(tiny::message_of([&] { distill_squad(foreign); }), reason);
  // The student's vocab_file does not replace the teacher's own vocabulary.
  foreign.model.vocab_file = fs::path(tiny::question_answering_folder()) / "vocab.txt";
  EXPECT_EQ(tiny::message_of([&] { distill_squad(foreign); }), reason);
  DistillSquadConfig short_teacher = tiny::distill_squad_settings(folder / "c");
  short_teacher.model.model = tiny::copy_model(tiny::bert_folder(), folder / "long");
  short_teacher.data.features.max_seq_length = 600;
  EXPECT_NE(tiny::message_of([&] { distill_squad(short_teacher); }).find("`max_seq_length` must be at most 512"),
            std::string::npos);
}

}  // namespace
}  // namespace retort::recipe
