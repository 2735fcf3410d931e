// Every command as a user types it, on the tiny world: standard output holds only the result, its last line is one JSON
// object with the documented keys, and the documented files exist.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "cli/program.h"
#include "retort/checkpoint/weights.h"

namespace retort::program {
namespace {

const Words kShort{"--max_seq_length", "64", "--doc_stride", "32", "--max_query_length", "24", "--no_use_cache"};

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string glue_data() { return fs::path(RETORT_FIXTURES) / "glue" / "data"; }

// Returns the JSON object that is the whole output; it must have the keys.
Json expect_result(const Outcome& outcome, const std::vector<const char*>& keys) {
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_TRUE(outcome.is_one_line()) << outcome.output;
  const Json result = outcome.last_line();
  for (const char* key : keys) EXPECT_TRUE(result.contains(key)) << key << " in " << outcome.output;
  return result;
}

size_t count_lines(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

TEST(Tokenize, GivesOneLineOfIdsPerLineOfText) {
  const std::string lines = "What is it?\n\nWho\n";
  const Outcome plain = run({"tokenize", "--model", tiny::bert_folder()}, lines);
  EXPECT_EQ(plain.exit_code, 0) << plain.errors;
  EXPECT_EQ(count_lines(plain.output), 3u) << plain.output;
  EXPECT_EQ(plain.output.find_first_not_of("0123456789 \n"), std::string::npos) << plain.output;
  const Outcome special = run({"tokenize", "--model", tiny::bert_folder(), "--add_special_tokens"}, lines);
  EXPECT_NE(special.output.find("\n2 3\n"), std::string::npos) << special.output;
  const Outcome back = run({"tokenize", "--model", tiny::bert_folder(), "--decode"}, special.output);
  EXPECT_EQ(back.output, "what is it?\n\nwho\n") << back.errors;
}

TEST(Demo, ShowsAnswersAndATableAndRunsAgain) {
  const tiny::TemporaryFolder folder;
  const fs::path model = tiny::copy_model(tiny::bert_folder(), folder / "encoder");
  const Words words{"demo", "--model", model, "--output_dir", folder / "demo", "--passages", "3", "--threads", "1"};
  for (int i = 0; i < 2; ++i) {  // the second replaces the first
    const Outcome outcome = run(words);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_NE(outcome.output.find("EM"), std::string::npos) << outcome.output;
    EXPECT_NE(outcome.output.find("\nQ: "), std::string::npos) << outcome.output;
    for (const char* key : {"exact", "f1", "train_sequences_per_second", "model", "student_plain", "student"})
      EXPECT_TRUE(outcome.last_line().contains(key)) << key;
  }
  for (const char* name : {"model", "student-plain", "student"})
    EXPECT_TRUE(fs::exists(folder / "demo" / name / "DONE")) << name;
}

// The command line of the published wrapper `demo_distilbert.py finetuning`, which passed on less than half of its
// flags.
TEST(DistillSquad, TakesTheWrappersFlagsAndUsesThem) {
  const tiny::TemporaryFolder folder;
  const Outcome outcome = run({"compat",
                               "demo_distilbert.py",
                               "finetuning",
                               "--model_type",
                               "distilbert",
                               "--model_name_or_path",
                               tiny::distilbert_folder(),
                               "--teacher_type",
                               "bert",
                               "--teacher_name_or_path",
                               tiny::question_answering_folder(),
                               "--config_name",
                               tiny::distilbert_folder(),
                               "--tokenizer_name",
                               tiny::distilbert_folder(),
                               "--do_lower_case",
                               "--data_dir",
                               tiny::train_file().parent_path(),
                               "--train_file",
                               "train.json",
                               "--predict_file",
                               "dev.json",
                               "--do_train",
                               "--do_eval",
                               "--output_dir",
                               folder / "out",
                               "--optimizer",
                               "FusedAdamW",
                               "--mode",
                               "lazy",
                               "--data_type",
                               "fp32",
                               "--world_size",
                               "1",
                               "--no_mpirun",
                               "--hmp_opt_level",
                               "O1",
                               "--alpha_ce",
                               "0.3",
                               "--alpha_squad",
                               "0.7",
                               "--temperature",
                               "3",
                               "--learning_rate",
                               "1e-4",
                               "--per_gpu_train_batch_size",
                               "4",
                               "--max_steps",
                               "2",
                               "--seed",
                               "7"});
  expect_result(outcome, {"exact", "f1", "train_steps"});
  EXPECT_NE(outcome.errors.find("nothing follows, one process does the work of all: --no_mpirun"), std::string::npos)
      << outcome.errors;
  const Json settings = read_json_file(folder / "out" / "retort_config.json");
  const Json expected{{"alpha_ce", 0.3},       {"alpha_squad", 0.7}, {"temperature", 3.0},
                      {"learning_rate", 1e-4}, {"seed", 7},          {"per_device_train_batch_size", 4},
                      {"optimizer", "adamw"},  {"max_steps", 2},     {"precision", "fp32"},
                      {"mode", "lazy"}};
  for (const auto& [key, value] : expected.items()) EXPECT_EQ(settings.at(key), value) << key;
}

TEST(FinetuneSquad, EvaluateScorePredictAndForwardWorkOnItsFolder) {
  const tiny::TemporaryFolder folder;
  const std::string out = folder / "out", evaluation = folder / "evaluation";
  const Json trained =
      expect_result(run(with({"finetune",
                              "squad",
                              "--model",
                              tiny::bert_folder(),
                              "--train_file",
                              tiny::train_file(),
                              "--dev_file",
                              tiny::dev_file(),
                              "--output_dir",
                              out,
                              "--max_train_examples",
                              "10",
                              "--num_train_epochs",
                              "1",
                              "--learning_rate",
                              "3e-5",
                              "--per_device_train_batch_size",
                              "32",
                              "--precision",
                              "fp32",
                              "--seed",
                              "42"},
                             kShort)),
                    {"exact", "f1", "total", "train_steps", "train_loss", "train_sequences_per_second"});
  EXPECT_TRUE(fs::exists(folder / "out/DONE"));

  const Json evaluated = expect_result(run(with({"evaluate", "squad", "--model", out, "--dev_file", tiny::dev_file(),
                                                 "--output_dir", evaluation, "--precision", "fp32"},
                                                kShort)),
                                       {"exact", "f1", "total", "eval_ms_per_sequence"});
  EXPECT_EQ(evaluated["f1"], trained["f1"]);
  for (const char* name : {"predictions.json", "nbest_predictions.json", "results.json", "DONE"})
    EXPECT_TRUE(fs::exists(folder / "evaluation" / name)) << name;

  const Json scored = expect_result(run({"score", "squad", "--data_file", tiny::dev_file(), "--predictions_file",
                                         folder / "evaluation/predictions.json"}),
                                    {"exact", "f1", "total"});
  EXPECT_EQ(scored["f1"], evaluated["f1"]);
  EXPECT_EQ(scored["exact"], evaluated["exact"]);
}

TEST(FinetuneSquad, OfVersion2EvaluatesAndScoresWithNullOdds) {
  const tiny::TemporaryFolder folder;
  const std::string out = folder / "out", evaluation = folder / "evaluation";
  expect_result(run(with({"finetune", "squad", "--model", tiny::bert_folder(), "--train_file", tiny::train_file_v2(),
                          "--dev_file", tiny::dev_file_v2(), "--output_dir", out, "--version_2_with_negative",
                          "--max_train_examples", "10", "--num_train_epochs", "1"},
                         kShort)),
                {"exact", "f1", "HasAns_f1", "NoAns_f1"});
  const Json evaluated = expect_result(
      run(with({"evaluate", "squad", "--model", out, "--dev_file", tiny::dev_file_v2(), "--output_dir", evaluation},
               kShort)),
      {"exact", "f1", "HasAns_f1", "NoAns_f1", "best_f1", "best_f1_thresh"});
  const Json scored = expect_result(run({"score", "squad", "--data_file", tiny::dev_file_v2(), "--predictions_file",
                                         folder / "evaluation/predictions.json", "--null_odds_file",
                                         folder / "evaluation/null_odds.json", "--na_prob_thresh", "1e30"}),
                                    {"best_exact", "best_f1_thresh"});
  for (const char* key : {"exact", "f1", "best_f1", "best_f1_thresh", "total"})
    EXPECT_EQ(scored[key], evaluated[key]) << key;
}

TEST(DistillStates, BackboneThenPrediction) {
  const tiny::TemporaryFolder folder;
  const std::string body = folder / "body", out = folder / "out";
  const Words data = with({"--task_name", "squad", "--teacher", tiny::question_answering_folder(), "--train_file",
                           tiny::train_file(), "--max_train_examples", "10", "--precision", "fp32", "--max_steps", "2"},
                          kShort);
  expect_result(run(with(with({"distill", "backbone"}, data), {"--model", tiny::bert_folder(), "--output_dir", body,
                                                               "--student_teacher_layer_mapping", "uniform"})),
                {"train_steps", "train_loss"});
  expect_result(run(with(with({"distill", "prediction"}, data), {"--model", body, "--output_dir", out, "--dev_file",
                                                                 tiny::dev_file(), "--teacher_cache", "off"})),
                {"exact", "f1", "train_steps", "train_loss"});
  EXPECT_TRUE(fs::exists(folder / "out/DONE"));
}

TEST(FinetuneGlue, EvaluateGlueWorksOnItsFolder) {
  const tiny::TemporaryFolder folder;
  const std::string out = folder / "out";
  const Words data{"--task_name", "mrpc", "--data_dir", glue_data(), "--no_use_cache"};
  const Json trained =
      expect_result(run(with(with({"finetune", "glue"}, data), {"--model", tiny::bert_folder(), "--output_dir", out})),
                    {"acc", "f1", "acc_and_f1", "train_steps"});
  const Json evaluated = expect_result(
      run(with(with({"evaluate", "glue"}, data), {"--model", out, "--output_dir", folder / "evaluation"})),
      {"acc", "f1", "acc_and_f1"});
  EXPECT_EQ(evaluated["acc"], trained["acc"]);
  EXPECT_TRUE(fs::exists(folder / "evaluation/predictions_mrpc.tsv"));
  const Json labeled = expect_result(
      run({"predict", "text", "--model", out, "--text", "who wrote it", "--text_pair", "nobody"}), {"label", "score"});
  EXPECT_GT(labeled["score"].get<double>(), 0.49);
}

TEST(DataAugment, WritesFilesBesideTheInputUnderThePublishedNames) {
  const tiny::TemporaryFolder folder;
  const fs::path made = fs::path(RETORT_FIXTURES) / "augment";
  const Words candidates{"--model", made / "model", "--glove_embs", made / "glove.txt", "--N", "3", "--M",
                         "5",       "--p",          "0.5",          "--seed",           "7"};
  fs::copy(glue_data() + "/SST-2", folder / "SST-2");
  const Words glue = with({"data", "augment", "glue", "--task_name", "SST-2", "--data_dir", folder.path()}, candidates);
  const std::vector<const char*> keys{"output_file", "words", "candidates", "words_per_second",
                                      "candidates_per_second"};
  expect_result(run(glue), keys);
  EXPECT_TRUE(fs::exists(folder / "SST-2/train_aug.tsv"));
  const Outcome again = run(glue);
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.errors.find("--overwrite_output_file"), std::string::npos) << again.errors;
  fs::copy(tiny::train_file(), folder / "train-v1.1.json");
  expect_result(run(with({"data", "augment", "squad", "--data_dir", folder.path()}, candidates)), keys);
  EXPECT_TRUE(fs::exists(folder / "train-v1.1_aug.json"));
}

TEST(PredictQa, AnswersFlagsAndJsonLinesAlike) {
  const std::string context = "The tower stands in Arvel. It was built by Odo Marn in 1402.";
  const std::string question = "Who built the tower?";
  const Words command{"predict", "qa", "--model", tiny::question_answering_folder(), "--precision", "fp32"};
  const Json answer = expect_result(run(with(command, {"--question", question, "--context", context})),
                                    {"answer", "score", "start", "end"});
  const auto start = answer["start"].get<size_t>(), end = answer["end"].get<size_t>();
  EXPECT_EQ(context.substr(start, end - start), answer["answer"]);

  std::string lines;
  for (const char* id : {"a", "b"})
    lines += Json{{"id", id}, {"question", question}, {"context", context}}.dump() + "\n";
  const Outcome outcome = run(command, lines);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  std::istringstream answers(outcome.output);
  for (const char* id : {"a", "b"}) {
    std::string line;
    ASSERT_TRUE(std::getline(answers, line)) << outcome.output;
    const Json object = Json::parse(line);
    EXPECT_EQ(object["id"], id);
    EXPECT_EQ(object["context"], context);
    for (const char* key : {"answer", "start", "end"}) EXPECT_EQ(object[key], answer[key]) << key;
    EXPECT_NEAR(object["score"].get<double>(), answer["score"].get<double>(), 1e-5);
  }
  EXPECT_TRUE(answers.peek() == EOF) << outcome.output;
}

TEST(Forward, WritesTheOutputsOfEveryLine) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "batch.jsonl",
                        "{\"input_ids\": [2, 7, 9, 3], \"token_type_ids\": [0, 0, 1, 1]}\n{\"input_ids\": [2, 3]}\n");
  const std::string output = folder / "out.safetensors";
  const auto forward = [&](const fs::path& model) {
    return run({"forward", "--model", model, "--input", folder / "batch.jsonl", "--output", output});
  };
  EXPECT_EQ(expect_result(forward(tiny::question_answering_folder()), {"sequences", "tokens"})["tokens"], 6);
  const auto shape_of = [&](const char* name) {
    const checkpoint::WeightFiles files = checkpoint::open_weights(output);
    const checkpoint::NamedTensor* tensor = files.find(name);
    return tensor != nullptr ? tensor->shape : std::vector<int64_t>{};
  };
  EXPECT_EQ(shape_of("last_hidden_state.0"), (std::vector<int64_t>{4, 32}));
  EXPECT_EQ(shape_of("logits.0"), (std::vector<int64_t>{4, 2}));
  EXPECT_EQ(shape_of("logits.1"), (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(forward(tiny::bert_folder()).exit_code, 0);
  EXPECT_EQ(shape_of("pooled.1"), (std::vector<int64_t>{32}));
  EXPECT_EQ(shape_of("logits.0"), std::vector<int64_t>{});
}

TEST(Bench, MeasuresTrainingAndInference) {
  const Json train = expect_result(
      run(with({"bench", "train", "--model", tiny::bert_folder(), "--task", "squad", "--train_file", tiny::train_file(),
                "--per_device_train_batch_size", "8", "--steps", "3", "--precision", "bf16"},
               kShort)),
      {"seq_s", "tok_s", "utilization", "gemm_gflops", "peak_rss_mb"});
  EXPECT_EQ(train["steps"], 3);
  const Json infer =
      expect_result(run(with({"bench", "infer", "--model", tiny::bert_folder(), "--task", "squad", "--dev_file",
                              tiny::dev_file(), "--per_device_eval_batch_size", "8", "--precision", "bf16"},
                             kShort)),
                    {"seq_s", "tok_s", "p50_ms", "p99_ms", "utilization", "peak_rss_mb"});
  for (const Json& result : {train, infer})
    for (const char* key : {"seq_s", "tok_s", "utilization", "gemm_gflops", "peak_rss_mb"})
      EXPECT_GT(result[key].get<double>(), 0) << key;
}

TEST(Flags, UnknownOnesShowTheNearest) {
  const Outcome outcome = run({"finetune", "squad", "--learning_rat", "3e-5"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.output, "");
  EXPECT_NE(outcome.errors.find("learning_rate"), std::string::npos) << outcome.errors;
}

TEST(Flags, FromAConfigFileLoseAgainstTheCommandLine) {
  const tiny::TemporaryFolder folder;
  ASSERT_EQ(run(finetune_squad_words(folder / "out", {"--max_steps", "2"})).exit_code, 0);
  EXPECT_EQ(read_json_file(folder / "out/retort_config.json")["max_steps"], 2);
  write_file_atomically(folder / "wrong.json", "{\"model\": \"x\", \"learning_rat\": 1}");
  const Outcome outcome = run({"finetune", "squad", "--config", folder / "wrong.json"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.errors.find("wrong.json"), std::string::npos) << outcome.errors;
  EXPECT_NE(outcome.errors.find("learning_rate"), std::string::npos) << outcome.errors;
}

}  // namespace
}  // namespace retort::program
