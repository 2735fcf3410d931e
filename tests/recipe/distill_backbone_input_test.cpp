// Data, students and teachers of `retort distill backbone`: which it takes, and which it refuses because their states
// cannot be compared.
#include "recipe/state_distillation.h"
#include "retort/base/error.h"
#include "retort/data/corpus/token_file.h"

namespace retort::recipe {
namespace {

class DistillBackboneInput : public tiny::StateDistillation {};

TEST_F(DistillBackboneInput, AugmentedQuestionsLieBesideTheNamedFile) {
  fs::copy(tiny::train_file(), folder_ / "questions.json");
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "out", student_);
  config.data.train_file = folder_ / "questions.json", config.data.aug_train = true;
  EXPECT_NE(tiny::message_of([&] { distill_backbone(config); }).find("questions_aug.json"), std::string::npos);
  fs::copy(tiny::train_file(), folder_ / "questions_aug.json");
  distill_backbone(config);
  EXPECT_TRUE(fs::exists(folder_ / "out/DONE"));
}

TEST_F(DistillBackboneInput, TakesGlueTasks) {
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "out", student_);
  config.data.task_name = "MRPC";
  config.data.train_file.clear();
  config.data.data_dir = fs::path(RETORT_FIXTURES) / "glue" / "data";
  config.states.student_teacher_layer_mapping = "uniform";
  config.states.use_embedding_states = true;
  EXPECT_EQ(distill_backbone(config)["train_steps"], 6);
}

TEST_F(DistillBackboneInput, TakesATokenFile) {
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "out", student_);
  config.data.task_name.clear();
  EXPECT_EQ(tiny::message_of([&] { distill_backbone(config); }),
            "`--task_name` or `--data_file` must be given, but both are missing");
  const text::Tokenizer tokenizer = text::Tokenizer::load(student_);
  data::TokenFileWriter writer(folder_ / "corpus.tokens", data::TokenVocabulary::of(tokenizer));
  for (int32_t i = 0; i < 9; ++i) {
    std::vector<int32_t> ids{tokenizer.cls_id()};
    for (int32_t t = 0; t < 15 + i; ++t) ids.push_back(50 + (t * 7 + i) % 40);
    ids.push_back(tokenizer.sep_id());
    writer.add(ids);
  }
  writer.publish(1);
  config.data_file = folder_ / "corpus.tokens";
  config.data.train_file.clear();
  EXPECT_EQ(distill_backbone(config)["train_steps"], 6);
  config.data.task_name = "squad";
  EXPECT_EQ(tiny::message_of([&] { distill_backbone(config); }),
            "`--task_name` or `--data_file` must be given, but both are given; remove one");
}

TEST_F(DistillBackboneInput, RefusesModelsAndSettingsThatCannotBeCompared) {
  const auto refusal = [&](const std::function<void(DistillBackboneConfig&)>& change) {
    DistillBackboneConfig config = tiny::backbone_settings(folder_ / "refused", student_);
    config.output.overwrite_output_dir = true;
    change(config);
    return tiny::message_of([&] { distill_backbone(config); });
  };
  const fs::path four_heads =
      tiny::make_student(folder_ / "heads", [](model::ModelConfig& c) { c.num_attention_heads = 4; });
  const fs::path three_layers =
      tiny::make_student(folder_ / "three", [](model::ModelConfig& c) { c.num_hidden_layers = 3; });
  EXPECT_EQ(
      refusal([&](auto& c) { c.model.model = four_heads; }),
      "`teacher` must have the student's number of attention heads, 4, for attention scores and value relations, "
      "but has 2 in layer 1; choose a student with that number, or --use_attention_scores false --use_value_states "
      "false");
  EXPECT_EQ(
      refusal([&](auto& c) {
        c.model.model = three_layers;
        c.states.student_teacher_layer_mapping = "uniform";
      }),
      "`teacher` must have a multiple of the student's 3 layers for a uniform mapping, but has 2; choose the pairs "
      "with --student_layers and --teacher_layers");
  EXPECT_EQ(refusal([](auto& c) { c.states.student_layers = {0}; }),
            "`student_layers` and `teacher_layers` must have equal numbers of layers, but have 1 and 0");
  EXPECT_EQ(refusal([](auto& c) {
              c.states.student_layers = {0};
              c.states.teacher_layers = {2};
            }),
            "`teacher_layers` must be 0 to 1, the layers of the teacher, but one is 2");
  EXPECT_EQ(
      refusal([](auto& c) { c.states.value_state_loss = "mse"; }),
      "`value_state_loss` must be kld when the context widths of student and teacher differ (16 and 32), but compares "
      "the states themselves");
  EXPECT_EQ(refusal([](auto& c) {
              c.states.attention_weight = c.states.hidden_state_weight = c.states.value_state_weight = 0;
            }),
            "`use_attention_scores`, `use_hidden_states`, `use_embedding_states` or `use_value_states` must be true "
            "with a weight above 0, but none is; enable one");
  EXPECT_EQ(refusal([](auto& c) { c.training.evaluate_during_training = true; }),
            "`evaluate_during_training` must be false for `distill backbone`, but is true; states have no scores");
  EXPECT_EQ(refusal([](auto& c) {
              c.data.task_name.clear(), c.data_file = "corpus.tokens";
              c.data.train_file.clear(), c.data.max_train_examples = 5;
            }),
            "`max_train_examples` must not be given with `data_file`, but is; it is for tasks");
  EXPECT_EQ(refusal([](auto& c) { c.data.task_name = "mrpc", c.data.data_dir = "MRPC"; }),
            "`--train_file` must not be given for the task `mrpc`, but is; `--data_dir` names its files");
  EXPECT_EQ(refusal([](auto& c) { c.data.max_seq_length = 2; }), "`max_seq_length` must be at least 8, or 0, but is 2");
  EXPECT_EQ(refusal([](auto& c) { c.states.use_pred_states = true; }),
            "`use_pred_states` must be false for internal states, but is true; `retort distill "
            "prediction` matches predictions");
  EXPECT_EQ(refusal([](auto& c) {
              c.data.train_file.clear();
              c.data.data_dir.clear();
            }),
            "`--train_file` or `--data_dir` must be given for squad, but both are missing");
}

TEST_F(DistillBackboneInput, RefusesAnotherVocabularyAndAProjectionOfOtherWidths) {
  const fs::path other = tiny::copy_model(tiny::question_answering_folder(), folder_ / "other");
  std::string pieces = read_file(other / "vocab.txt");
  pieces.replace(pieces.find('\n', pieces.size() / 2) + 1, 1, "Z");
  write_file_atomically(other / "vocab.txt", pieces);
  fs::remove(other / "tokenizer.json");
  DistillBackboneConfig config = tiny::backbone_settings(folder_ / "a", student_);
  config.teacher.teacher = other;
  EXPECT_EQ(tiny::message_of([&] { distill_backbone(config); }),
            "`teacher` must have the student's vocabulary, but `" + other.string() +
                "` has another; use teacher and student with one tokenizer, or give both the same `vocab_file`");
  distill_backbone(tiny::backbone_settings(folder_ / "one", student_));
  const fs::path wider = tiny::make_student(folder_ / "wider", [](model::ModelConfig& c) { c.hidden_size = 20; });
  fs::copy(folder_ / "one/project.safetensors", wider / "project.safetensors");
  EXPECT_EQ(tiny::message_of([&] { distill_backbone(tiny::backbone_settings(folder_ / "b", wider)); }),
            "`" + (wider / "project.safetensors").string() +
                "`: tensor `fit_dense.weight` must have the shape [32, 20] for this student and teacher, but has "
                "[32, 16]; remove the file to initialize the projection again");
}

// The published programs: a constant rate and every 50 steps on a task; a linear schedule with a warm-up of 0.1 and
// every 1000 steps on a corpus.
TEST(DistillBackboneDefaults, SettingsOfACorpusAreThePublishedOnesUnlessGiven) {
  const auto parsed = [](const std::vector<std::string>& more) {
    std::vector<std::string> words{"--model", "S", "--teacher", "T", "--output_dir", "O"};
    words.insert(words.end(), more.begin(), more.end());
    DistillBackboneConfig config;
    FieldList list;
    config.fields(list);
    parse_flags(list, words);
    config.after_parsing(list);
    return config.training;
  };
  const train::TrainingConfig task = parsed({"--task_name", "sst-2"});
  EXPECT_EQ(task.lr_scheduler_type, "constant");
  EXPECT_EQ(task.warmup_proportion, 0);
  EXPECT_EQ(task.logging_steps, 50);
  EXPECT_EQ(task.save_steps, 50);
  const train::TrainingConfig corpus = parsed({"--data_file", "D"});
  EXPECT_EQ(corpus.lr_scheduler_type, "nvidia_linear");
  EXPECT_EQ(corpus.warmup_proportion, 0.1);
  EXPECT_EQ(corpus.logging_steps, 1000);
  EXPECT_EQ(corpus.save_steps, 1000);
  const train::TrainingConfig given = parsed({"--data_file", "D", "--warmup_steps", "5", "--save_steps", "50"});
  EXPECT_EQ(given.warmup_proportion, 0);
  EXPECT_EQ(given.save_steps, 50) << "the value of tasks, but given";
  EXPECT_EQ(parsed({"--data_file", "D", "--lr_scheduler_type", "constant"}).warmup_proportion, 0);
}

}  // namespace
}  // namespace retort::recipe
