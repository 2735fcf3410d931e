// Contexts without a word, and files without answers or labels: predictions are written, and scores are not.
#include "cli/classifier_commands.h"

namespace retort::program {
namespace {

class MissingAnswers : public ClassifierCommands {};

TEST_F(MissingAnswers, AContextWithoutWordsHasNoAnswer) {
  const Json none{{"answer", ""}, {"score", 0.0}, {"start", 0}, {"end", 0}};
  for (const char* context : {" ", "", "\t\n", "\u00a0"}) {
    const Outcome outcome =
        run({"predict", "qa", "--model", tiny::question_answering_folder(), "--question", "who", "--context", context});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_EQ(outcome.last_line(), none) << outcome.output;
  }
  const Outcome lines = run({"predict", "qa", "--model", tiny::question_answering_folder()},
                            "{\"question\": \"who\", \"context\": \"\"}\n");
  EXPECT_EQ(lines.last_line().at("answer"), "") << lines.errors;
  const Outcome v2 = run({"predict", "qa", "--model", tiny::question_answering_folder(), "--question", "who",
                          "--context", " ", "--version_2_with_negative"});
  EXPECT_EQ(v2.last_line(), (Json{{"answer", ""}, {"score", 1.0}, {"start", 0}, {"end", 0}})) << v2.errors;
}

// `empty` is what the n-best list calls no answer; as a word of the context it is an answer.
TEST_F(MissingAnswers, TheWordEmptyIsAnAnswer) {
  const Outcome outcome =
      run({"predict", "qa", "--model", tiny::question_answering_folder(), "--question", "what", "--context", "empty"});
  EXPECT_EQ(outcome.last_line().at("answer"), "empty") << outcome.errors;
  EXPECT_EQ(outcome.last_line().at("end"), 5);
}

TEST_F(MissingAnswers, AFileWithoutAnswersIsPredictedAndNotScored) {
  for (const std::string answers : {", \"answers\": []", "", ", \"answers\": [], \"is_impossible\": false"}) {
    write_file_atomically(
        folder_ / "dev.json",
        R"({"version": "1.1", "data": [{"title": "T", "paragraphs": [{"context": "it was him", "qas": )"
        R"([{"id": "q", "question": "who")" +
            answers + "}]}]}]}");
    const fs::path out = folder_ / ("out" + std::to_string(answers.size()));
    const Outcome outcome = run({"evaluate", "squad", "--model", tiny::question_answering_folder(), "--dev_file",
                                 folder_ / "dev.json", "--use_cache", "false", "--output_dir", out});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    expect_says(outcome, "dev.json` has no answers; its 1 questions are predicted but not scored");
    EXPECT_EQ(outcome.last_line().at("scored"), 0);
    EXPECT_FALSE(outcome.last_line().contains("exact")) << outcome.output;
    EXPECT_FALSE(read_json_file(out / "results.json").contains("f1"));
    EXPECT_TRUE(read_json_file(out / "predictions.json").at("q").is_string());
    expect_refused(
        run({"score", "squad", "--data_file", folder_ / "dev.json", "--predictions_file", out / "predictions.json"}),
        {"dev.json` must have gold answers, but has none"});
  }
}

TEST_F(MissingAnswers, ImpossibleQuestionsAreScored) {
  write_file_atomically(
      folder_ / "dev.json",
      R"({"version": "v2.0", "data": [{"title": "T", "paragraphs": [{"context": "it was him", "qas": )"
      R"([{"id": "q", "question": "who", "answers": [], "is_impossible": true}]}]}]})");
  const Outcome outcome = run({"evaluate", "squad", "--model", tiny::question_answering_folder(), "--dev_file",
                               folder_ / "dev.json", "--use_cache", "false", "--output_dir", folder_ / "out"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.last_line().at("NoAns_total"), 1) << outcome.output;
}

TEST_F(MissingAnswers, GlueRowsWithoutLabelsArePredictedAndNotScored) {
  const fs::path data = folder_ / "data";
  fs::create_directory(data);
  for (const char* rows : {"sentence\nit was him\n", "sentence\tlabel\nit was him\t-1\n"}) {
    write_file_atomically(data / "dev.tsv", rows);
    const Outcome outcome = evaluate("sst-2", tiny::classification_folder(), {"--data_dir", data});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    expect_says(outcome, "dev.tsv` has no labels of sst-2; its 1 examples are predicted but not scored");
    EXPECT_EQ(outcome.last_line().at("scored"), 0) << outcome.output;
    EXPECT_FALSE(outcome.last_line().contains("accuracy")) << outcome.output;
    EXPECT_TRUE(read_file(output() / "predictions_sst-2.tsv").starts_with("index\tprediction\t"));
  }
  write_file_atomically(data / "dev.tsv", "sentence\tlabel\nit was him\t1\nit was her\t7\n");
  expect_refused(evaluate("sst-2", tiny::classification_folder(), {"--data_dir", data}),
                 {"line 3: column 2 must be one of 0, 1 (the label), but is `7`"});
}

TEST_F(MissingAnswers, WithOnlyATestFilePredictionsAreWritten) {
  const fs::path data = folder_ / "data";
  fs::create_directory(data);
  write_file_atomically(data / "test.tsv", "index\tsentence\n0\tit was him\n");
  const Outcome outcome = evaluate("sst-2", tiny::classification_folder(), {"--data_dir", data, "--do_predict"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  expect_says(outcome, "has no dev files; nothing is scored");
  EXPECT_TRUE(fs::exists(output() / "SST-2.tsv"));
  expect_refused(evaluate("sst-2", tiny::classification_folder(), {"--data_dir", data}), {"must hold the dev data"});
}

}  // namespace
}  // namespace retort::program
