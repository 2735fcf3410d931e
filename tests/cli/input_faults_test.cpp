// Malformed input of the commands that read JSON lines: the message names the file and the line.
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/program.h"

namespace retort::program {
namespace {

struct BadLine {
  const char* line;
  const char* message;  // after "line 2"
};

void expect_refused(const Outcome& outcome, const std::string& place, const BadLine& bad) {
  EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
  EXPECT_NE(outcome.errors.find(place), std::string::npos) << bad.line << ": " << outcome.errors;
  EXPECT_NE(outcome.errors.find(bad.message), std::string::npos) << bad.line << ": " << outcome.errors;
  EXPECT_EQ(std::count(outcome.errors.begin(), outcome.errors.end(), '\n'), 1) << outcome.errors;
}

TEST(InputFaults, OfForwardNameTheLine) {
  const tiny::TemporaryFolder folder;
  const fs::path input = folder / "batch.jsonl", output = folder / "out.safetensors";
  for (const BadLine& bad : {
           BadLine{"{\"input_ids\": [2, 7", "line 2"},
           BadLine{"[2, 3]", "must be a JSON object"},
           BadLine{"{\"ids\": [2, 3]}", "must have the field `input_ids`"},
           BadLine{"{\"input_ids\": [2, -3]}", "must hold whole numbers from 0, but holds `-3`"},
           BadLine{"{\"input_ids\": [2, 1.5]}", "must hold whole numbers from 0, but holds `1.5`"},
           BadLine{"{\"input_ids\": [2, 999999]}", "must hold ids below"},
           BadLine{"{\"input_ids\": [2, 18446744073709551615]}", "must hold whole numbers"},
           BadLine{"{\"input_ids\": []}", "must hold 1 to 512 ids, but holds 0"},
           BadLine{"{\"input_ids\": [2, 3], \"token_type_ids\": [0]}",
                   "must have the length of `input_ids`, 2, but has 1"},
           BadLine{"{\"input_ids\": [2, 3], \"token_type_ids\": [0, 7]}",
                   "`token_type_ids` must hold types below 2, but holds 7"},
       }) {
    write_file_atomically(input, std::string("{\"input_ids\": [2, 3]}\n") + bad.line + "\n");
    expect_refused(run({"forward", "--model", tiny::bert_folder(), "--input", input, "--output", output}),
                   input.string() + ": line 2", bad);
    EXPECT_FALSE(fs::exists(output));
  }
}

TEST(InputFaults, OfForwardNameTheFile) {
  const tiny::TemporaryFolder folder;
  write_file_atomically(folder / "empty.jsonl", "");
  const auto forward = [&](const fs::path& input) {
    return run({"forward", "--model", tiny::bert_folder(), "--input", input, "--output", folder / "out.safetensors"});
  };
  expect_refused(forward(folder / "empty.jsonl"), "empty.jsonl", {"", "must hold at least one sequence, but is empty"});
  expect_refused(forward(folder / "missing.jsonl"), "missing.jsonl", {"", "must be a readable file"});
}

TEST(InputFaults, OfPredictQaNameTheLine) {
  const std::string good = "{\"question\": \"who\", \"context\": \"it was him\"}\n";
  for (const BadLine& bad : {
           BadLine{"{\"question\": \"who\"}", "must have the field `context`"},
           BadLine{"{\"question\": 7, \"context\": \"x\"}", "field `question` must be a string, but is `7`"},
           BadLine{"not json", "line 2"},
       })
    expect_refused(run({"predict", "qa", "--model", tiny::question_answering_folder()}, good + bad.line + "\n"),
                   "standard input: line 2", bad);
}

TEST(InputFaults, OneOfQuestionAndContextAloneIsRefused) {
  const Outcome outcome = run({"predict", "qa", "--model", tiny::question_answering_folder(), "--question", "who"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.errors.find("must be given together"), std::string::npos) << outcome.errors;
}

}  // namespace
}  // namespace retort::program
