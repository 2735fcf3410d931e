// Students: cut from a teacher, and trained with its soft targets.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <set>
#include <thread>

#include "recipe/tiny_world.h"
#include "retort/base/error.h"
#include "retort/base/folder_lock.h"
#include "retort/kernel/rows.h"
#include "retort/recipe/distill_squad.h"
#include "retort/recipe/extract.h"
#include "retort/recipe/model_folder.h"

namespace retort::recipe {
namespace {

ExtractConfig extraction(const fs::path& output_dir, std::vector<int64_t> layers) {
  ExtractConfig config;
  config.model.model = tiny::question_answering_folder();
  config.layers = std::move(layers);
  config.output_dir = output_dir;
  return config;
}

at::Tensor logits_of(const fs::path& folder) {
  const at::NoGradGuard no_grad;
  kernel::Ragged tokens;
  const std::vector<int32_t> ids{2, 7, 9, 30, 3, 12, 3};
  tokens.append(ids, 5);
  return tiny::load(folder).model->forward(kernel::make_rows(tokens)).logits;
}

TEST(Extract, AllLayersAreTheTeacher) {
  const tiny::TemporaryFolder folder;
  const Json result = extract(extraction(folder / "student", {0, 1}));
  EXPECT_TRUE(result["fresh"].empty());
  EXPECT_TRUE(logits_of(folder / "student").equal(logits_of(tiny::question_answering_folder())));
}

TEST(Extract, TakesTheChosenLayers) {
  const tiny::TemporaryFolder folder;
  extract(extraction(folder / "student", {1}));
  const LoadedModel student = tiny::load(folder / "student"), teacher = tiny::load(tiny::question_answering_folder());
  EXPECT_EQ(student.model->config().num_hidden_layers, 1);
  const auto tensor = [](const LoadedModel& loaded, const std::string& name) {
    return loaded.model->parameters().tensor(*loaded.model->parameters().find(name));
  };
  EXPECT_TRUE(tensor(student, "bert.encoder.layer.0.output.dense.weight")
                  .equal(tensor(teacher, "bert.encoder.layer.1.output.dense.weight")));
  EXPECT_TRUE(tensor(student, "qa_outputs.weight").equal(tensor(teacher, "qa_outputs.weight")));
}

TEST(Extract, ToDistilBertRenames) {
  const tiny::TemporaryFolder folder;
  ExtractConfig config = extraction(folder / "student", {1, 0});
  config.student_type = "distilbert";
  // 4 tensors of embeddings, 16 of each layer, 2 of the head.
  EXPECT_EQ(extract(config)["copied"], 4 + 2 * 16 + 2);
  const LoadedModel student = tiny::load(folder / "student"), teacher = tiny::load(tiny::question_answering_folder());
  const auto& own = student.model->parameters();
  const auto& other = teacher.model->parameters();
  EXPECT_TRUE(own.tensor(*own.find("distilbert.transformer.layer.0.attention.k_lin.bias"))
                  .equal(other.tensor(*other.find("bert.encoder.layer.1.attention.self.key.bias"))));
  EXPECT_EQ(read_json_file(folder / "student/config.json")["architectures"], Json({"DistilBertForQuestionAnswering"}));
}

// Heads 0, 1, 4 and 10 of 12 are what Python's random.seed(42); random.sample(range(12), 4) prunes first; the tiny
// model has fewer, so only the form is checked here: what is kept is the teacher's.
TEST(Extract, PrunesHeadsAndRemembersThem) {
  const tiny::TemporaryFolder folder;
  ExtractConfig config = extraction(folder / "student", {0, 1});
  config.heads_per_layer = 1;
  extract(config);
  const LoadedModel student = tiny::load(folder / "student"), teacher = tiny::load(tiny::question_answering_folder());
  const int64_t heads = teacher.model->config().num_attention_heads, width = teacher.model->config().head_width();
  const auto& own = student.model->parameters();
  const auto& other = teacher.model->parameters();
  for (int64_t layer = 0; layer < 2; ++layer) {
    const auto& pruned = student.model->config().pruned_heads.at(layer);
    ASSERT_EQ(static_cast<int64_t>(pruned.size()), heads - 1);
    int64_t kept = 0;
    while (std::find(pruned.begin(), pruned.end(), kept) != pruned.end()) ++kept;
    const std::string name = "bert.encoder.layer." + std::to_string(layer) + ".attention.";
    const auto tensor = [&](const kernel::ParameterStore& store, const std::string& part) {
      return store.tensor(*store.find(name + part));
    };
    EXPECT_TRUE(
        tensor(own, "self.value.weight").equal(tensor(other, "self.value.weight").narrow(0, kept * width, width)));
    EXPECT_TRUE(tensor(own, "self.key.bias").equal(tensor(other, "self.key.bias").narrow(0, kept * width, width)));
    EXPECT_TRUE(
        tensor(own, "output.dense.weight").equal(tensor(other, "output.dense.weight").narrow(1, kept * width, width)));
  }
  // Pruning what is pruned already takes nothing away.
  config.model.model = folder / "student", config.output_dir = folder / "again";
  extract(config);
  EXPECT_TRUE(logits_of(folder / "again").equal(logits_of(folder / "student")));
}

// Of four heads one goes, then another: what is left is the teacher's, under the numbers that it has there.
TEST(Extract, PrunesAPrunedModelFurther) {
  const tiny::TemporaryFolder folder;
  const fs::path teacher = RETORT_FIXTURES "/distillation/teacher_mlm";
  const std::string value = "bert.encoder.layer.0.attention.self.value.weight";
  ExtractConfig config;
  config.model.model = teacher, config.layers = {0};
  std::set<int64_t> gone;
  for (const int64_t left : {3, 2}) {
    config.heads_per_layer = left, config.pruning_seed = 1;
    config.output_dir = folder / std::to_string(left);
    extract(config);
    config.model.model = config.output_dir;
    const LoadedModel student = tiny::load(config.output_dir);
    const auto& pruned = student.model->config().pruned_heads.at(0);
    const std::set<int64_t> now(pruned.begin(), pruned.end());
    EXPECT_EQ(static_cast<int64_t>(now.size()), 4 - left);
    EXPECT_TRUE(std::includes(now.begin(), now.end(), gone.begin(), gone.end())) << "what was pruned stays pruned";
    gone = now;
    const int64_t width = student.model->config().head_width();
    std::vector<at::Tensor> kept;
    for (int64_t head = 0; head < 4; ++head)
      if (!gone.contains(head)) kept.push_back(tiny::parameter_of(teacher, value).narrow(0, head * width, width));
    EXPECT_TRUE(tiny::parameter_of(config.output_dir, value).equal(at::cat(kept)));
  }
}

TEST(Extract, AddsFreshLayers) {
  const tiny::TemporaryFolder folder;
  ExtractConfig config = extraction(folder / "student", {0});
  config.fresh_layers = 1;
  const Json result = extract(config);
  EXPECT_EQ(result["fresh"].size(), 16);
  EXPECT_EQ(tiny::load(folder / "student").model->config().num_hidden_layers, 2);
}

TEST(Extract, RefusesLayersThatDoNotExist) {
  const tiny::TemporaryFolder folder;
  EXPECT_EQ(
      tiny::message_of([&] {
        extract(extraction(folder / "student", {0, 2}));
      }),
      "`layers` must be 0 to 1, the layers of `" + tiny::question_answering_folder().string() + "`, but one is 2");
  extract(extraction(folder / "student", {0}));
  EXPECT_NE(tiny::message_of([&] {
              extract(extraction(folder / "student", {0}));
            }).find("must be empty, but holds `config.json`"),
            std::string::npos);
  fs::create_directory(folder / "own");
  write_file_atomically(folder / "own/vocab.txt", "mine");
  EXPECT_NE(
      tiny::message_of([&] { extract(extraction(folder / "own", {0})); }).find("must be empty, but holds `vocab.txt`"),
      std::string::npos);
}

// What is read stays, whatever may be overwritten.
TEST(Extract, NeverReplacesItsTeacher) {
  const tiny::TemporaryFolder folder;
  const fs::path teacher = tiny::copy_model(tiny::question_answering_folder(), folder / "teacher");
  fs::create_directory_symlink(teacher, folder / "link");
  for (const char* name : {"teacher", "link"}) {
    ExtractConfig config = extraction(folder / name, {0});
    config.model.model = teacher, config.overwrite_output_dir = true;
    EXPECT_EQ(tiny::message_of([&] { extract(config); }),
              "`output_dir` must be another folder than `--model`, which is read, but both are `" +
                  (folder / name).string() + "`");
  }
  EXPECT_TRUE(logits_of(teacher).equal(logits_of(tiny::question_answering_folder())));
}

DistillSquadConfig distillation(const fs::path& output_dir) {
  const FinetuneSquadConfig plain = tiny::squad_settings(output_dir);
  DistillSquadConfig config;
  config.model = plain.model, config.data = plain.data, config.training = plain.training, config.output = plain.output;
  config.teacher.teacher = tiny::question_answering_folder();
  config.teacher.teacher_cache = "off";
  return config;
}

std::string weights_of(const fs::path& folder) { return read_file(folder / "model.safetensors"); }

// Trains with these settings, which must teach what plain fine-tuning teaches; returns the log.
std::string log_of_plain_training(const tiny::TemporaryFolder& folder, const DistillSquadConfig& config) {
  testing::internal::CaptureStderr();
  distill_squad(config);
  const std::string log = testing::internal::GetCapturedStderr();
  finetune_squad(tiny::squad_settings(folder / "plain"));
  EXPECT_EQ(weights_of(config.output.output_dir), weights_of(folder / "plain"));
  return log;
}

TEST(DistillSquad, WithoutSoftTargetsIsFineTuning) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = distillation(folder / "distilled");
  config.distillation.alpha_ce = 0, config.distillation.alpha_squad = 1;
  const std::string log = log_of_plain_training(folder, config);
  EXPECT_NE(log.find("`--teacher` changes nothing with --alpha_ce 0"), std::string::npos) << log;
  EXPECT_EQ(log.find("the teacher scores"), std::string::npos) << log;
}

TEST(DistillSquad, WithoutATeacherIsFineTuning) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = distillation(folder / "distilled");
  config.teacher.teacher.clear();
  const std::string log = log_of_plain_training(folder, config);
  EXPECT_NE(log.find("without `--teacher` the labels alone are learned"), std::string::npos) << log;
}

TEST(DistillSquad, NeverReplacesItsTeacher) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = distillation(folder / "teacher");
  config.teacher.teacher = tiny::copy_model(tiny::question_answering_folder(), folder / "teacher");
  config.output.overwrite_output_dir = true;
  EXPECT_NE(tiny::message_of([&] { distill_squad(config); }).find("must be another folder than `--teacher`"),
            std::string::npos);
}

// A model that no step has changed must not pass for a trained one, however few the steps.
TEST(DistillSquad, EndsWithoutAModelWhenNoStepCounted) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = distillation(folder / "out");
  config.distillation.temperature = 1e200, config.training.max_steps = 2;
  EXPECT_THROW(distill_squad(config), DivergenceError);
  EXPECT_FALSE(fs::exists(folder / "out/DONE"));
}

// Its evaluation takes minutes on real files, and a run that is continued has said the scores.
TEST(DistillSquad, ScoresTheTeacherOnceInTheBeginning) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = distillation(folder / "out");
  config.data.dev_file = tiny::dev_file();
  config.training.max_steps = 2, config.training.save_steps = 1;
  config.training.lr_scheduler_type = "constant", config.training.warmup_steps = 1;
  const auto log_of = [&] {
    testing::internal::CaptureStderr();
    distill_squad(config);
    return testing::internal::GetCapturedStderr();
  };
  config.output.resume = true;  // in an empty folder: from the beginning
  const std::string log = log_of();
  EXPECT_NE(log.find("the teacher scores {\"exact\""), std::string::npos) << log;
  EXPECT_NE(log.find("warm-up changes nothing with --lr_scheduler_type constant"), std::string::npos) << log;
  fs::remove(folder / "out/DONE");
  ASSERT_GT(fs::remove_all(folder / "out/checkpoint-2"), 0);
  EXPECT_EQ(log_of().find("the teacher scores"), std::string::npos);
}

fs::path file_in(const fs::path& cache_dir, const std::string& name) {
  return fs::directory_iterator(cache_dir)->path() / name;
}

// A student taught from the cache is the student taught by the teacher, also when the cache is finished after a stop.
TEST(DistillSquad, CacheTeachesTheSame) {
  const tiny::TemporaryFolder folder;
  distill_squad(distillation(folder / "plain"));
  DistillSquadConfig config = distillation(folder / "cached");
  config.teacher.teacher_cache = folder / "cache";
  distill_squad(config);
  EXPECT_EQ(weights_of(folder / "cached"), weights_of(folder / "plain"));

  const std::string whole = read_file(file_in(folder / "cache", "values"));
  fs::remove(file_in(folder / "cache", "cache.json"));
  fs::resize_file(file_in(folder / "cache", "checksums"), 8 * 7);
  fs::resize_file(file_in(folder / "cache", "values"), whole.size() / 2);
  config.output.output_dir = folder / "finished";
  distill_squad(config);
  EXPECT_EQ(weights_of(folder / "finished"), weights_of(folder / "plain"));
  EXPECT_EQ(read_file(file_in(folder / "cache", "values")), whole);
}

TEST(DistillSquad, DamagedAndForeignCachesAreFound) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = distillation(folder / "first");
  config.teacher.teacher_cache = folder / "cache";
  distill_squad(config);
  std::string values = read_file(file_in(folder / "cache", "values"));
  const std::string whole = values;
  for (char& value : values) value ^= 1;  // training looks at some rows only
  write_file_atomically(file_in(folder / "cache", "values"), values);
  config.output.output_dir = folder / "damaged";
  testing::internal::CaptureStderr();
  distill_squad(config);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("are damaged; the teacher computes what is damaged"), std::string::npos) << log;
  EXPECT_EQ(weights_of(folder / "damaged"), weights_of(folder / "first"));
  config.output.output_dir = folder / "again";
  distill_squad(config);
  EXPECT_EQ(weights_of(folder / "again"), weights_of(folder / "first"));
  EXPECT_EQ(read_file(file_in(folder / "cache", "values")), whole);

  for (const char* text : {"", "[]", "{\"key\": 5}", "{\"key\""}) {
    write_file_atomically(file_in(folder / "cache", "cache.json"), text);
    config.output.output_dir = folder / fmt::format("described {}", std::string(text).size());
    distill_squad(config);
    EXPECT_EQ(weights_of(config.output.output_dir), weights_of(folder / "first")) << text;
  }
  Json description = read_json_file(file_in(folder / "cache", "cache.json"));
  description["width"] = 7;  // the right key, and another width: made again
  write_json_file(file_in(folder / "cache", "cache.json"), description);
  config.output.output_dir = folder / "another width";
  distill_squad(config);
  EXPECT_EQ(weights_of(config.output.output_dir), weights_of(folder / "first"));
  description = read_json_file(file_in(folder / "cache", "cache.json"));
  EXPECT_NE(description["width"], 7);
  description["key"] = "0123";
  write_json_file(file_in(folder / "cache", "cache.json"), description);
  const auto message_before_scores = [&] {
    testing::internal::CaptureStderr();
    const std::string message = tiny::message_of([&] { distill_squad(config); });
    EXPECT_EQ(testing::internal::GetCapturedStderr().find("the teacher scores"), std::string::npos);
    return message;
  };
  config.data.dev_file = tiny::dev_file();
  config.output.output_dir = folder / "foreign";
  EXPECT_NE(message_before_scores().find("must hold the teacher's outputs for these rows"), std::string::npos);
  config.output.output_dir = folder / "nowhere";
  config.teacher.teacher_cache = "/proc/nowhere";
  EXPECT_NE(message_before_scores().find("/proc/nowhere"), std::string::npos);
}

// What a crash of the machine may leave: the description on the disk, values not.
TEST(DistillSquad, CutOffCacheIsMadeWhole) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = distillation(folder / "first");
  config.teacher.teacher_cache = folder / "cache";
  distill_squad(config);
  const fs::path values = file_in(folder / "cache", "values");
  const std::string whole = read_file(values);
  const auto again = [&](const char* name) {
    config.output.output_dir = folder / name;
    testing::internal::CaptureStderr();
    distill_squad(config);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("is not whole"), std::string::npos);
    EXPECT_EQ(read_file(values), whole);
    EXPECT_EQ(weights_of(folder / name), weights_of(folder / "first"));
  };
  fs::resize_file(values, whole.size() / 2);
  again("short");
  fs::remove(values);
  again("gone");
  std::string holes = whole.substr(0, whole.size() - 8);
  std::fill(holes.begin() + 64, holes.begin() + 128, '\0');
  write_file_atomically(values, holes);
  again("holes");
}

// Until somebody waits for the lock of this file, as Linux tells it; at most half a minute.
void wait_for_waiter(const fs::path& file) {
  struct stat status = {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  const std::string inode = fmt::format(":{} ", status.st_ino);
  for (int i = 0; i < 3000; ++i) {
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);)
      if (line.find("->") != std::string::npos && line.find(inode) != std::string::npos) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

// Two runs with one teacher and the same questions: the second takes what the first makes.
TEST(DistillSquad, WaitsForACacheInTheMaking) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = distillation(folder / "first");
  config.teacher.teacher_cache = folder / "cache";
  distill_squad(config);
  const fs::path cache = file_in(folder / "cache", "").parent_path();
  fs::rename(cache / "cache.json", folder / "cache.json");
  auto lock = std::make_unique<FolderLock>(cache);
  std::thread other([&] {
    wait_for_waiter(cache / ".lock");
    fs::rename(folder / "cache.json", cache / "cache.json");
    lock.reset();
  });
  config.output.output_dir = folder / "second";
  testing::internal::CaptureStderr();
  distill_squad(config);
  const std::string log = testing::internal::GetCapturedStderr();
  other.join();
  EXPECT_NE(log.find("waiting for process"), std::string::npos) << log;
  EXPECT_EQ(log.find("the teacher's outputs take"), std::string::npos) << log;
  EXPECT_EQ(weights_of(folder / "second"), weights_of(folder / "first"));
}

// auto keeps what is used more than once, in the user's cache folder, and says beforehand what it takes.
TEST(DistillSquad, AutomaticCacheIsForRowsThatComeAgain) {
  const tiny::TemporaryFolder folder;
  ::setenv("RETORT_CACHE", (folder / "user").c_str(), 1);
  DistillSquadConfig config = distillation(folder / "once");
  config.teacher.teacher_cache = "auto";
  config.training.max_steps = -1, config.training.num_train_epochs = 1;
  distill_squad(config);
  EXPECT_FALSE(fs::exists(folder / "user/teacher"));
  config.training.num_train_epochs = 1.5;
  config.output.output_dir = folder / "again";
  testing::internal::CaptureStderr();
  distill_squad(config);
  const std::string log = testing::internal::GetCapturedStderr();
  ::unsetenv("RETORT_CACHE");
  EXPECT_NE(log.find("the teacher's outputs take 0.0 MB in `" + (folder / "user/teacher").string()), std::string::npos)
      << log;
  EXPECT_TRUE(fs::exists(file_in(folder / "user/teacher", "cache.json")));
}

TEST(DistillSquad, CacheTeachesTheSameInBf16) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = distillation(folder / "plain");
  config.training.precision = "bf16";
  distill_squad(config);
  config.output.output_dir = folder / "cached";
  config.teacher.teacher_cache = folder / "cache";
  distill_squad(config);
  EXPECT_EQ(weights_of(folder / "cached"), weights_of(folder / "plain"));
}

// Any supported teacher, and questions without an answer.
TEST(DistillSquad, OfVersion2FromADistilBertTeacher) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = distillation(folder / "out");
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

// From scratch: a configuration and a vocabulary, with dropout of its own.
TEST(DistillSquad, StartsFromAConfigurationAlone) {
  const tiny::TemporaryFolder folder;
  const fs::path student = tiny::copy_model(tiny::distilbert_folder(), folder / "student");
  fs::remove(student / "model.safetensors");
  DistillSquadConfig config = distillation(folder / "out");
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

TEST(DistillSquad, PresetTeacherIsNoise) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = distillation(folder / "out");
  config.teacher.teacher = "preset:bert-tiny", config.model.vocab_file = tiny::shared_folder() / "vocab.txt";
  config.training.max_steps = 1;
  testing::internal::CaptureStderr();
  distill_squad(config);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("is not trained for questions"), std::string::npos);
}

// A student that is its teacher, without dropout and without labels, has nothing to learn.
TEST(DistillSquad, OfItselfHasNoLoss) {
  const tiny::TemporaryFolder folder;
  const fs::path teacher = tiny::copy_model(tiny::question_answering_folder(), folder / "teacher");
  tiny::set_config_field(teacher, "hidden_dropout_prob", 0.0);
  tiny::set_config_field(teacher, "attention_probs_dropout_prob", 0.0);
  DistillSquadConfig config = distillation(folder / "out");
  config.model.model = config.teacher.teacher = teacher;
  config.distillation.alpha_squad = 0;
  EXPECT_NEAR(distill_squad(config)["train_loss"].get<double>(), 0, 1e-6);
}

// What --resume cannot go on with is found before the teacher is asked anything.
TEST(DistillSquad, IsContinuedByTheSameCommandWithTheSameData) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig config = distillation(folder / "out");
  config.training.save_steps = 2;
  config.teacher.teacher_cache = folder / "cache";
  distill_squad(config);
  fs::remove(folder / "out/DONE");
  fs::remove_all(folder / "cache");  // it would be made again before a refusal that comes late
  config.output.resume = true;
  FinetuneSquadConfig other;
  other.model = config.model, other.data = config.data, other.training = config.training, other.output = config.output;
  EXPECT_NE(tiny::message_of([&] {
              finetune_squad(other);
            }).find("must be one of `retort finetune squad`, but was begun by `retort distill squad`"),
            std::string::npos);
  const auto told_without_asking = [&](const DistillSquadConfig& changed) {
    testing::internal::CaptureStderr();
    const std::string message = tiny::message_of([&] { distill_squad(changed); });
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(log.find("the teacher's outputs take"), std::string::npos) << log;
    EXPECT_FALSE(fs::exists(folder / "cache"));
    return message;
  };
  DistillSquadConfig changed = config;
  changed.training.seed = 7;
  EXPECT_NE(told_without_asking(changed).find("`seed` must be"), std::string::npos);
  changed = config;
  changed.data.max_train_examples = 5;
  EXPECT_NE(told_without_asking(changed).find("must be those of the run that is continued"), std::string::npos);
  changed = config;
  changed.training.num_train_epochs = 0, changed.training.max_steps = -1;
  EXPECT_EQ(told_without_asking(changed), "`num_train_epochs` must be above 0, but is 0; or give `max_steps`");
}

TEST(DistillSquad, RefusesWhatDoesNotBelongTogether) {
  const tiny::TemporaryFolder folder;
  DistillSquadConfig shouted = distillation(folder / "s");
  for (const auto& [value, reason] :
       {std::pair("", "`teacher_cache` must be auto, off or a folder, but is empty"),
        {"OFF", "`teacher_cache` must be auto, off or a folder, but is `OFF`; write `off`, or ./OFF for a folder"}}) {
    shouted.teacher.teacher_cache = value;
    EXPECT_EQ(tiny::message_of([&] { distill_squad(shouted); }), reason);
  }
  DistillSquadConfig nothing = distillation(folder / "a");
  nothing.distillation.alpha_ce = nothing.distillation.alpha_squad = 0;
  EXPECT_EQ(tiny::message_of([&] { distill_squad(nothing); }),
            "`alpha_ce` + `alpha_squad` must be above 0, but is 0; give one of them a weight");
  const fs::path other = tiny::copy_model(tiny::question_answering_folder(), folder / "other");
  std::string pieces = read_file(other / "vocab.txt");
  const size_t line = pieces.find('\n', pieces.size() / 2) + 1;
  pieces.replace(line, 1, "Z");
  write_file_atomically(other / "vocab.txt", pieces);
  fs::remove(other / "tokenizer.json");
  DistillSquadConfig foreign = distillation(folder / "b");
  foreign.teacher.teacher = other;
  const std::string reason = "`teacher` must have the student's vocabulary, but `" + other.string() +
                             "` has another; take teacher and student of one family, or give both the same "
                             "`vocab_file`";
  EXPECT_EQ(tiny::message_of([&] { distill_squad(foreign); }), reason);
  // The student's vocab_file does not hide what the teacher was trained with.
  foreign.model.vocab_file = fs::path(tiny::question_answering_folder()) / "vocab.txt";
  EXPECT_EQ(tiny::message_of([&] { distill_squad(foreign); }), reason);
  DistillSquadConfig short_teacher = distillation(folder / "c");
  short_teacher.model.model = tiny::copy_model(tiny::bert_folder(), folder / "long");
  short_teacher.data.features.max_seq_length = 600;
  EXPECT_NE(tiny::message_of([&] { distill_squad(short_teacher); }).find("`max_seq_length` must be at most 512"),
            std::string::npos);
}

}  // namespace
}  // namespace retort::recipe
