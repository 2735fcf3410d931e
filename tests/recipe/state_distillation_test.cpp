// Distillation of states and of predictions from end to end: what the folders hold, how stages continue each other, and
// what is refused.
#include <gtest/gtest.h>

#include "recipe/tiny_world.h"
#include "retort/base/error.h"
#include "retort/data/token_file.h"
#include "retort/model/config_reader.h"
#include "retort/recipe/distill_backbone.h"
#include "retort/recipe/distill_prediction.h"
#include "retort/recipe/model_folder.h"

namespace retort::recipe {
namespace {

// A body or a question-answering model of other sizes than the tiny teacher's 2 layers, 2 heads and width 32.
fs::path make_student(const fs::path& folder, const std::function<void(model::ModelConfig&)>& change) {
  const text::Tokenizer tokenizer = text::Tokenizer::load(tiny::bert_folder());
  model::ModelConfig config = model::config_from_json(read_json_file(tiny::bert_folder() / "config.json"), "tiny");
  config.num_hidden_layers = 1, config.hidden_size = 16;
  change(config);
  model::Model model(config, model::Head::kNone, {});
  model.parameters().initialize(5, config.initializer_range);
  fs::create_directory(folder);
  save_model_folder(folder, model, tokenizer);
  return folder;
}

template <typename Config>
Config settings(const fs::path& output_dir, const fs::path& student) {
  const FinetuneSquadConfig plain = tiny::squad_settings(output_dir);
  Config config;
  config.model.model = student;
  config.teacher.teacher = tiny::question_answering_folder();
  config.data.task_name = "squad";
  config.data.squad = plain.data;
  const train::TrainingConfig defaults = config.training;
  config.training = plain.training, config.output = plain.output;
  config.training.optimizer = defaults.optimizer, config.training.weight_decay = defaults.weight_decay;
  config.training.learning_rate = 1e-3;
  return config;
}

DistillBackboneConfig backbone(const fs::path& output_dir, const fs::path& student) {
  return settings<DistillBackboneConfig>(output_dir, student);
}

std::string bytes(const fs::path& file) { return read_file(file); }

class DistillBackbone : public testing::Test {
 protected:
  const tiny::TemporaryFolder folder_;
  const fs::path student_ = make_student(folder_ / "student", [](model::ModelConfig&) {});
};

TEST_F(DistillBackbone, LearnsAndLeavesABodyAndItsProjection) {
  DistillBackboneConfig config = backbone(folder_ / "out", student_);
  config.training.max_steps = 2;
  const double early = distill_backbone(config)["train_loss"];
  EXPECT_GT(early, 0);
  config.output.output_dir = folder_ / "longer";
  config.training.max_steps = 40;
  EXPECT_LT(distill_backbone(config)["train_loss"].get<double>(), 0.9 * early);
  EXPECT_EQ(read_json_file(folder_ / "out/config.json")["architectures"], Json({"BertModel"}));
  for (const char* file : {"model.safetensors", "project.safetensors", "vocab.txt", "results.json", "DONE"})
    EXPECT_TRUE(fs::exists(folder_ / "out" / file)) << file;
  EXPECT_EQ(bytes(folder_ / "out/model.safetensors").find("fit_dense"), std::string::npos);
  EXPECT_NE(bytes(folder_ / "out/project.safetensors").find("fit_dense.weight"), std::string::npos);
  EXPECT_EQ(read_json_file(folder_ / "out/retort_config.json")["attention_loss"], "kld");
}

TEST_F(DistillBackbone, TheNextStageContinuesTheProjection) {
  distill_backbone(backbone(folder_ / "one", student_));
  DistillBackboneConfig still = backbone(folder_ / "two", folder_ / "one");
  still.training.learning_rate = 0;
  still.training.max_steps = 1;
  distill_backbone(still);
  for (const char* file : {"model.safetensors", "project.safetensors"})
    EXPECT_EQ(bytes(folder_ / "two" / file), bytes(folder_ / "one" / file)) << file;
  still.states.use_hidden_states = false;  // nothing to project: for the stage behind it is kept as it is
  still.training.learning_rate = 1e-3, still.training.weight_decay = 0.5;
  still.output.output_dir = folder_ / "three";
  distill_backbone(still);
  EXPECT_NE(bytes(folder_ / "three/model.safetensors"), bytes(folder_ / "two/model.safetensors"));
  EXPECT_EQ(bytes(folder_ / "three/project.safetensors"), bytes(folder_ / "two/project.safetensors"));
}

TEST_F(DistillBackbone, ResumedEqualsUninterrupted) {
  DistillBackboneConfig config = backbone(folder_ / "whole", student_);
  config.training.save_steps = 3;
  config.training.save_total_limit = 0;
  distill_backbone(config);
  fs::create_directory(folder_ / "rest");
  fs::copy(folder_ / "whole/checkpoint-3", folder_ / "rest/checkpoint-3", fs::copy_options::recursive);
  config.output.output_dir = folder_ / "rest";
  config.output.resume = true;
  distill_backbone(config);
  for (const char* file : {"model.safetensors", "project.safetensors"})
    EXPECT_TRUE(bytes(folder_ / "rest" / file) == bytes(folder_ / "whole" / file)) << file;
  EXPECT_NE(bytes(folder_ / "whole/checkpoint-3/project.safetensors"), bytes(folder_ / "whole/project.safetensors"));
}

TEST_F(DistillBackbone, SaysWhatAContinuedRunHasOtherwise) {
  DistillBackboneConfig config = backbone(folder_ / "out", student_);
  distill_backbone(config);
  fs::remove(folder_ / "out/DONE");
  config.output.resume = true, config.training.threads = 1, config.training.eval_steps = 2;
  config.states.attention_loss = "mse";
  testing::internal::CaptureStderr();
  distill_backbone(config);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(
      log.find(
          "other settings than it was begun with: attention_loss \"mse\" (it was \"kld\"), eval_steps 2 (it was 0)\n"),
      std::string::npos)
      << log;
  EXPECT_NE(log.find("`--eval_steps` changes nothing without --evaluate_during_training"), std::string::npos) << log;
}

TEST_F(DistillBackbone, AugmentedQuestionsLieBesideTheNamedFile) {
  fs::copy(tiny::train_file(), folder_ / "questions.json");
  DistillBackboneConfig config = backbone(folder_ / "out", student_);
  config.data.squad.train_file = folder_ / "questions.json", config.data.aug_train = true;
  EXPECT_NE(tiny::message_of([&] { distill_backbone(config); }).find("questions_aug.json"), std::string::npos);
  fs::copy(tiny::train_file(), folder_ / "questions_aug.json");
  distill_backbone(config);
  EXPECT_TRUE(fs::exists(folder_ / "out/DONE"));
}

TEST_F(DistillBackbone, RecomputedActivationsChangeNothing) {
  DistillBackboneConfig config = backbone(
      folder_ / "kept", make_student(folder_ / "deep", [](model::ModelConfig& c) { c.num_hidden_layers = 3; }));
  distill_backbone(config);
  config.training.checkpoint_activations = true;
  config.output.output_dir = folder_ / "recomputed";
  distill_backbone(config);
  EXPECT_EQ(bytes(folder_ / "kept/model.safetensors"), bytes(folder_ / "recomputed/model.safetensors"));
}

// What no loss reaches stays as it was, also where weights are decayed.
TEST_F(DistillBackbone, LeavesAloneWhatIsNotCompared) {
  const fs::path deep = make_student(folder_ / "deep", [](model::ModelConfig& c) { c.num_hidden_layers = 3; });
  DistillBackboneConfig config = backbone(folder_ / "out", deep);
  config.training.weight_decay = 0.1;
  config.states.student_layers = {1}, config.states.teacher_layers = {1};
  config.states.use_hidden_states = false;
  distill_backbone(config);
  const LoadedModel before = tiny::load(deep), after = tiny::load(folder_ / "out");
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
    DistillBackboneConfig config = backbone(folder_ / precision / "one", student_);
    config.training.max_steps = 1, config.training.logging_steps = 1, config.training.precision = precision;
    const double one = distill_backbone(config)["train_loss"];
    config.training.per_device_train_batch_size = 1, config.training.gradient_accumulation_steps = 4;
    config.output.output_dir = folder_ / precision / "four";
    EXPECT_NEAR(distill_backbone(config)["train_loss"].get<double>(), one, tolerance * one) << precision;
  }
}

TEST_F(DistillBackbone, CachedStatesTeachTheSameInBf16) {
  DistillBackboneConfig config = backbone(folder_ / "fly", student_);
  config.training.precision = "bf16";
  distill_backbone(config);
  config.teacher.teacher_cache = folder_ / "cache";
  config.output.output_dir = folder_ / "cached";
  distill_backbone(config);
  EXPECT_EQ(bytes(folder_ / "fly/model.safetensors"), bytes(folder_ / "cached/model.safetensors"));
}

TEST_F(DistillBackbone, DropoutOfTheTeacherIsANoiseThatRepeats) {
  DistillBackboneConfig config = backbone(folder_ / "still", student_);
  const double still = distill_backbone(config)["train_loss"];
  config.teacher.teacher_dropout = true;
  config.output.output_dir = folder_ / "noisy";
  const double noisy = distill_backbone(config)["train_loss"];
  EXPECT_NE(noisy, still);
  config.output.output_dir = folder_ / "again";
  EXPECT_EQ(distill_backbone(config)["train_loss"].get<double>(), noisy);
}

// The last layer alone, and chosen layers with the embeddings, from a teacher of another width.
TEST_F(DistillBackbone, CachedStatesTeachTheSame) {
  for (const bool is_last : {true, false}) {
    const auto name = [&](const char* what) { return folder_ / fmt::format("{}-{}", what, is_last); };
    DistillBackboneConfig config = backbone(name("fly"), student_);
    if (!is_last) {
      config.states.student_layers = {0}, config.states.teacher_layers = {0};
      config.states.use_embedding_states = true, config.states.use_value_states = false;
    }
    distill_backbone(config);
    config.teacher.teacher_cache = folder_ / "cache";
    for (const char* what : {"making", "reading"}) {
      config.output.output_dir = name(what);
      distill_backbone(config);
      for (const char* file : {"model.safetensors", "project.safetensors"})
        EXPECT_EQ(bytes(name(what) / file), bytes(name("fly") / file)) << what << " " << file;
    }
  }
  const auto count = std::distance(fs::directory_iterator(folder_ / "cache"), fs::directory_iterator());
  EXPECT_EQ(count, 2) << "each choice of states has its own cache";
}

TEST_F(DistillBackbone, StatesOfANoisyTeacherCannotBeKept) {
  DistillBackboneConfig config = backbone(folder_ / "out", student_);
  config.teacher.teacher_dropout = true;
  config.teacher.teacher_cache = folder_ / "cache";
  EXPECT_EQ(tiny::message_of([&] { distill_backbone(config); }),
            "`teacher_cache` must be auto or off with `teacher_dropout`, whose outputs differ every time, but is `" +
                (folder_ / "cache").string() + "`");
}

TEST_F(DistillBackbone, AnOlderProjectionDoesNotSurvive) {
  distill_backbone(backbone(folder_ / "out", student_));
  DistillBackboneConfig config = backbone(folder_ / "out", student_);
  config.states.use_hidden_states = false;
  config.output.overwrite_output_dir = true;
  distill_backbone(config);
  EXPECT_FALSE(fs::exists(folder_ / "out/project.safetensors"));
}

TEST_F(DistillBackbone, StartsFromAConfigurationAlone) {
  fs::remove(student_ / "model.safetensors");
  DistillBackboneConfig config = backbone(folder_ / "out", student_);
  distill_backbone(config);
  EXPECT_TRUE(fs::exists(folder_ / "out/model.safetensors"));
}

TEST_F(DistillBackbone, TakesGlueTasks) {
  DistillBackboneConfig config = backbone(folder_ / "out", student_);
  config.data.task_name = "MRPC";
  config.data.squad.train_file.clear();
  config.data.squad.data_dir = fs::path(RETORT_FIXTURES) / "glue" / "data";
  config.states.student_teacher_layer_mapping = "uniform";
  config.states.use_embedding_states = true;
  EXPECT_EQ(distill_backbone(config)["train_steps"], 6);
}

// As many epochs as the paper took for the task, where none are given.
TEST_F(DistillBackbone, TakesThePapersEpochs) {
  DistillBackboneConfig config = backbone(folder_ / "out", student_);
  config.training.max_steps = -1, config.training.num_train_epochs = 0;
  config.training.per_device_train_batch_size = 64, config.training.dataloader_drop_last = false;
  for (const auto& [task, epochs] : {std::pair("squad", 6), {"mrpc", 20}, {"cola", 50}, {"wnli", 3}}) {
    config.data.task_name = task;
    const bool is_squad = config.data.is_squad();
    config.data.squad.train_file = is_squad ? tiny::train_file() : fs::path();
    config.data.squad.data_dir = is_squad ? fs::path() : fs::path(RETORT_FIXTURES) / "glue/data";
    config.output.output_dir = folder_ / task;
    const int64_t steps = distill_backbone(config)["train_steps"];
    EXPECT_EQ(read_json_file(folder_ / task / "retort_config.json")["num_train_epochs"], epochs) << task;
    EXPECT_EQ(steps % epochs, 0) << task;
  }
}

// A preset has random weights.
TEST_F(DistillBackbone, SaysThatARandomTeacherTeachesNoise) {
  DistillBackboneConfig config = backbone(folder_ / "out", student_);
  config.teacher.teacher = "preset:bert-tiny", config.model.vocab_file = tiny::bert_folder() / "vocab.txt";
  config.training.max_steps = 1;
  testing::internal::CaptureStderr();
  distill_backbone(config);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("the teacher `preset:bert-tiny` is not trained for anything: its targets are noise"),
            std::string::npos)
      << log;
}

TEST_F(DistillBackbone, TakesATokenFile) {
  DistillBackboneConfig config = backbone(folder_ / "out", student_);
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
  config.data.squad.train_file.clear();
  EXPECT_EQ(distill_backbone(config)["train_steps"], 6);
  config.data.task_name = "squad";
  EXPECT_EQ(tiny::message_of([&] { distill_backbone(config); }),
            "`--task_name` or `--data_file` must be given, but both are; leave one out");
}

TEST_F(DistillBackbone, RefusesWhatCannotBeCompared) {
  const auto refusal = [&](const std::function<void(DistillBackboneConfig&)>& change) {
    DistillBackboneConfig config = backbone(folder_ / "refused", student_);
    config.output.overwrite_output_dir = true;
    change(config);
    return tiny::message_of([&] { distill_backbone(config); });
  };
  const fs::path four_heads = make_student(folder_ / "heads", [](model::ModelConfig& c) { c.num_attention_heads = 4; });
  const fs::path three_layers = make_student(folder_ / "three", [](model::ModelConfig& c) { c.num_hidden_layers = 3; });
  EXPECT_EQ(refusal([&](auto& c) { c.model.model = four_heads; }),
            "`teacher` must have as many attention heads as the student, 4, for attention scores and value relations, "
            "but has 2 in layer 1; take a student with as many, or --use_attention_scores false --use_value_states "
            "false");
  EXPECT_EQ(refusal([&](auto& c) {
              c.model.model = three_layers;
              c.states.student_teacher_layer_mapping = "uniform";
            }),
            "`teacher` must have a multiple of the student's 3 layers for a uniform mapping, but has 2; name the pairs "
            "with --student_layers and --teacher_layers");
  EXPECT_EQ(refusal([](auto& c) { c.states.student_layers = {0}; }),
            "`student_layers` and `teacher_layers` must name as many layers each, but name 1 and 0");
  EXPECT_EQ(refusal([](auto& c) {
              c.states.student_layers = {0};
              c.states.teacher_layers = {2};
            }),
            "`teacher_layers` must be 0 to 1, the layers of the teacher, but one is 2");
  EXPECT_EQ(refusal([](auto& c) { c.states.value_state_loss = "mse"; }),
            "`value_state_loss` must be kld for a student of another width than the teacher (16 and 32), but compares "
            "the states themselves");
  EXPECT_EQ(refusal([](auto& c) {
              c.states.attention_weight = c.states.hidden_state_weight = c.states.value_state_weight = 0;
            }),
            "`use_attention_scores`, `use_hidden_states`, `use_embedding_states` or `use_value_states` must be true "
            "with a weight above 0, but none is; there would be nothing to learn");
  EXPECT_EQ(refusal([](auto& c) { c.training.evaluate_during_training = true; }),
            "`evaluate_during_training` must be false for states, but is true; they have no scores");
  EXPECT_EQ(refusal([](auto& c) {
              c.data.task_name.clear(), c.data_file = "corpus.tokens";
              c.data.squad.train_file.clear(), c.data.squad.max_train_examples = 5;
            }),
            "`max_train_examples` must be left out beside `data_file`, but is given; it is for tasks");
  EXPECT_EQ(
      refusal([](auto& c) { c.data.task_name = "mrpc", c.data.squad.data_dir = "MRPC"; }),
      "`--train_file` must not be given for the task `mrpc`, but is; `--data_dir` alone says where its files are");
  EXPECT_EQ(refusal([](auto& c) { c.data.squad.features.max_seq_length = 2; }),
            "`max_seq_length` must be at least 8, or 0, but is 2");
  EXPECT_EQ(refusal([](auto& c) { c.states.use_pred_states = true; }),
            "`use_pred_states` must be false for the states inside the models, but is true; `retort distill "
            "prediction` learns predictions");
  EXPECT_EQ(refusal([](auto& c) {
              c.data.squad.train_file.clear();
              c.data.squad.data_dir.clear();
            }),
            "`--train_file` or `--data_dir` must be given for squad, but both are missing");
}

TEST_F(DistillBackbone, RefusesAnotherVocabularyAndAProjectionOfOtherWidths) {
  const fs::path other = tiny::copy_model(tiny::question_answering_folder(), folder_ / "other");
  std::string pieces = bytes(other / "vocab.txt");
  pieces.replace(pieces.find('\n', pieces.size() / 2) + 1, 1, "Z");
  write_file_atomically(other / "vocab.txt", pieces);
  fs::remove(other / "tokenizer.json");
  DistillBackboneConfig config = backbone(folder_ / "a", student_);
  config.teacher.teacher = other;
  EXPECT_EQ(tiny::message_of([&] { distill_backbone(config); }),
            "`teacher` must have the student's vocabulary, but `" + other.string() +
                "` has another; take teacher and student of one family, or give both the same `vocab_file`");
  distill_backbone(backbone(folder_ / "one", student_));
  const fs::path wider = make_student(folder_ / "wider", [](model::ModelConfig& c) { c.hidden_size = 20; });
  fs::copy(folder_ / "one/project.safetensors", wider / "project.safetensors");
  EXPECT_EQ(tiny::message_of([&] { distill_backbone(backbone(folder_ / "b", wider)); }),
            "`" + (wider / "project.safetensors").string() +
                "`: tensor `fit_dense.weight` must have the shape [32, 20] that student and teacher ask for, but has "
                "[32, 16]; remove the file to start the projection anew");
}

DistillPredictionConfig prediction(const fs::path& output_dir, const fs::path& student) {
  DistillPredictionConfig config = settings<DistillPredictionConfig>(output_dir, student);
  config.teacher.teacher_cache = "off";
  return config;
}

class DistillPrediction : public DistillBackbone {};

TEST_F(DistillPrediction, ContinuesABackboneAndKeepsTheBest) {
  distill_backbone(backbone(folder_ / "body", student_));
  DistillPredictionConfig config = prediction(folder_ / "out", folder_ / "body");
  config.data.squad.dev_file = tiny::dev_file();
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
  DistillPredictionConfig config = prediction(folder_ / "fly", student_);
  distill_prediction(config);
  config.teacher.teacher_cache = folder_ / "cache";
  config.output.output_dir = folder_ / "cached";
  distill_prediction(config);
  EXPECT_EQ(bytes(folder_ / "fly/model.safetensors"), bytes(folder_ / "cached/model.safetensors"));
}

TEST_F(DistillPrediction, FindsSquadInItsFolder) {
  fs::create_directory(folder_ / "squad");
  fs::copy(tiny::train_file(), folder_ / "squad/train-v1.1_aug.json");
  fs::copy(tiny::dev_file(), folder_ / "squad/dev-v1.1.json");
  DistillPredictionConfig config = prediction(folder_ / "out", student_);
  config.data.squad.train_file.clear();
  config.data.squad.data_dir = folder_ / "squad";
  config.data.aug_train = true;
  EXPECT_TRUE(distill_prediction(config).contains("f1"));
}

DistillPredictionConfig glue_prediction(const std::string& task, const fs::path& output_dir) {
  DistillPredictionConfig config = prediction(output_dir, tiny::bert_folder());
  config.teacher.teacher = tiny::classification_folder();
  config.data.task_name = task;
  config.data.squad.train_file.clear();
  config.data.squad.data_dir = fs::path(RETORT_FIXTURES) / "glue" / "data";
  return config;
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
  EXPECT_NE(log.find("the teacher scores"), std::string::npos) << log;
}

// Hub models of MNLI count entailment, neutral, contradiction; the task's own files contradiction, entailment, neutral.
TEST_F(DistillPrediction, PutsTheTeachersClassesInTheTasksOrder) {
  const auto make = [&](const fs::path& folder, const std::vector<std::string>& names) {
    const text::Tokenizer tokenizer = text::Tokenizer::load(tiny::bert_folder());
    model::ModelConfig config = model::config_from_json(read_json_file(tiny::bert_folder() / "config.json"), "tiny");
    config.labels = names;
    model::Model model(config, model::Head::kSequenceClassification, {});
    model.parameters().initialize(5, config.initializer_range);
    fs::create_directory(folder);
    save_model_folder(folder, model, tokenizer);
    ModelSource source;
    source.model = folder;
    return load_model(source, {.classes = {.names = {"contradiction", "entailment", "neutral"}}});
  };
  const LoadedModel own = make(folder_ / "own", {"contradiction", "entailment", "neutral"});
  const LoadedModel hub = make(folder_ / "hub", {"ENTAILMENT", "NEUTRAL", "CONTRADICTION"});
  EXPECT_EQ(hub.model->config().labels, own.model->config().labels);
  for (const char* name : {"classifier.weight", "classifier.bias"}) {
    const auto &a = own.model->parameters(), &b = hub.model->parameters();
    const at::Tensor before = a.tensor(*a.find(name)), after = b.tensor(*b.find(name));
    for (const auto& [from, to] : {std::pair(0, 1), std::pair(1, 2), std::pair(2, 0)})
      EXPECT_TRUE(before[from].equal(after[to])) << name << " " << from;
  }
}

TEST_F(DistillPrediction, RefusesATeacherOfAnotherTask) {
  EXPECT_EQ(
      tiny::message_of([&] { distill_prediction(glue_prediction("mnli", folder_ / "mnli")); }),
      fmt::format("`teacher` must have 3 outputs for `mnli`, but `{}` has 2; take one that was fine-tuned for this "
                  "task",
                  glue_prediction("mnli", folder_ / "mnli").teacher.teacher));
  DistillPredictionConfig config = prediction(folder_ / "states", student_);
  config.states.use_pred_states = false;
  EXPECT_EQ(tiny::message_of([&] { distill_prediction(config); }),
            "`use_pred_states` must be true for the distillation of predictions, but is false; `retort distill "
            "backbone` learns the other states");
}

// Flags as a user gives them.
struct Parsed : DistillBackboneConfig {
  explicit Parsed(std::vector<std::string> words) {
    words.insert(words.end(), {"--model", "a", "--teacher_model", "b", "--task_name", "squad", "--output_dir", "c"});
    FieldList list;
    fields(list);
    parse_flags(list, words);
  }
};

TEST(DistillConfigFile, SetsTheStatesAndGivesWayToFlags) {
  const tiny::TemporaryFolder folder;
  const auto write = [&](const std::string& text) {
    write_file_atomically(folder / "config.json", text);
    return (folder / "config.json").string();
  };
  const std::string file = write(
      R"({"distillation": true, "distillation_config": {"use_attention_scores": false, "use_hidden_states": true,
          "hidden_state_loss": "mse", "student_teacher_layer_mapping": "uniform"}})");
  const Parsed parsed({"--distill_config", file, "--hidden_state_loss", "cosine"});
  EXPECT_FALSE(parsed.states.use_attention_scores);
  EXPECT_EQ(parsed.states.hidden_state_loss, "cosine");
  EXPECT_EQ(parsed.states.student_teacher_layer_mapping, "uniform");
  const auto refusal = [&](const std::string& text) {
    write(text);
    return tiny::message_of([&] { Parsed({"--distill_config", file}); });
  };
  EXPECT_EQ(refusal(R"({"distillation": true, "distillation_config": {"attention_loss": "l1"}})"),
            "`" + file + "`: `attention_loss` must be one of kld, mse, cosine, but is `l1`");
  EXPECT_EQ(refusal(R"({"distillation": true, "distillation_config": {"hidden_state_loss": "kld"}})"),
            "`" + file + "`: `hidden_state_loss` must be one of cosine, mse, but is `kld`");
  EXPECT_EQ(refusal(R"({"distillation": true, "distillation_config": {"use_attention_score": true}})"),
            "`" + file + "`: unknown key `use_attention_score`, did you mean `use_attention_scores`?");
  EXPECT_EQ(refusal(R"({"distillation_config": {"learning_rate": 1}})"),
            "`" + file + "`: unknown key `learning_rate`; see --help");
  EXPECT_EQ(refusal(R"({"distillation": false, "distillation_config": {}})"),
            "`" + file + "`: `distillation` must be true for a distillation, but is false");
  EXPECT_EQ(refusal(R"({"use_attention_scores": true})"),
            "`" + file + "` must hold an object `distillation_config`, but does not");
}

}  // namespace
}  // namespace retort::recipe
