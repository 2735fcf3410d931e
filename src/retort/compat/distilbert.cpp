// Hugging Face's DistilBERT (examples/distillation of pytorch-transformers 1.1, and its later forms): token files,
// counts, a student from a teacher's layers, training.
#include "retort/compat/distilbert.h"

#include <filesystem>

#include "retort/base/error.h"
#include "retort/compat/shared_options.h"

namespace retort::compat {

namespace {

constexpr const char* kBothOrNone = "both name the student's start, so both must be given, or neither";

void translate_binarized_data(Translator& translator) {
  const std::string tokenizer = translator.is_given("--tokenizer_name") ? translator.value("--tokenizer_name")
                                                                        : translator.value("--bert_tokenizer");
  Step& step = translator.add_step("data binarize");
  step.set("model", tokenizer);
  step.set("output_file", fmt::format("{}.{}.pickle", translator.value("--dump_file"), tokenizer));
  step.set("overwrite", "true");
  translator.say(
      fmt::format("--dump_file {} is --output_file {}, the published name; it holds a token file, which "
                  "`retort data count` and `retort distill mlm` read, and Python's pickle does not",
                  translator.value("--dump_file"), step.get("output_file")));
}

void translate_token_counts(Translator& translator) {
  Step& step = translator.add_step("data count");
  step.set("overwrite", "true");
  translator.say("the counts are a JSON array, which `retort distill mlm` reads");
}

void translate_extract(Translator& translator) {
  Step& step = translator.add_step("extract");
  translator.set_published(step, "student_type", "distilbert");
  step.set("overwrite_output_dir", "true");
  translator.say(
      "layers 0,2,4,7,9,11 of the teacher; --dump_checkpoint is a model folder, which train.py takes as "
      "--from_pretrained_weights");
}

// Sets the folder or file that a student starts from, its configuration, and the teacher's vocabulary unless it has
// one.
void set_student(Step& step, const std::string& weights, const std::string& config, const std::string& teacher) {
  step.flags.insert(step.flags.begin(), {"model", weights.empty() ? "preset:distilbert-base-uncased" : weights});
  if (!config.empty()) step.set("config_file", config);
  std::error_code ignored;
  if (weights.empty() || std::filesystem::is_regular_file(weights, ignored)) step.set("vocab_file", teacher);
}

// Sets the fixed behavior of the trainer.
void set_trainer_habits(Translator& translator, Step& step, bool is_seed) {
  translator.set_published(step, "min_seq_length", is_seed ? "6" : "12");
  translator.set_published(step, "max_unknown_share", is_seed ? "1.1" : "0.5");
  translator.set_published(step, "adam_beta2", "0.98");
  if (translator.has("--group_by_size")) {
    step.set("group_by_length", "false");
    translator.say("--group_by_size switches it off, as in the published program: --group_by_length false");
  }
  translator.gather_processes(step, std::max(translator.processes(), translator.number("--n_gpu")));
}

// Sizes of a student that starts from random weights.
constexpr const char* kSizes[] = {
    "n_layers", "n_heads",          "dim", "hidden_dim", "max_position_embeddings", "activation",
    "dropout",  "attention_dropout"};

void translate_train(Translator& translator) {
  const std::string weights = translator.value("--from_pretrained_weights"),
                    config = translator.value("--from_pretrained_config");
  if (weights.empty() != config.empty())
    throw UserError("`{}` must be given, but is missing: {}",
                    weights.empty() ? "--from_pretrained_weights" : "--from_pretrained_config", kBothOrNone);
  Step& step = translator.add_step("distill mlm");
  set_student(step, weights, config, translator.value("--bert_model"));
  if (weights.empty()) {
    const bool is_sinusoidal = !translator.has("--sinusoidal_pos_embds");
    step.set("sinusoidal_pos_embds", is_sinusoidal ? "true" : "false");
    translator.say(is_sinusoidal
                       ? "sinusoidal positions, the published default; --sinusoidal_pos_embds switches them off"
                       : "--sinusoidal_pos_embds switches them off, as in the published program");
    translator.say("without --from_pretrained_weights the student starts from random weights");
  } else {
    for (const char* const flag : kSizes) step.drop(flag);
    translator.say("--from_pretrained_config says the sizes of the student");
  }
  set_trainer_habits(translator, step, true);
}

void check_family_of_later(const Translator& translator) {
  for (const auto& [option, family] : {std::pair("--student_type", "distilbert"), {"--teacher_type", "bert"}})
    if (translator.value(option) != family)
      throw UserError("`{}` must be {}, but is `{}`; other architectures are not computed here", option, family,
                      translator.value(option));
}

void translate_later_train(Translator& translator) {
  check_family_of_later(translator);
  Step& step = translator.add_step("distill mlm");
  set_student(step, translator.value("--student_pretrained_weights"), translator.value("--student_config"),
              translator.value("--teacher_name"));
  translator.set_published(step, "mlm", translator.has("--mlm") ? "true" : "false");
  set_trainer_habits(translator, step, false);
}

// Options of all versions of the trainer.
Options trainer_options() {
  return {
      as("--dump_path", "output_dir").must(),
      as_switch("--force", "overwrite_output_dir"),
      same("--data_file").must(),
      same("--token_counts"),
      same("--temperature").standard("2.0"),
      same("--alpha_ce").standard("0.5"),
      same("--alpha_mse").standard("0.0"),
      same("--mlm_mask_prop").standard("0.15"),
      same("--word_mask").standard("0.8"),
      same("--word_keep").standard("0.1"),
      same("--word_rand").standard("0.1"),
      same("--mlm_smoothing").standard("0.7"),
      same_switch("--restrict_ce_to_mask"),
      as("--n_epoch", "num_train_epochs").standard("3"),
      as("--batch_size", "per_device_train_batch_size").standard("5"),
      read("--group_by_size", Takes::kNothing),
      same("--gradient_accumulation_steps").standard("50"),
      as("--warmup_prop", "warmup_proportion").standard("0.05"),
      same("--weight_decay").standard("0.0"),
      same("--learning_rate").standard("5e-4"),
      same("--adam_epsilon").standard("1e-6"),
      same("--max_grad_norm").standard("5.0"),
      same("--initializer_range").standard("0.02"),
      as_switch("--fp16", "precision", "auto").standard("fp32"),
      nothing("--fp16_opt_level", Takes::kValue, kPrecision),
      read("--n_gpu").standard("1"),
      nothing("--local_rank", Takes::kValue, kProcessor),
      same("--seed").standard("56"),
      same("--log_interval").standard("500"),
      same("--checkpoint_interval").standard("4000"),
  };
}

Options seed_train_options() {
  return joined(
      {{
           nothing("--vocab_size", Takes::kValue, "the vocabulary says it"),
           same("--max_position_embeddings").standard("512"),
           read("--sinusoidal_pos_embds", Takes::kNothing),
           same("--n_layers").standard("6"),
           same("--n_heads").standard("12"),
           same("--dim").standard("768"),
           same("--hidden_dim").standard("3072"),
           same("--dropout").standard("0.1"),
           same("--attention_dropout").standard("0.1"),
           same("--activation").standard("gelu"),
           refused("--tie_weights_", Takes::kNothing,
                   "the head's table is the word embeddings always, which it would untie"),
           read("--from_pretrained_weights"),
           read("--from_pretrained_config"),
           as("--bert_model", "teacher").standard("bert-base-uncased"),
           same("--alpha_mlm").standard("0.5"),
           refused("--tokens_per_batch", Takes::kValue,
                   "a step has so many sequences, whatever their lengths; give --batch_size")
               .standard("-1"),
           refused("--shuffle", Takes::kNothing, "every epoch has an order of its own, which it would switch off"),
       },
       trainer_options()});
}

Options later_train_options() {
  return joined({{
                     read("--student_type").must(),
                     read("--student_config").must(),
                     read("--student_pretrained_weights"),
                     read("--teacher_type").must(),
                     as("--teacher_name", "teacher").must(),
                     read("--mlm", Takes::kNothing),
                     same("--alpha_mlm").standard("0.0"),
                     same("--alpha_clm").standard("0.5"),
                     same("--alpha_cos").standard("0.0"),
                     same_switch("--freeze_pos_embs"),
                     same_switch("--freeze_token_type_embds"),
                 },
                 trainer_options()});
}

Options extract_options(const char* checkpoint) {
  return {
      nothing("--model_type", Takes::kValue, "config.json says it").choices({{"bert", "bert"}}),
      as("--bert_model --model_name", "model").standard("bert-base-uncased"),
      as("--dump_checkpoint", "output_dir").standard(checkpoint),
      same_switch("--vocab_transform"),
  };
}

Options binarize_options() {
  return {same("--file_path").standard("data/dump.txt"), read("--bert_tokenizer").standard("bert-base-uncased"),
          nothing("--tokenizer_type", Takes::kValue, "the model folder says it").choices({{"bert", "bert"}}),
          read("--tokenizer_name"), read("--dump_file").standard("data/dump")};
}

Options count_options() {
  return {same("--data_file").standard("data/dump.bert-base-uncased.pickle"),
          as("--token_counts_dump", "output_file").standard("data/token_counts.bert-base-uncased.pickle"),
          same("--vocab_size")};
}

}  // namespace

std::vector<Program> distilbert_programs() {
  constexpr const char* kWhose = "Hugging Face's";
  return {
      {.names = {"binarized_data.py"},
       .whose = kWhose,
       .options = binarize_options(),
       .translate = translate_binarized_data},
      {.names = {"token_counts.py"}, .whose = kWhose, .options = count_options(), .translate = translate_token_counts},
      {.names = {"extract_for_distil.py"},
       .whose = kWhose,
       .options = extract_options("serialization_dir/transfer_learning_checkpoint_0247911.pth"),
       .translate = translate_extract},
      {.names = {"extract_distilbert.py", "extract.py"},
       .whose = kWhose,
       .options = extract_options("serialization_dir/tf_bert-base-uncased_0247911.pth"),
       .translate = translate_extract},
      {.names = {"train.py"}, .whose = kWhose, .options = seed_train_options(), .translate = translate_train},
      {.names = {"train.py"},
       .whose = "Hugging Face's later",
       .options = later_train_options(),
       .translate = translate_later_train}};
}

}  // namespace retort::compat
