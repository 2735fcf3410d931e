#include "retort/pretrained/model_source.h"

namespace retort::pretrained {

void ModelSource::fields(FieldList& list) {
  list.group("Model");
  list.add("model", model,
           {.help = "A model folder, a hub name in the local cache, a file of weights, or preset:NAME for random "
                    "weights.",
            .aliases = {"model_name_or_path"},
            .required = true});
  list.add("config_file", config_file,
           {.help = "config.json to use instead of the model folder's: a file, a model folder or a hub name."});
  list.add(
      "vocab_file", vocab_file,
      {.help = "vocab.txt to use instead of the folder's tokenizer, or a model folder or hub name whose tokenizer is "
               "used; required with a preset."});
  list.add(
      "do_lower_case", do_lower_case,
      {.help = "Whether to lower-case texts, instead of the tokenizer files' setting; default: their setting, and true "
               "with vocab_file."});
  list.add("pad_vocabulary", pad_vocabulary, {.help = "Round the vocabulary of the model up to a multiple of 8."});
}

void ModelSource::training_fields(FieldList& list) {
  fields(list);
  const auto add_change = [&](const char* name, double& value, const std::string& what,
                              std::vector<std::string> aliases) {
    list.add(name, value,
             {.help = what + "; -1: the value in config.json.", .min = -1, .max = 1, .aliases = std::move(aliases)});
  };
  add_change("dropout", dropout, "Dropout of hidden states", {"hidden_dropout_prob"});
  add_change("attention_dropout", attention_dropout, "Dropout of attention probabilities",
             {"attention_probs_dropout_prob"});
  add_change("head_dropout", head_dropout, "Dropout before the head", {"classifier_dropout"});
  add_change("initializer_range", initializer_range, "Standard deviation of random weights", {});
  list.accept(
      {"ignore_mismatched_sizes", false, "a head of another shape is left out and a fresh one trained, always"});
}

}  // namespace retort::pretrained
