// Classifiers with given labels, commands that run them on GLUE data, and checks of the messages, for tests through the
// program.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "cli/program.h"
#include "retort/checkpoint/named_tensor.h"

namespace retort::program {

using Labels = std::vector<std::string>;

// `tiny::bert_folder` with a random classifier for these labels. With `bias`, its logits are the bias for every text.
fs::path make_classifier(const fs::path& folder, const Labels& labels, std::vector<float> bias = {});

// Rewrites the weights of a folder with `edit` applied to the list of tensors.
void edit_weights(const fs::path& folder, const std::function<void(std::vector<checkpoint::NamedTensor>&)>& edit);

// The values of a float32 tensor of a safetensors file; empty when the file has no tensor of this name.
std::vector<float> tensor_of(const fs::path& file, const std::string& name);

void expect_says(const Outcome& outcome, const std::string& part);
// Expects exit code 2, nothing on standard output, and all of `parts` in the message.
void expect_refused(const Outcome& outcome, const std::vector<std::string>& parts);

class ClassifierCommands : public testing::Test {
 protected:
  Outcome forward(const fs::path& model, const fs::path& output) {
    write_file_atomically(folder_ / "ids.jsonl", "{\"input_ids\": [2, 7, 8, 3]}\n");
    return run({"forward", "--model", model, "--input", folder_ / "ids.jsonl", "--output", output});
  }

  Words glue_words(const Words& command, const std::string& task, const fs::path& model, const Words& more = {}) {
    Words words = command;
    const Words rest = {"--task_name",      task,   "--data_dir",   RETORT_FIXTURES "/glue/data",
                        "--model",          model,  "--output_dir", folder_ / ("out-" + std::to_string(++outputs_)),
                        "--max_seq_length", "64",   "--use_cache",  "false",
                        "--precision",      "fp32", "--threads",    "1"};
    words.insert(words.end(), rest.begin(), rest.end());
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  fs::path output() const { return folder_ / ("out-" + std::to_string(outputs_)); }

  Outcome finetune(const std::string& task, const fs::path& model, const Words& more = {}) {
    Words all = {"--max_steps", "1", "--per_device_train_batch_size", "4", "--tensorboard", "false"};
    all.insert(all.end(), more.begin(), more.end());
    return run(glue_words({"finetune", "glue"}, task, model, all));
  }

  Outcome evaluate(const std::string& task, const fs::path& model, const Words& more = {}) {
    return run(glue_words({"evaluate", "glue"}, task, model, more));
  }

  fs::path nli() { return make_classifier(folder_ / "nli", {"contradiction", "entailment", "neutral"}); }

  tiny::TemporaryFolder folder_;
  int outputs_ = 0;
};

}  // namespace retort::program
