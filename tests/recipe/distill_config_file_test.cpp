// The file of --distill_config, in the published form: which settings it holds, and that flags win over it.
#include <gtest/gtest.h>

#include "recipe/tiny_world.h"
#include "retort/base/error.h"
#include "retort/recipe/distill_backbone.h"

namespace retort::recipe {
namespace {

// The settings that a command line with these flags gives.
struct Parsed : DistillBackboneConfig {
  explicit Parsed(std::vector<std::string> words) {
    words.insert(words.end(), {"--model", "a", "--teacher", "b", "--task_name", "squad", "--output_dir", "c"});
    FieldList list;
    fields(list);
    parse_flags(list, words);
  }
};

TEST(DistillConfigFile, SetsTheStatesAndFlagsWin) {
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
            "`" + file + "`: `distillation` must be true, but is false");
  EXPECT_EQ(refusal(R"({"use_attention_scores": true})"),
            "`" + file + "` must hold an object `distillation_config`, but does not");
}

// The published programs look only for last_layer.
TEST(DistillConfigFile, AnotherWordForTheMappingIsUniform) {
  const tiny::TemporaryFolder folder;
  const std::string file = (folder / "config.json").string();
  const auto mapping_of = [&](const std::string& word) {
    write_file_atomically(
        file, R"({"distillation": true, "distillation_config": {"student_teacher_layer_mapping": ")" + word + R"("}})");
    testing::internal::CaptureStderr();
    return Parsed({"--distill_config", file}).states.student_teacher_layer_mapping;
  };
  EXPECT_EQ(mapping_of("last_layer"), "last_layer");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(mapping_of("every_third"), "uniform");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("`every_third`, which is read as uniform"), std::string::npos);
  EXPECT_NE(tiny::message_of([&] {
              Parsed({"--student_teacher_layer_mapping", "every_third"});
            }),
            "")
      << "a flag is not a published file";
}

}  // namespace
}  // namespace retort::recipe
