// Model folders in every form that users have give the same model, and folders that retort writes hold exactly the
// tensors that transformers writes for the same model.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "parity/fixture.h"
#include "retort/base/error.h"
#include "retort/base/folder.h"
#include "retort/checkpoint/safetensors.h"
#include "retort/checkpoint/weights.h"
#include "retort/checkpoint/weights_convert.h"
#include "retort/pretrained/model_folder.h"

namespace retort::parity {
namespace {

constexpr double kTolerance = 1e-4;

fs::path form_folder(const std::string& form) { return fs::path(RETORT_FIXTURES) / "parity" / "folders" / form; }

pretrained::LoadedModel load_form(const std::string& form, const pretrained::LoadOptions& options = {}) {
  return pretrained::load_model({.model = form_folder(form).string(), .vocab_file = {}, .do_lower_case = {}}, options);
}

void expect_outputs(const model::Model& model, const Fixture& fixture, bool has_head = true) {
  const c10::NoGradGuard no_gradients;
  const model::ModelOutput output = model.forward(kernel::make_token_rows(fixture.batch), {.keep_hidden_states = true});
  const at::Tensor rows = at::tensor(at::ArrayRef<int64_t>(fixture.rows));
  for (size_t layer = 0; layer < output.hidden_states.size(); ++layer) {
    const at::Tensor& expected = fixture.tensors.at("hidden_state." + std::to_string(layer));
    EXPECT_LE(largest_difference(output.hidden_states[layer].index_select(0, rows), expected), kTolerance)
        << "layer " << layer;
  }
  if (!has_head) return;
  const at::Tensor logits = fixture.head() == "pretraining" ? output.logits.index_select(0, rows) : output.logits;
  EXPECT_LE(largest_difference(logits, fixture.tensors.at("logits")), kTolerance);
}

class FolderForm : public testing::TestWithParam<std::string> {};

TEST_P(FolderForm, GivesTheModelOfThePlainFolder) {
  const pretrained::LoadedModel loaded = load_form(GetParam());
  EXPECT_EQ(loaded.missing, std::vector<std::string>{});
  EXPECT_EQ(loaded.unexpected, std::vector<std::string>{});
  expect_outputs(*loaded.model, load_fixture(form_folder("plain")));
}

INSTANTIATE_TEST_SUITE_P(Folders, FolderForm,
                         testing::Values("plain", "sharded", "pickle", "pickle_before_1_6", "bert_config", "gamma_beta",
                                         "no_prefix", "nvidia", "padded_rows", "padded_vocabulary"),
                         [](const auto& instance) { return instance.param; });

TEST(FolderForms, AnEncoderStartsAFreshHead) {
  const pretrained::LoadedModel loaded =
      load_form("body_only", {.head = model::Head::kSequenceClassification, .may_initialize_head = true});
  EXPECT_EQ(loaded.missing, (std::vector<std::string>{"classifier.weight", "classifier.bias"}));
  EXPECT_EQ(loaded.unexpected, std::vector<std::string>{});
  expect_outputs(*loaded.model, load_fixture(form_folder("plain")), false);
}

TEST(FolderForms, AnEncoderIsNoClassifier) {
  try {
    load_form("body_only", {.head = model::Head::kSequenceClassification});
    FAIL() << "a folder without a head was taken for a classifier";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("lacks classifier.weight, classifier.bias"), std::string::npos)
        << error.what();
  }
}

TEST(FolderForms, HeadOfAnotherTaskIsUnexpected) {
  const pretrained::LoadedModel loaded =
      load_form("plain", {.head = model::Head::kQuestionAnswering, .may_initialize_head = true});
  EXPECT_EQ(loaded.missing, (std::vector<std::string>{"qa_outputs.weight", "qa_outputs.bias"}));
  EXPECT_EQ(loaded.unexpected.size(), 4U);  // classifier and pooler, weight and bias
}

TEST(FolderForms, NvidiaPreTrainingCheckpointIsReadWithPaddedRowsCut) {
  const pretrained::LoadedModel loaded = load_form("nvidia_pretraining");
  EXPECT_EQ(loaded.missing, std::vector<std::string>{});
  expect_outputs(*loaded.model, load_fixture(form_folder("nvidia_pretraining")));
}

TEST(FolderForms, PrunedHeadsAreLeftOut) {
  const pretrained::LoadedModel loaded = load_form("pruned_distilbert");
  EXPECT_EQ(loaded.missing, std::vector<std::string>{});
  expect_outputs(*loaded.model, load_fixture(form_folder("pruned_distilbert")));
}

// A temporary folder; the destructor removes it with its content.
struct ScratchFolder {
  ScratchFolder() : path(fs::temp_directory_path() / ("retort_parity_" + std::to_string(getpid()))) {
    make_folder(path);
  }
  ~ScratchFolder() { fs::remove_all(path); }
  const fs::path path;
};

std::vector<float> values_of(const checkpoint::NamedTensor& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.element_count()));
  checkpoint::to_float32(tensor, values);
  return values;
}

class SavedFolder : public testing::TestWithParam<std::string> {};

TEST_P(SavedFolder, HoldsTheTensorsThatTransformersWrites) {
  const fs::path original = fixture_folder(GetParam());
  const pretrained::LoadedModel loaded =
      pretrained::load_model({.model = original.string(), .vocab_file = {}, .do_lower_case = {}}, {});
  const ScratchFolder scratch;
  pretrained::save_model_folder(scratch.path, *loaded.model, *loaded.tokenizer);
  const checkpoint::WeightFiles expected = checkpoint::open_weights(original),
                                saved = checkpoint::open_weights(scratch.path);
  EXPECT_EQ(saved.tensors().size(), expected.tensors().size());
  for (const checkpoint::NamedTensor& tensor : expected.tensors()) {
    const checkpoint::NamedTensor* own = saved.find(tensor.name);
    ASSERT_NE(own, nullptr) << tensor.name;
    EXPECT_EQ(own->shape, tensor.shape) << tensor.name;
    EXPECT_EQ(values_of(*own), values_of(tensor)) << tensor.name;
  }
}

// config.json keeps every field that transformers wrote, except the element type.
TEST_P(SavedFolder, KeepsWhatConfigSays) {
  const fs::path original = fixture_folder(GetParam());
  const pretrained::LoadedModel loaded =
      pretrained::load_model({.model = original.string(), .vocab_file = {}, .do_lower_case = {}}, {});
  const ScratchFolder scratch;
  pretrained::save_model_folder(scratch.path, *loaded.model, *loaded.tokenizer);
  const Json expected = read_json_file(original / "config.json"), saved = read_json_file(scratch.path / "config.json");
  for (const auto& [key, value] : expected.items()) {
    if (key == "dtype" || key == "torch_dtype") continue;
    ASSERT_TRUE(saved.contains(key)) << key;
    EXPECT_EQ(nlohmann::json(saved[key]), nlohmann::json(value)) << key;  // the order of an object's keys is free
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, SavedFolder, testing::ValuesIn(fixture_names()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace retort::parity
