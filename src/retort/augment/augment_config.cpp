#include "retort/augment/augment_config.h"

#include <fmt/format.h>

#include "retort/base/error.h"
#include "retort/base/folder.h"
#include "retort/base/output_path.h"
#include "retort/pretrained/input_files.h"

namespace retort::augment {

void AugmentConfig::model_fields(FieldList& list) {
  model.fields(list);
  list.group("Candidates");
  list.add("glove_embs", glove_embs,
           {.help = "Unpacked word vectors in GloVe's text format, for words of several pieces.", .required = true});
  list.add("glove_rows", glove_rows, {.help = "Read only the first N lines of it.", .unit = "lines", .min = 1});
}

void AugmentConfig::word_fields(FieldList& list, const std::string& published_passes) {
  list.add("M", candidates, {.help = "Candidates per word.", .min = 1});
  list.add("words_per_copy", words_per_copy,
           {.help = "Words that are masked together in one input of the model. More are faster; a word is "
                    "then predicted while other words are masked too, which the second half of the input still shows.",
            .min = 1});
  list.add(
      "replace_question_words", replace_question_words,
      {.help = "As in the published program, also replace what, which, who, whom, when, where, why and how, although "
               "they are stop words."});
  list.group("Variants");
  list.add("N", passes,
           {.help = fmt::format("Passes over each text, the maximum number of its variants; -1: {}.", published_passes),
            .min = -1,
            .max = 100000});
  list.add("p", probability, {.help = "Probability that a word with candidates is replaced.", .min = 0, .max = 1});
  list.add("keep_unchanged_text", keep_unchanged_text,
           {.help = "As in the published program, keep variants without replaced words, lower-cased and with "
                    "one space between words."});
  list.add("seed", seed, {.help = "Seed of the random choices."});
}

void AugmentConfig::output_fields(FieldList& list, const std::string& file_name) {
  list.group("Output");
  list.add("output_dir", output_dir,
           {.help = fmt::format("Folder for {}; empty: the folder of the input.", file_name)});
  list.add("output_file", output_file, {.help = "The file to write, instead of output_dir."});
  list.add("overwrite_output_file", overwrite_output_file, {.help = "Replace the file when it exists."});
  inference.fields(list);
  list.add("process_timeout", process_timeout,
           {.help = "With several processes: how long a rank may send no heartbeat before the others give up.",
            .unit = "seconds",
            .min = 1});
}

AugmentOutput AugmentConfig::lock_output(const std::string& input_flag, const std::vector<fs::path>& inputs,
                                         const std::string& file_name) const {
  if (!output_dir.empty() && !output_file.empty())
    throw UserError("`output_file` must be given without `output_dir`, but both are given; remove one");
  const fs::path folder = output_dir.empty() ? inputs.front().parent_path() : fs::path(output_dir);
  const fs::path path = output_file.empty() ? folder / file_name : fs::path(output_file);
  NamedInputs read{{"glove_embs", glove_embs},
                   {"model", pretrained::maybe_model_folder(model.model)},
                   {"vocab_file", model.vocab_file}};
  for (const fs::path& input : inputs) read.emplace_back(input_flag, input);
  check_is_no_input("output_file", path, read);
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    throw UserError("`{}` must be a file, but is a folder; name a file, or use --output_dir", path.string());
  if (path.has_parent_path()) make_folder(path.parent_path());
  auto lock = std::make_unique<OutputLock>(path);
  if (!overwrite_output_file && fs::exists(path))
    throw UserError(
        "`{}` must not exist yet, but does; choose another name, or pass --overwrite_output_file to replace it",
        path.string());
  return {linked_output(path), std::move(lock)};
}

}  // namespace retort::augment
