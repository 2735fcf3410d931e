// Model folders as users have them: with a head or labels of another task, with files that are missing, under an old
// name or no regular files, and with tensors that come twice.
#include <sys/stat.h>

#include <cmath>

#include "cli/classifier_commands.h"

namespace retort::program {
namespace {

class ModelFolders : public ClassifierCommands {};

// ---- a head of another shape

TEST_F(ModelFolders, TrainingStartsAFreshHeadFromOneOfAnotherTask) {
  const fs::path model = nli();
  for (const auto& [task, labels] : {std::pair("rte", size_t{2}), {"sts-b", size_t{1}}}) {
    const Outcome outcome = finetune(task, model);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    expect_says(outcome, "warning: `" + model.string() +
                             "`: its head is for another task and is replaced by one with random weights: "
                             "classifier.weight [3, 32], classifier.bias [3]");
    const Json config = read_json_file(output() / "config.json");
    EXPECT_EQ(config.at("id2label").size(), labels) << task;
    EXPECT_EQ(config.at("problem_type"), labels == 1 ? "regression" : "single_label_classification");
    EXPECT_EQ(tensor_of(output() / "model.safetensors", "classifier.bias").size(), labels);
  }
}

TEST_F(ModelFolders, IgnoreMismatchedSizesIsAcceptedAndChangesNothing) {
  const fs::path model = nli();
  for (const Words& flag : {Words{"--ignore_mismatched_sizes"}, Words{"--ignore_mismatched_sizes", "True"}}) {
    const Outcome outcome = finetune("rte", model, flag);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    expect_says(outcome, "`--ignore_mismatched_sizes` has no effect");
  }
}

TEST_F(ModelFolders, AStudentOfAnotherTaskGetsAFreshHeadAndATeacherIsRefused) {
  const fs::path student = nli(), teacher = make_classifier(folder_ / "teacher", {"0", "1"});
  const auto distill = [&](const fs::path& from, const fs::path& by) {
    return run(glue_words({"distill", "prediction"}, "mrpc", from,
                          {"--teacher", by, "--max_steps", "1", "--per_device_train_batch_size", "4", "--tensorboard",
                           "false", "--evaluate_during_training", "false", "--load_best_model_at_end", "false"}));
  };
  const Outcome outcome = distill(student, teacher);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  expect_says(outcome, "replaced by one with random weights: classifier.weight [3, 32]");
  expect_refused(distill(teacher, student), {"`teacher` must have 2 outputs for `mrpc`, but `" + student.string()});
}

TEST_F(ModelFolders, WithoutTrainingAHeadOfAnotherShapeIsRefused) {
  const fs::path model = nli();
  expect_refused(evaluate("mrpc", model),
                 {"`" + (model / "config.json").string() + "` must name 2 labels for `mrpc`, but names 3"});
  tiny::set_config_field(model, "id2label", Json{{"0", "a"}, {"1", "b"}});
  expect_refused(run({"predict", "text", "--model", model, "--text", "a"}),
                 {"`" + (model / "model.safetensors").string() + "`: tensor `classifier.",
                  " of `" + (model / "config.json").string() + "`, but has "});
}

// ---- labels of another task

TEST_F(ModelFolders, LabelsInAnotherOrderArePutInTheTasksOrder) {
  const fs::path model = make_classifier(folder_ / "inverted", {"POSITIVE", "NEGATIVE"}, {1, 0});
  const Outcome outcome = evaluate("sst-2", model);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  expect_says(outcome, "warning: `" + (model / "config.json").string() +
                           "`: the order of its labels POSITIVE, NEGATIVE is not that of the task, 0 (negative), 1 "
                           "(positive); its classes are reordered");
  // Every sentence is called positive, which is 1 in the files.
  const std::string predictions = read_file(output() / "predictions_sst-2.tsv");
  EXPECT_EQ(predictions.find("\t0\t0.2"), std::string::npos) << predictions;
  EXPECT_NE(predictions.find("\t1\t0.268941\t0.731059\n"), std::string::npos) << predictions;
}

TEST_F(ModelFolders, LabelsOfAnotherTaskGiveAWarning) {
  const fs::path model = make_classifier(folder_ / "model", {"dog", "cat"});
  const Outcome outcome = evaluate("sst-2", model);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  expect_says(outcome,
              "its labels dog, cat are not those of the task, 0 (negative), 1 (positive); they are matched with them");
  const Outcome distillation =
      run(glue_words({"distill", "prediction"}, "sst-2", tiny::classification_folder(),
                     {"--teacher", model, "--max_steps", "1", "--per_device_train_batch_size", "4", "--tensorboard",
                      "false", "--evaluate_during_training", "false", "--load_best_model_at_end", "false"}));
  EXPECT_EQ(distillation.exit_code, 0) << distillation.errors;
  expect_says(distillation, "its labels dog, cat are not those of the task");
}

TEST_F(ModelFolders, FineTuningFromOtherLabelsGivesAWarning) {
  const Outcome outcome = finetune("mrpc", make_classifier(folder_ / "model", {"dog", "cat"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  expect_says(outcome, "its labels dog, cat are not those of the task, 0 (not_equivalent), 1 (equivalent)");
}

// The classifier of tokens has the same parameter names as the classifier of sequences.
TEST_F(ModelFolders, ATokenClassifierUsedForSequencesGivesAWarning) {
  const fs::path model = make_classifier(folder_ / "model", {"0", "1"});
  tiny::set_config_field(model, "architectures", Json{"BertForTokenClassification"});
  const Outcome outcome = run({"predict", "text", "--model", model, "--text", "a"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  expect_says(
      outcome,
      "`architectures` names BertForTokenClassification, whose classifier is used for BertForSequenceClassification");
}

TEST_F(ModelFolders, MatchingAndDefaultLabelsGiveNoWarning) {
  for (const Labels& labels : {Labels{"LABEL_0", "LABEL_1"}, Labels{"Negative", "Positive"}, Labels{"0", "1"}}) {
    const Outcome outcome = evaluate("sst-2", make_classifier(folder_ / labels[0], labels));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    EXPECT_EQ(outcome.errors.find("labels"), std::string::npos) << outcome.errors;
  }
}

TEST_F(ModelFolders, AnotherProblemTypeGivesAWarning) {
  const fs::path model = make_classifier(folder_ / "model", {"0", "1"});
  tiny::set_config_field(model, "problem_type", "multi_label_classification");
  const Outcome outcome = evaluate("sst-2", model);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  expect_says(outcome,
              "field `problem_type` should be single_label_classification for this task, but is "
              "multi_label_classification");
}

TEST_F(ModelFolders, PredictTextFollowsTheProblemType) {
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

// ---- files and tensors that are missing or have an old name

TEST_F(ModelFolders, HiddenStatesNeedNoPoolerAndNoVocabulary) {
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

TEST_F(ModelFolders, AHeadThatOnlyTheConfigurationNamesIsRefusedWithTheRemedy) {
  const fs::path model = tiny::copy_model(tiny::bert_folder(), folder_ / "model");
  tiny::set_config_field(model, "architectures", Json{"BertForQuestionAnswering"});
  const Outcome outcome = forward(model, folder_ / "out.safetensors");
  expect_refused(outcome, {"lacks qa_outputs.weight, qa_outputs.bias; name another model in `architectures` of its "
                           "config.json, for hidden states only BertModel"});
}

TEST_F(ModelFolders, TheOldNameOfConfigIsReadByEveryCommand) {
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

// ---- fields and tensors that would change the result without a message

TEST_F(ModelFolders, FieldsThatChangeTheComputationAreRefused) {
  const fs::path model = tiny::copy_model(tiny::bert_folder(), folder_ / "model");
  tiny::set_config_field(model, "is_decoder", true);
  expect_refused(forward(model, folder_ / "out.safetensors"),
                 {"`" + (model / "config.json").string() + "`: field `is_decoder` must be false, but is `true`"});
}

TEST_F(ModelFolders, AFolderOfAnAdapterIsRefused) {
  const fs::path model = tiny::copy_model(tiny::bert_folder(), folder_ / "model");
  write_file_atomically(model / "adapter_config.json", "{}");
  expect_refused(forward(model, folder_ / "out.safetensors"), {"says that it holds an adapter; merge it"});
}

TEST_F(ModelFolders, AParameterUnderTwoNamesMustHaveOneValue) {
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

TEST_F(ModelFolders, ATiedTableThatDiffersGivesAWarning) {
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
      "tied, and is ignored");
}

TEST_F(ModelFolders, TrainingKeepsUnknownFieldsOfTheConfiguration) {
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

// ---- pipes and devices

TEST_F(ModelFolders, PipesAndDevicesInAModelFolderAreRefusedAtOnce) {
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
