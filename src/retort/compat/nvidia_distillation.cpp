// NVIDIA's distillation of BERT (DeepLearningExamples, .../BERT/distillation, January 2022): the two programs, the data
// augmentation, and the script that calls them one after the other.
#include "retort/compat/nvidia_distillation.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <sstream>

#include "retort/base/error.h"
#include "retort/base/file.h"
#include "retort/base/json.h"
#include "retort/compat/shared_options.h"
#include "retort/compat/translate.h"

namespace retort::compat {

namespace {

constexpr const char* kUnused = "the published program takes it and does not use it; `--distill_config` decides";

// Options of both programs.
Options state_options() {
  return {
      as("--teacher_model", "teacher"),
      as("--student_model", "model").must(),
      same("--output_dir").must(),
      same("--max_seq_length").standard("128"),
      same_switch("--do_lower_case"),
      as("--train_batch_size", "per_device_train_batch_size").standard("32"),
      same("--gradient_accumulation_steps").standard("1"),
      same("--learning_rate").standard("5e-5"),
      same("--warmup_proportion").standard("0.1"),
      same("--max_steps").standard("-1"),
      same("--max_grad_norm").standard("1"),
      same("--seed").standard("42"),
      as_switch("--amp", "precision", "auto").standard("fp32"),
      same("--distill_config"),
      nothing("--weight_decay --wd", Takes::kValue, "the published program takes it and decays by 0.01"),
      nothing("--value_state_loss", Takes::kNothing, kUnused),
      nothing("--hidden_state_loss", Takes::kNothing, kUnused),
      nothing("--use_last_layer", Takes::kNothing, kUnused),
      nothing("--use_kld", Takes::kNothing, kUnused),
      nothing("--use_cosine", Takes::kNothing, kUnused),
      nothing("--data_url", Takes::kValue, "the published program takes it and does not use it"),
      as_switch("--no_cuda", "device", "cpu"),
      nothing("--local_rank", Takes::kValue, kProcessor),
  };
}

// The configuration files of the programs contain the defaults of the commands here.
void use_packaged_config(Translator& translator, Step& step) {
  const std::filesystem::path file = translator.value("--distill_config");
  const std::string name = file.filename().string();
  if (file.empty() || std::filesystem::exists(file)) return;
  if (name != "distillation_config_backbone.json" && name != "distillation_config_heads.json") return;
  step.drop("distill_config");
  translator.say(
      fmt::format("--distill_config {} is not there; `retort {}` does what the published file of this name says",
                  file.string(), step.command));
}

// A token file, or a folder that holds one.
std::string find_corpus(const std::string& input) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(input, ignored)) return input;
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(input))
    if (entry.path().extension() == ".tokens") found.push_back(entry.path().string());
  if (found.size() != 1)
    throw UserError(
        "`--input_dir` must be a token file or hold one whose name ends in .tokens, but holds {}; make it by `retort "
        "data "
        "binarize`: HDF5 and Parquet shards are not read",
        found.size());
  return found.front();
}

bool holds_weights(const std::filesystem::path& folder) {
  for (const char* const name : {"model.safetensors", "pytorch_model.bin"})
    if (std::filesystem::exists(folder / name)) return true;
  return false;
}

// Three epochs of 22,872 steps of 256 sequences, whatever the batch.
int64_t published_steps(const Translator& translator) {
  return int64_t{22872} * 3 * 256 /
         (translator.number("--train_batch_size") * translator.processes() *
          translator.number("--gradient_accumulation_steps"));
}

void translate_general_distill(Translator& translator) {
  if (!translator.has("--continue_train") && holds_weights(translator.value("--student_model")))
    throw UserError(
        "`--continue_train` must be given for a student with weights, but is missing; the published program starts "
        "from "
        "random weights without it: give a folder with config.json alone for that");
  if (translator.value("--teacher_model").empty()) throw UserError("`--teacher_model` must be given, but is missing");
  Step& step = translator.add_step("distill backbone");
  step.set("data_file", find_corpus(translator.value("--input_dir")));
  translator.say(fmt::format("--input_dir is --data_file {}", step.get("data_file")));
  if (translator.number("--max_steps") < 0 || translator.number("--steps_per_epoch") < 0) {
    step.drop("max_steps");
    translator.set_published(step, "max_steps", fmt::format("{}", published_steps(translator)));
  }
  translator.set_published(step, "lr_scheduler_type", "nvidia_linear");
  translator.set_from(step, "logging_steps", "--eval_step");
  translator.set_from(step, "save_steps", "--eval_step");
  translator.set_published(step, "dataloader_drop_last", "true");
  use_packaged_config(translator, step);
  translator.gather_processes(step, translator.processes());
}

bool is_squad(const Translator& translator) { return translator.value("--task_name").starts_with("SQuAD"); }

// Whether the configuration asks for predictions; the published file of heads does.
bool learns_predictions(const Translator& translator) {
  const std::filesystem::path file = translator.value("--distill_config");
  if (file.empty() || !std::filesystem::exists(file)) return file.filename() == "distillation_config_heads.json";
  const Json json = read_json_file(file, JsonComments::kSkip);
  return json.is_object() && json.contains("distillation_config") && json["distillation_config"].is_object() &&
         json["distillation_config"].value("use_pred_states", false);
}

void evaluate_student(Translator& translator) {
  Step& step = translator.add_step(is_squad(translator) ? "evaluate squad" : "evaluate glue");
  if (is_squad(translator)) step.set("dev_file", translator.value("--data_dir") + "/dev-v1.1.json");
  translator.say("--do_eval evaluates the student and trains nothing");
}

void translate_task_distill(Translator& translator) {
  if (translator.has("--do_eval")) return evaluate_student(translator);
  if (translator.value("--teacher_model").empty())
    throw UserError("`--teacher_model` must be given, but is missing; only `--do_eval` does without");
  const bool is_prediction = learns_predictions(translator);
  Step& step = translator.add_step(is_prediction ? "distill prediction" : "distill backbone");
  if (!is_prediction) step.drop("warmup_proportion");
  const std::string interval = translator.value("--eval_step");
  translator.set_from(step, "logging_steps", "--eval_step");
  translator.set_from(step, is_prediction ? "eval_steps" : "save_steps", "--eval_step");
  translator.set_published(step, "dataloader_drop_last", "true");
  translator.say(is_prediction ? fmt::format("--distill_config has use_pred_states: predictions are learned, evaluated "
                                             "every {} steps, and the best model is kept",
                                             interval)
                               : "--distill_config has no use_pred_states: states are learned, at a constant rate");
  use_packaged_config(translator, step);
  translator.gather_processes(step, translator.processes());
}

void translate_data_augmentation(Translator& translator) {
  Step& step = translator.add_step(is_squad(translator) ? "data augment squad" : "data augment glue");
  step.set("overwrite_output_file", "true");
  std::string task = translator.value("--task_name");
  std::transform(task.begin(), task.end(), task.begin(), [](unsigned char c) { return std::tolower(c); });
  if (task == "sts-b") return translator.set_published(step, "N", translator.value("--N"));
  step.drop("N");
  if (translator.is_given("--N"))
    translator.say("--N changes nothing: as in the published program each task but STS-B has its own number of passes");
}

std::vector<std::string> words_of(std::string line) {
  constexpr std::string_view kFolder = "$DATA";
  for (size_t at; (at = line.find(kFolder)) != std::string::npos;)
    line.replace(at, kFolder.size(), preparation_folder());
  std::istringstream words(line);
  return {std::istream_iterator<std::string>(words), {}};
}

// The eight commands of the script, with the folders that they read and write.
void translate_script(Translator& translator) {
  constexpr const char* kLaunch = "python -m torch.distributed.launch --nproc_per_node=8 ";
  constexpr const char* kGeneral =
      "general_distill.py --teacher_model checkpoints/bert-base-uncased --do_lower_case --train_batch_size 32 "
      "--learning_rate 1e-4 --distill_config distillation_config_backbone.json --seed=1 --amp --vocab_file vocab/vocab "
      "--num_workers 4 ";
  constexpr const char* kAugment =
      "python data_augmentation.py --pretrained_bert_model checkpoints/bert-base-uncased --glove_embs "
      "$DATA/download/glove/glove.6B.300d.txt --seed=1 ";
  constexpr const char* kSquad =
      "task_distill.py --teacher_model checkpoints/bert-base-uncased-qa --data_dir $DATA/download/squad/v1.1 "
      "--task_name "
      "SQuADv1.1 --max_seq_length 384 --train_batch_size 32 --do_lower_case --aug_train --amp --seed=1 ";
  constexpr const char* kSst =
      "task_distill.py --teacher_model checkpoints/bert-base-uncased-sst-2 --data_dir $DATA/download/glue/SST-2 "
      "--task_name SST-2 --max_seq_length 128 --train_batch_size 32 --do_lower_case --aug_train --amp --seed=1 ";
  constexpr const char* kHeads = "--distill_config distillation_config_heads.json --learning_rate 3e-5 ";
  constexpr const char* kBackbone = "--distill_config distillation_config_backbone.json ";
  const auto line = [](std::initializer_list<const char*> parts) {
    std::string all;
    for (const char* const part : parts) all += part;
    return all;
  };
  const std::vector<std::string> lines{
      line({kLaunch, kGeneral,
            "--input_dir $DATA/pretrain/phase1/parquet/ --student_model BERT_4L_312D --output_dir "
            "checkpoints/nv_distill_p1"}),
      line({kLaunch, kGeneral,
            "--input_dir $DATA/pretrain/phase2/parquet/ --student_model checkpoints/nv_distill_p1 "
            "--output_dir checkpoints/nv_distill_p2 --max_steps 6861 --steps_per_epoch 2287 "
            "--max_seq_length 512 --continue_train"}),
      line({kAugment, "--glue_dir $DATA/download/squad/v1.1 --task_name SQuADv1.1"}),
      line({kLaunch, kSquad, kBackbone,
            "--student_model checkpoints/nv_distill_p2 --output_dir "
            "checkpoints/nv_distill_squad --num_train_epochs 9"}),
      line({kLaunch, kSquad, kHeads,
            "--student_model checkpoints/nv_distill_squad --output_dir "
            "checkpoints/nv_distill_squad_pred --num_train_epochs 10 --eval_step 2000"}),
      line({kAugment, "--glue_dir $DATA/download/glue --task_name SST-2"}),
      line({kLaunch, kSst, kBackbone,
            "--student_model checkpoints/nv_distill_p1 --output_dir "
            "checkpoints/nv_distill_sst_2 --num_train_epochs 10"}),
      line({kLaunch, kSst, kHeads,
            "--student_model checkpoints/nv_distill_sst_2 --output_dir "
            "checkpoints/nv_distill_sst_2_pred --num_train_epochs 3 --eval_step 100"})};
  translator.say(
      fmt::format("eight commands of 8 processes; data lie in `{}` (BERT_PREP_WORKING_DIR)", preparation_folder()));
  for (const std::string& published : lines) {
    const Translation one = compat::translate(words_of(published));
    for (const std::string& remark : one.account)
      if (remark.find("input_dir") != std::string::npos || remark.find("is not there") != std::string::npos)
        translator.say(remark.substr(remark.find_first_not_of(' ')));
    translator.add_steps(one.steps);
  }
}

Options general_options() {
  return joined({{
                     read("--input_dir").must(),
                     same("--vocab_file").must(),
                     read("--steps_per_epoch").standard("-1"),
                     read("--eval_step").standard("1000"),
                     read("--continue_train", Takes::kNothing),
                     nothing("--eval_batch_size", Takes::kValue, "states have no scores"),
                     nothing("--num_train_epochs", Takes::kValue, "`--max_steps` decides, as in the published program"),
                     nothing("--do_eval", Takes::kNothing, "states have no scores"),
                     nothing("--reduce_memory", Takes::kNothing, "token files are mapped, not read into memory"),
                     nothing("--num_workers", Takes::kValue, "the next step is put together while one is trained"),
                     nothing("--disable_progress_bar", Takes::kNothing, kProgress),
                 },
                 state_options()});
}

Options task_options() {
  return joined({{
                     same("--data_dir").must(),
                     as("--task_name", "task_name").must(),
                     as("--eval_batch_size", "per_device_eval_batch_size").standard("32"),
                     same("--num_train_epochs").standard("3.0"),
                     same_switch("--aug_train"),
                     same_switch("--average_loss"),
                     same("--temperature").standard("1."),
                     read("--eval_step").standard("50"),
                     read("--do_eval", Takes::kNothing),
                     same("--n_best_size").standard("20"),
                     same("--max_answer_length").standard("30"),
                     nothing("--pred_distill", Takes::kNothing, kUnused),
                     nothing("--lang_id", Takes::kValue, kNoLanguages),
                     nothing("--verbose_logging", Takes::kNothing, kProgress),
                     nothing("--cache_dir", Takes::kValue, kHubCache),
                 },
                 state_options()});
}

Options augmentation_options() {
  return {as("--pretrained_bert_model", "model").must(),
          same("--glove_embs").must(),
          as("--glue_dir", "data_dir").must(),
          as("--task_name", "task_name").must(),
          as("--N -N", "N").standard("30"),
          as("--M -M", "M").standard("15"),
          as("--p -p", "p").standard("0.4"),
          same("--seed").standard("42")};
}

}  // namespace

std::vector<Program> nvidia_distillation_programs() {
  return {{.names = {"general_distill.py"},
           .whose = "NVIDIA's",
           .options = general_options(),
           .translate = translate_general_distill},
          {.names = {"task_distill.py"},
           .whose = "NVIDIA's",
           .options = task_options(),
           .translate = translate_task_distill},
          {.names = {"data_augmentation.py"},
           .whose = "NVIDIA's",
           .options = augmentation_options(),
           .translate = translate_data_augmentation},
          {.names = {"run_e2e_distillation.sh"}, .whose = "NVIDIA's", .translate = translate_script}};
}

}  // namespace retort::compat
