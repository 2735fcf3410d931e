// What every training command on a token file does before and after its own loss: the model, the corpus with its masks,
// the final scores on held-out text.
#pragma once

#include <memory>

#include "retort/data/source.h"
#include "retort/task/mlm_config.h"
#include "retort/task/mlm_unit.h"
#include "retort/task/training_run.h"
#include "retort/train/training_config.h"

namespace retort::task {

// Throws UserError where corpus and losses contradict each other.
void check_language_settings(const CorpusConfig& corpus, const LanguageLossConfig& losses);

// Loads the model with a masked-LM head; what the folder lacks is initialized at random. Throws UserError when the
// sequences of the corpus are longer than the model takes.
pretrained::LoadedModel load_language_model(const pretrained::ModelSource& source, const CorpusConfig& corpus,
                                            const train::TrainingConfig& training);

// A token file as training sequences, what masks them, and held-out text.
class LanguageCorpus {
 public:
  // Opens the files. Throws UserError when they were made with another vocabulary than the model's.
  LanguageCorpus(const CorpusConfig& config, const pretrained::LoadedModel& loaded);
  LanguageCorpus(const LanguageCorpus&) = delete;
  LanguageCorpus& operator=(const LanguageCorpus&) = delete;

  const data::TokenRowSet& sequences() const { return sequences_; }
  const HeldOutText& held_out() const { return held_out_; }
  // The source's options; each step is masked anew in every epoch, or labeled with the next tokens where `losses.mlm`
  // is false. The options must not outlive the corpus.
  data::ShuffledSourceOptions source_options(const train::TrainingConfig& training,
                                             const LanguageLossConfig& losses) const;

 private:
  std::shared_ptr<const data::TokenFile> file_;
  data::TokenRowSet sequences_;
  data::TokenMasker masker_;
  HeldOutText held_out_;
};

// Evaluates on the held-out text, writes the scores into the folder and finishes the run there. Returns the scores with
// `rates`, what results.json holds; nothing for processes without the folder.
Json finish_language_run(TrainingRun& run, const pretrained::LoadedModel& loaded, MlmUnit& unit,
                         const HeldOutText& held_out, const train::TrainingConfig& training, const Json& rates);

}  // namespace retort::task
