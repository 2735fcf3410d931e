#include "retort/recipe/model_source.h"

namespace retort::recipe {

void ModelSource::fields(FieldList& list) {
  list.group("Model");
  list.add("model", model,
           {.help = "A model folder, a hub name in the local cache, or preset:NAME for random weights.",
            .aliases = {"model_name_or_path", "model_dir"},
            .required = true});
  list.add("vocab_file", vocab_file,
           {.help = "vocab.txt to use instead of the folder's tokenizer; needed with a preset."});
  list.add("do_lower_case", do_lower_case,
           {.help = "With vocab_file: whether text is lower-cased.", .choices = {"", "true", "false"}});
  list.add("pad_vocabulary", pad_vocabulary, {.help = "Round the vocabulary of the model up to a multiple of 8."});
}

}  // namespace retort::recipe
