// Model folders and inputs as users have them: heads of another task, models whose labels are other ones, contexts
// without a word, files without answers, pipes where files should be.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>

#include "cli/program.h"
#include "retort/checkpoint/safetensors.h"

namespace retort::program {
namespace {

using Labels = std::vector<std::string>;

// `tiny::bert_folder` with a random classifier for these labels. With `bias`, the classifier says nothing else.
fs::path make_classifier(const fs::path& folder, const Labels& labels, std::vector<float> bias = {}) {
  const text::Tokenizer tokenizer = text::Tokenizer::load(tiny::bert_folder());
  model::ModelConfig config = model::config_from_json(read_json_file(tiny::bert_folder() / "config.json"), "tiny");
  config.labels = labels;
  model::Model model(config, model::Head::kSequenceClassification, {});
  kernel::ParameterStore& parameters = model.parameters();
  parameters.initialize(5, config.initializer_range);
  if (!bias.empty()) {
    parameters.tensor(*parameters.find("classifier.weight")).zero_();
    std::copy(bias.begin(), bias.end(), parameters.tensor(*parameters.find("classifier.bias")).data_ptr<float>());
  }
  fs::create_directories(folder);
  recipe::save_model_folder(folder, model, tokenizer);
  return folder;
}

// Rewrites the weights with `edit` applied to the list of tensors.
void edit_weights(const fs::path& folder, const std::function<void(std::vector<checkpoint::NamedTensor>&)>& edit) {
  const std::string bytes = read_file(folder / "model.safetensors");
  auto content = checkpoint::parse_safetensors(std::as_bytes(std::span(bytes)), "weights");
  edit(content.tensors);
  checkpoint::write_safetensors(folder / "model.safetensors", content.tensors);
}

std::vector<float> tensor_of(const fs::path& file, const std::string& name) {
  const checkpoint::SafetensorsFile content(file);
  for (const checkpoint::NamedTensor& tensor : content.tensors()) {
    if (tensor.name != name) continue;
    std::vector<float> values(static_cast<size_t>(tensor.element_count()));
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return values;
  }
  return {};
}

void expect_says(const Outcome& outcome, const std::string& part) {
  EXPECT_NE(outcome.errors.find(part), std::string::npos) << outcome.errors;
}

void expect_refused(const Outcome& outcome, const std::vector<std::string>& parts) {
  EXPECT_EQ(outcome.exit_code, 2) << outcome.errors;
  EXPECT_EQ(outcome.output, "");
  for (const std::string& part : parts) expect_says(outcome, part);
}

class FieldCases : public testing::Test {
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

// ---- a head of another shape

TEST_F(FieldCases, TrainingStartsAFreshHeadFromOneOfAnotherTask) {
  const fs::path model = nli();
  for (const auto& [task, labels] : {std::pair("rte", size_t{2}), {"sts-b", size_t{1}}}) {
    const Outcome outcome = finetune(task, model);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    expect_says(outcome, "warning: `" + model.string() +
                             "`: its head is one for another task and is not used, a fresh one is trained: "
                             "classifier.weight [3, 32], classifier.bias [3]");
    const Json config = read_json_file(output() / "config.json");
    EXPECT_EQ(config.at("id2label").size(), labels) << task;
    EXPECT_EQ(config.at("problem_type"), labels == 1 ? "regression" : "single_label_classification");
    EXPECT_EQ(tensor_of(output() / "model.safetensors", "classifier.bias").size(), labels);
  }
}

TEST_F(FieldCases, TheFlagOfOtherProgramsForThatIsTaken) {
  const fs::path model = nli();
  for (const Words& flag : {Words{"--ignore_mismatched_sizes"}, Words{"--ignore_mismatched_sizes", "True"}}) {
    const Outcome outcome = finetune("rte", model, flag);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    expect_says(outcome, "`--ignore_mismatched_sizes` changes nothing");
  }
}

TEST_F(FieldCases, AStudentOfAnotherTaskGetsAFreshHeadAndATeacherDoesNot) {
  const fs::path student = nli(), teacher = make_classifier(folder_ / "teacher", {"0", "1"});
  const auto distill = [&](const fs::path& from, const fs::path& by) {
    return run(glue_words({"distill", "prediction"}, "mrpc", from,
                          {"--teacher", by, "--max_steps", "1", "--per_device_train_batch_size", "4", "--tensorboard",
                           "false", "--evaluate_during_training", "false", "--load_best_model_at_end", "false"}));
  };
  const Outcome outcome = distill(student, teacher);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  expect_says(outcome, "a fresh one is trained: classifier.weight [3, 32]");
  expect_refused(distill(teacher, student), {"`teacher` must have 2 outputs for `mrpc`, but `" + student.string()});
}

TEST_F(FieldCases, WithoutTrainingAHeadOfAnotherShapeIsRefused) {
  const fs::path model = nli();
  expect_refused(evaluate("mrpc", model),
                 {"`" + (model / "config.json").string() + "` must name 2 labels for `mrpc`, but names 3"});
  tiny::set_config_field(model, "id2label", Json{{"0", "a"}, {"1", "b"}});
  expect_refused(run({"predict", "text", "--model", model, "--text", "a"}),
                 {"`" + (model / "model.safetensors").string() + "`: tensor `classifier.",
                  "that `" + (model / "config.json").string() + "` asks for"});
}

// ---- labels of another task

TEST_F(FieldCases, LabelsInAnotherOrderArePutInTheTasksOwn) {
  const fs::path model = make_classifier(folder_ / "inverted", {"POSITIVE", "NEGATIVE"}, {1, 0});
  const Outcome outcome = evaluate("sst-2", model);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  expect_says(outcome, "warning: `" + (model / "config.json").string() +
                           "`: its labels POSITIVE, NEGATIVE do not stand in the order of the task, 0 (negative), 1 "
                           "(positive): its classes are put in that order");
  // Every sentence is called positive, which is 1 in the files.
  const std::string predictions = read_file(output() / "predictions_sst-2.tsv");
  EXPECT_EQ(predictions.find("\t0\t0.2"), std::string::npos) << predictions;
  EXPECT_NE(predictions.find("\t1\t0.268941\t0.731059\n"), std::string::npos) << predictions;
}

TEST_F(FieldCases, LabelsThatTheTaskDoesNotHaveAreWarnedOf) {
  const fs::path model = make_classifier(folder_ / "model", {"dog", "cat"});
  const Outcome outcome = evaluate("sst-2", model);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  expect_says(outcome,
              "its labels dog, cat are not those of the task, 0 (negative), 1 (positive): they are taken for them");
  const Outcome distillation =
      run(glue_words({"distill", "prediction"}, "sst-2", tiny::classification_folder(),
                     {"--teacher", model, "--max_steps", "1", "--per_device_train_batch_size", "4", "--tensorboard",
                      "false", "--evaluate_during_training", "false", "--load_best_model_at_end", "false"}));
  EXPECT_EQ(distillation.exit_code, 0) << distillation.errors;
  expect_says(distillation, "its labels dog, cat are not those of the task");
}

TEST_F(FieldCases, LabelsThatFitOrSayNothingAreNoMatter) {
  for (const Labels& labels : {Labels{"LABEL_0", "LABEL_1"}, Labels{"Negative", "Positive"}, Labels{"0", "1"}}) {
    const Outcome outcome = evaluate("sst-2", make_classifier(folder_ / labels[0], labels));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_EQ(outcome.errors.find("warning"), std::string::npos) << outcome.errors;
  }
}

TEST_F(FieldCases, AProblemOfAnotherTypeIsWarnedOf) {
  const fs::path model = make_classifier(folder_ / "model", {"0", "1"});
  tiny::set_config_field(model, "problem_type", "multi_label_classification");
  const Outcome outcome = evaluate("sst-2", model);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  expect_says(outcome,
              "field `problem_type` should be single_label_classification for this task, but is "
              "multi_label_classification");
}

TEST_F(FieldCases, PredictTextFollowsTheProblemType) {
  const fs::path model = make_classifier(folder_ / "model", {"a", "b"}, {1, -2});
  const auto predict = [&] { return run({"predict", "text", "--model", model, "--text", "x"}).last_line(); };
  EXPECT_NEAR(predict().at("scores").at("b").get<double>(), std::exp(-3) / (1 + std::exp(-3)), 1e-6);
  tiny::set_config_field(model, "problem_type", "multi_label_classification");
  EXPECT_EQ(predict().at("label"), "a");
  EXPECT_NEAR(predict().at("scores").at("a").get<double>(), 1 / (1 + std::exp(-1)), 1e-6);
  EXPECT_NEAR(predict().at("scores").at("b").get<double>(), 1 / (1 + std::exp(2)), 1e-6);
  tiny::set_config_field(model, "problem_type", "regression");
  EXPECT_EQ(predict(), (Json{{"values", {{"a", 1.0}, {"b", -2.0}}}}));
}

// ---- answers where there are none

TEST_F(FieldCases, AContextWithoutWordsHasNoAnswer) {
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

// The word itself is an answer like any other.
TEST_F(FieldCases, TheWordEmptyIsAnAnswer) {
  const Outcome outcome =
      run({"predict", "qa", "--model", tiny::question_answering_folder(), "--question", "what", "--context", "empty"});
  EXPECT_EQ(outcome.last_line().at("answer"), "empty") << outcome.errors;
  EXPECT_EQ(outcome.last_line().at("end"), 5);
}

TEST_F(FieldCases, AFileWithoutAnswersIsPredictedAndNotScored) {
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
    expect_says(outcome, "warning: the file of questions holds no answers: its 1 questions are predicted and nothing");
    EXPECT_EQ(outcome.last_line().at("scored"), 0);
    EXPECT_FALSE(outcome.last_line().contains("exact")) << outcome.output;
    EXPECT_FALSE(read_json_file(out / "results.json").contains("f1"));
    EXPECT_TRUE(read_json_file(out / "predictions.json").at("q").is_string());
    expect_refused(
        run({"score", "squad", "--data_file", folder_ / "dev.json", "--predictions_file", out / "predictions.json"}),
        {"dev.json` must hold the right answers, but holds none"});
  }
}

TEST_F(FieldCases, QuestionsThatAreSaidToBeImpossibleAreScored) {
  write_file_atomically(
      folder_ / "dev.json",
      R"({"version": "v2.0", "data": [{"title": "T", "paragraphs": [{"context": "it was him", "qas": )"
      R"([{"id": "q", "question": "who", "answers": [], "is_impossible": true}]}]}]})");
  const Outcome outcome = run({"evaluate", "squad", "--model", tiny::question_answering_folder(), "--dev_file",
                               folder_ / "dev.json", "--use_cache", "false", "--output_dir", folder_ / "out"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.last_line().at("NoAns_total"), 1) << outcome.output;
}

TEST_F(FieldCases, GlueRowsWithoutLabelsArePredictedAndNotScored) {
  const fs::path data = folder_ / "data";
  fs::create_directory(data);
  for (const char* rows : {"sentence\nit was him\n", "sentence\tlabel\nit was him\t-1\n"}) {
    write_file_atomically(data / "dev.tsv", rows);
    const Outcome outcome = evaluate("sst-2", tiny::classification_folder(), {"--data_dir", data});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    expect_says(outcome, "dev.tsv` holds no labels of sst-2: its 1 rows are predicted and nothing is scored");
    EXPECT_EQ(outcome.last_line().at("scored"), 0) << outcome.output;
    EXPECT_FALSE(outcome.last_line().contains("accuracy")) << outcome.output;
    EXPECT_TRUE(read_file(output() / "predictions_sst-2.tsv").starts_with("index\tprediction\t"));
  }
  write_file_atomically(data / "dev.tsv", "sentence\tlabel\nit was him\t1\nit was her\t7\n");
  expect_refused(evaluate("sst-2", tiny::classification_folder(), {"--data_dir", data}),
                 {"line 3: column 2 must be one of 0, 1 (the label), but is `7`"});
}

TEST_F(FieldCases, ATestFileAloneIsPredicted) {
  const fs::path data = folder_ / "data";
  fs::create_directory(data);
  write_file_atomically(data / "test.tsv", "index\tsentence\n0\tit was him\n");
  const Outcome outcome = evaluate("sst-2", tiny::classification_folder(), {"--data_dir", data, "--do_predict"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  expect_says(outcome, "holds no dev files: nothing is scored");
  EXPECT_TRUE(fs::exists(output() / "SST-2.tsv"));
  expect_refused(evaluate("sst-2", tiny::classification_folder(), {"--data_dir", data}), {"must hold the dev data"});
}

// ---- what a folder may lack

TEST_F(FieldCases, HiddenStatesNeedNoPoolerAndNoVocabulary) {
  const fs::path model = tiny::copy_model(tiny::bert_folder(), folder_ / "model");
  ASSERT_EQ(forward(model, folder_ / "with.safetensors").exit_code, 0);
  edit_weights(model, [](auto& tensors) {
    std::erase_if(tensors, [](const auto& tensor) { return tensor.name.starts_with("pooler."); });
  });
  for (const char* name : {"vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"})
    fs::remove(model / name);
  const Outcome outcome = forward(model, folder_ / "without.safetensors");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  const auto states = tensor_of(folder_ / "with.safetensors", "last_hidden_state.0");
  EXPECT_EQ(states.size(), 4u * 32);
  EXPECT_EQ(tensor_of(folder_ / "without.safetensors", "last_hidden_state.0"), states);
  EXPECT_EQ(tensor_of(folder_ / "with.safetensors", "pooled.0").size(), 32u);
  EXPECT_TRUE(tensor_of(folder_ / "without.safetensors", "pooled.0").empty());
}

TEST_F(FieldCases, AHeadThatConfigNamesAndTheWeightsLackIsNotFineTunedFirst) {
  const fs::path model = tiny::copy_model(tiny::bert_folder(), folder_ / "model");
  tiny::set_config_field(model, "architectures", Json{"BertForQuestionAnswering"});
  const Outcome outcome = forward(model, folder_ / "out.safetensors");
  expect_refused(outcome, {"lacks qa_outputs.weight, qa_outputs.bias; name another model in `architectures` of its "
                           "config.json, for hidden states alone BertModel"});
}

TEST_F(FieldCases, TheOldNameOfConfigIsReadByEveryCommand) {
  const fs::path model = tiny::copy_model(tiny::question_answering_folder(), folder_ / "model");
  const Words question = {"predict", "qa", "--model", model, "--question", "who", "--context", "it was him"};
  const Outcome before = run(question);
  fs::rename(model / "config.json", model / "bert_config.json");
  EXPECT_EQ(run(question).output, before.output);
  EXPECT_EQ(forward(model, folder_ / "out.safetensors").exit_code, 0);
  EXPECT_EQ(tensor_of(folder_ / "out.safetensors", "logits.0").size(), 8u) << "the head that it names";
  for (const Words& command : {Words{"tokenize", "--model", model}, Words{"inspect", model}})
    EXPECT_EQ(run(command, "it was him\n").exit_code, 0) << command[0];
  const Outcome trained = run(finetune_squad_words(folder_ / "run", {"--model", model, "--max_steps", "1"}));
  EXPECT_EQ(trained.exit_code, 0) << trained.errors;
}

// ---- silent choices

TEST_F(FieldCases, FieldsThatChangeTheComputationAreRefused) {
  const fs::path model = tiny::copy_model(tiny::bert_folder(), folder_ / "model");
  tiny::set_config_field(model, "is_decoder", true);
  expect_refused(forward(model, folder_ / "out.safetensors"),
                 {"`" + (model / "config.json").string() + "`: field `is_decoder` must be false, but is `true`"});
}

TEST_F(FieldCases, AFolderOfAnAdapterIsRefused) {
  const fs::path model = tiny::copy_model(tiny::bert_folder(), folder_ / "model");
  write_file_atomically(model / "adapter_config.json", "{}");
  expect_refused(forward(model, folder_ / "out.safetensors"), {"says that it holds an adapter; merge it"});
}

TEST_F(FieldCases, AParameterThatIsThereTwiceMustHaveOneValue) {
  const fs::path model = tiny::copy_model(tiny::bert_folder(), folder_ / "model");
  const std::string name = "encoder.layer.0.output.dense.bias";
  const auto add_double = [&](std::vector<float> values) {
    edit_weights(model, [&](auto& tensors) {
      std::erase_if(tensors, [&](const auto& tensor) { return tensor.name == "bert." + name; });
      tensors.push_back({"bert." + name, checkpoint::Dtype::kF32, {32}, std::as_bytes(std::span(values))});
    });
  };
  add_double(tensor_of(model / "model.safetensors", name));
  EXPECT_EQ(forward(model, folder_ / "out.safetensors").exit_code, 0);
  add_double(std::vector<float>(32, 0.5f));
  expect_refused(forward(model, folder_ / "out.safetensors"),
                 {"`" + (model / "model.safetensors").string() + "`: tensors `bert." + name + "` and `" + name +
                  "` must be equal, because both are the same parameter, but differ"});
}

TEST_F(FieldCases, ATiedTableThatDiffersIsSaid) {
  const fs::path model = tiny::copy_model(tiny::bert_folder(), folder_ / "model");
  const std::vector<float> table = tensor_of(model / "model.safetensors", "embeddings.word_embeddings.weight");
  std::vector<float> other = table;
  const auto add_copy = [&] {
    edit_weights(model, [&](auto& tensors) {
      std::erase_if(tensors, [&](const auto& tensor) { return tensor.name.starts_with("cls."); });
      tensors.push_back({"cls.predictions.decoder.weight",
                         checkpoint::Dtype::kF32,
                         {static_cast<int64_t>(other.size() / 32), 32},
                         std::as_bytes(std::span(other))});
    });
  };
  add_copy();
  EXPECT_EQ(forward(model, folder_ / "out.safetensors").errors.find("warning"), std::string::npos);
  other[5] += 1, add_copy();
  const Outcome outcome = forward(model, folder_ / "out.safetensors");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  expect_says(
      outcome,
      "tensor `cls.predictions.decoder.weight` differs from `embeddings.word_embeddings.weight`, to which it is "
      "tied, and is not used");
}

TEST_F(FieldCases, TrainingKeepsWhatConfigSaysBesides) {
  const fs::path model = tiny::copy_model(tiny::bert_folder(), folder_ / "model");
  tiny::set_config_field(model, "a_note_of_ours", Json{{"nested", {1, nullptr}}});
  tiny::set_config_field(model, "chunk_size_feed_forward", 2);
  const Outcome outcome = run(finetune_squad_words(folder_ / "run", {"--model", model, "--max_steps", "1"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const Json config = read_json_file(folder_ / "run/config.json");
  EXPECT_EQ(config.at("a_note_of_ours"), (Json{{"nested", {1, nullptr}}}));
  EXPECT_EQ(config.at("chunk_size_feed_forward"), 2);
  EXPECT_EQ(config.at("architectures"), Json{"BertForQuestionAnswering"});
}

// ---- files that are none

TEST_F(FieldCases, PipesAndDevicesInAModelFolderAreRefusedAtOnce) {
  for (const char* name :
       {"config.json", "vocab.txt", "tokenizer.json", "tokenizer_config.json", "model.safetensors"}) {
    const fs::path model = tiny::copy_model(tiny::question_answering_folder(), folder_ / name);
    if (std::string_view(name) == "vocab.txt") fs::remove(model / "tokenizer.json");
    const auto predict = [&] { return run({"predict", "qa", "--model", model, "--question", "q", "--context", "c"}); };
    fs::remove(model / name);
    ASSERT_EQ(::mkfifo((model / name).c_str(), 0600), 0);
    expect_refused(predict(), {"`" + (model / name).string() + "` must be a regular file, but is a pipe"});
    fs::remove(model / name);
    fs::create_symlink("/dev/zero", model / name);
    expect_refused(predict(), {"`" + (model / name).string() + "` must be a regular file, but is a device"});
  }
}

}  // namespace
}  // namespace retort::program
