// Students cut from a teacher: which layers, heads and names the folder of `retort extract` holds, and what it refuses.
#include <gtest/gtest.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include <algorithm>
#include <set>

#include "recipe/tiny_world.h"
#include "retort/base/error.h"
#include "retort/kernel/token_rows.h"
#include "retort/pretrained/model_folder.h"
#include "retort/recipe/extract.h"

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
  return tiny::load(folder).model->forward(kernel::make_token_rows(tokens)).logits;
}

TEST(Extract, WithAllLayersEqualsTheTeacher) {
  const tiny::TemporaryFolder folder;
  const Json result = extract(extraction(folder / "student", {0, 1}));
  EXPECT_TRUE(result["fresh"].empty());
  EXPECT_TRUE(logits_of(folder / "student").equal(logits_of(tiny::question_answering_folder())));
}

TEST(Extract, TakesTheChosenLayers) {
  const tiny::TemporaryFolder folder;
  extract(extraction(folder / "student", {1}));
  const pretrained::LoadedModel student = tiny::load(folder / "student"),
                                teacher = tiny::load(tiny::question_answering_folder());
  EXPECT_EQ(student.model->config().num_hidden_layers, 1);
  const auto tensor = [](const pretrained::LoadedModel& loaded, const std::string& name) {
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
  const pretrained::LoadedModel student = tiny::load(folder / "student"),
                                teacher = tiny::load(tiny::question_answering_folder());
  const auto& own = student.model->parameters();
  const auto& other = teacher.model->parameters();
  EXPECT_TRUE(own.tensor(*own.find("distilbert.transformer.layer.0.attention.k_lin.bias"))
                  .equal(other.tensor(*other.find("bert.encoder.layer.1.attention.self.key.bias"))));
  EXPECT_EQ(read_json_file(folder / "student/config.json")["architectures"], Json({"DistilBertForQuestionAnswering"}));
}

// The heads that are kept have the teacher's weights. Which heads are pruned for a seed is not tested here, since the
// tiny model has only two.
TEST(Extract, PrunesHeadsAndListsThemInTheConfiguration) {
  const tiny::TemporaryFolder folder;
  ExtractConfig config = extraction(folder / "student", {0, 1});
  config.heads_per_layer = 1;
  extract(config);
  const pretrained::LoadedModel student = tiny::load(folder / "student"),
                                teacher = tiny::load(tiny::question_answering_folder());
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
  // Pruning to the same number of heads again changes nothing.
  config.model.model = folder / "student", config.output_dir = folder / "again";
  extract(config);
  EXPECT_TRUE(logits_of(folder / "again").equal(logits_of(folder / "student")));
}

// Prunes one of four heads, then another: the rest keeps the weights and the head numbers of the teacher.
TEST(Extract, PrunesAPrunedModelFurther) {
  const tiny::TemporaryFolder folder;
  const fs::path teacher = RETORT_FIXTURES "/distilbert_distillation/teacher_mlm";
  const std::string value = "bert.encoder.layer.0.attention.self.value.weight";
  ExtractConfig config;
  config.model.model = teacher, config.layers = {0};
  std::set<int64_t> gone;
  for (const int64_t left : {3, 2}) {
    config.heads_per_layer = left, config.pruning_seed = 1;
    config.output_dir = folder / std::to_string(left);
    extract(config);
    config.model.model = config.output_dir;
    const pretrained::LoadedModel student = tiny::load(config.output_dir);
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

// The teacher's folder is not replaced, also with --overwrite_output_dir.
TEST(Extract, NeverReplacesItsTeacher) {
  const tiny::TemporaryFolder folder;
  const fs::path teacher = tiny::copy_model(tiny::question_answering_folder(), folder / "teacher");
  fs::create_directory_symlink(teacher, folder / "link");
  for (const char* name : {"teacher", "link"}) {
    ExtractConfig config = extraction(folder / name, {0});
    config.model.model = teacher, config.overwrite_output_dir = true;
    EXPECT_EQ(tiny::message_of([&] { extract(config); }),
              "`output_dir` must be another folder than the input `--model`, but both are `" +
                  (folder / name).string() + "`");
  }
  EXPECT_TRUE(logits_of(teacher).equal(logits_of(tiny::question_answering_folder())));
}

// A head that config.json names and the weights lack would start at random and look trained.
TEST(Extract, CopiesNoHeadThatTheTeacherLacks) {
  const tiny::TemporaryFolder folder;
  const fs::path headless = tiny::copy_model(tiny::bert_folder(), folder / "headless");
  tiny::set_config_field(headless, "architectures", Json({"BertForMaskedLM"}));
  ExtractConfig config;
  config.model.model = headless, config.layers = {0}, config.output_dir = folder / "student";
  testing::internal::CaptureStderr();
  extract(config);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("has no trained head, so the student gets none"),
            std::string::npos);
  EXPECT_EQ(read_json_file(folder / "student/config.json")["architectures"], Json({"BertModel"}));
}

}  // namespace
}  // namespace retort::recipe
