// The scripts of runs/ from end to end, on the tiny world.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "cli/user_data.h"
#include "retort/pretrained/model_folder.h"

#include "retort/model/config_reader.h"
#include "retort/recipe/binarize.h"

namespace retort::program {
namespace {

// Writes a BERT masked language model: the general teacher, and the model that proposes candidates.
fs::path make_language_model(const fs::path& folder) {
  const text::Tokenizer tokenizer = text::Tokenizer::load(tiny::bert_folder());
  const auto config = model::config_from_json(read_json_file(tiny::bert_folder() / "config.json"), "tiny");
  model::Model model(config, model::Head::kMaskedLm, {});
  model.parameters().initialize(3, config.initializer_range);
  fs::create_directory(folder);
  pretrained::save_model_folder(folder, model, tokenizer);
  return folder;
}

int run_script(const std::string& script, const std::string& words) {
  const int status =
      std::system(fmt::format(RETORT_SOURCE_DIR "/runs/{} --retort " RETORT_PROGRAM " {}", script, words).c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// All eight stages run, each from the output of the ones before, and nothing is written into the user's data folders.
TEST(TinyBertScript, RunsAllStagesOnSmallData) {
  const tiny::TemporaryFolder folder;
  fs::create_directory(folder / "squad");
  fs::copy(tiny::train_file(), folder / "squad/train-v1.1.json");
  fs::copy(tiny::dev_file(), folder / "squad/dev-v1.1.json");
  fs::copy(fs::path(RETORT_FIXTURES) / "glue/data/SST-2", folder / "sst2");
  write_file_atomically(folder / "text.txt", "The mill was built by Ada Kell in 1786 .\nWho built the mill ?\n");
  write_file_atomically(folder / "glove.txt", "built 1 0\nmade 1 0.1\nmill 0 1\n");
  recipe::BinarizeConfig corpus;
  corpus.file_path = folder / "text.txt", corpus.model = tiny::bert_folder(),
  corpus.output_file = folder / "corpus.tokens";
  recipe::binarize(corpus);
  const auto in = [&](const char* name) { return (folder / name).string(); };
  const std::string inputs =
      "--small --preset bert-tiny --output_dir " + in("out") + " --vocab_file " +
      (tiny::bert_folder() / "vocab.txt").string() + " --teacher " + make_language_model(folder / "mlm").string() +
      " --teacher_squad " + tiny::question_answering_folder().string() + " --teacher_sst2 " +
      tiny::classification_folder().string() + " --corpus " + in("corpus.tokens") + " --squad_dir " + in("squad") +
      " --sst2_dir " + in("sst2") + " --glove " + in("glove.txt");
  ASSERT_EQ(run_script("tinybert.sh", "--stage all " + inputs), 0);
  for (const int stage : {1, 2, 4, 5, 7, 8})
    EXPECT_TRUE(fs::exists(folder / fmt::format("out/small/stage-{}/DONE", stage))) << stage;
  EXPECT_EQ(read_json_file(folder / "out/small/stage-5/config.json")["architectures"],
            Json({"BertForQuestionAnswering"}));
  EXPECT_EQ(read_json_file(folder / "out/small/stage-8/config.json")["architectures"],
            Json({"BertForSequenceClassification"}));
  for (const char* file : {"out/small/squad/train-v1.1_aug.json", "out/small/sst2/train_aug.tsv"})
    EXPECT_TRUE(fs::exists(folder / file)) << file;
  EXPECT_FALSE(fs::exists(folder / "squad/train-v1.1_aug.json"));
  EXPECT_EQ(run_script("tinybert.sh", "--stage 8 " + inputs), 0) << "a stage that is done is left alone";
  EXPECT_EQ(run_script("tinybert.sh", "--stage 9 " + inputs), 2);
  EXPECT_EQ(run_script("tinybert.sh", "--stage 3 --output_dir " + in("out")), 2) << "without its data";
  // A file that the last stage lacks is reported before the first stage begins.
  const auto refusal = [&](const std::string& wrong) {
    EXPECT_EQ(run_script("tinybert.sh", fmt::format("--stage all {} {} 2> {}", inputs, wrong, in("log"))), 2);
    EXPECT_FALSE(fs::exists(folder / "new"));
    return read_file(folder / "log");
  };
  const std::string elsewhere = "--output_dir " + in("new");
  EXPECT_NE(refusal(elsewhere + " --sst2_dir " + in("squad")).find("train.tsv` must be there for stage 6"),
            std::string::npos);
  EXPECT_NE(refusal(elsewhere + " --teacher_sst2 " + in("none")).find("none` must be a model folder"),
            std::string::npos);
  const std::string full = inputs.substr(inputs.find(' '));
  EXPECT_EQ(run_script("tinybert.sh", "--stage 8" + full + " 2> " + in("log")), 2);
  EXPECT_NE(read_file(folder / "log").find("train_aug.tsv` must be there for stage 8, but is missing; run stage 6"),
            std::string::npos)
      << read_file(folder / "log");
}

// Every run of the three tables takes a few steps; a second call runs nothing again.
TEST(DistillationTables, FillsEveryCellAndContinues) {
  const tiny::TemporaryFolder folder;
  write_user_data(folder.path());
  make_model(folder / "model", model::Head::kNone, 6);
  const auto words = [&](const std::string& more) {
    return fmt::format(
        "--model {0}/model --squad_dir {0} --glue_dir {0} --corpus {0}/text.txt --glove {0}/glove.txt --output_dir "
        "{0}/out --small "
        "--side_by_side 2 --threads 2 --seeds 1,2 {1} 2> {0}/log",
        folder.path().string(), more);
  };
  ASSERT_EQ(run_script("distillation_tables.py", words("--tables questions")), 0) << read_file(folder / "log");
  ASSERT_EQ(run_script("distillation_tables.py", words("")), 0) << read_file(folder / "log");
  const std::string tables = read_file(folder / "out/small/tables.md");
  for (const char* row :
       {"| teacher | EM ", "| layers 1,3,5, labels | EM ", "| layers 2,5, with teacher | EM ",
        "| without teacher | loss ", "| with teacher | loss ", "| states, then predictions, augmented | accuracy "})
    EXPECT_NE(tables.find(row), std::string::npos) << row << " in\n" << tables;
  const Json results = read_json_file(folder / "out/small/results.json");
  EXPECT_EQ(results.size(), 60U);
  for (const auto& [name, result] : results.items()) {
    if (name.starts_with("augmented-")) continue;  // augmentation writes its rows into the task's folder
    EXPECT_TRUE(fs::exists(folder / "out/small" / name)) << name;
    if (name.ends_with("-2")) {
      EXPECT_EQ(result.at("train_steps"), 6) << name;
    }
  }
  ASSERT_EQ(run_script("distillation_tables.py", words("")), 0);
  EXPECT_EQ(read_file(folder / "log"), "") << "what is done is left alone";
  EXPECT_EQ(run_script("distillation_tables.py", words("--seeds one")), 2);
  EXPECT_EQ(run_script("distillation_tables.py", words("--glove none --output_dir " + (folder / "new").string())), 2);
}

}  // namespace
}  // namespace retort::program
