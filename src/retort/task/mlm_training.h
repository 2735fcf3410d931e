// The steps that all training commands on token files share: load the model, load the corpus with its masking, write
// the final scores on held-out text.
#pragma once

#include <memory>

#include "retort/data/source.h"
#include "retort/task/mlm_config.h"
#include "retort/task/mlm_unit.h"
#include "retort/task/training_run.h"
#include "retort/train/training_config.h"

namespace retort::task {

// Throws UserError when corpus and losses contradict each other.
void check_language_settings(const CorpusConfig& corpus, const LanguageLossConfig& losses);

// Loads the model with a masked-LM head; missing parameters get random weights. Throws UserError when the model has
// fewer positions than the sequences of the corpus.
pretrained::LoadedModel load_language_model(const pretrained::ModelSource& source, const CorpusConfig& corpus,
                                            const train::TrainingConfig& training);

// The training sequences of a token file, their masking, and held-out text.
class LanguageCorpus {
 public:
  // Opens the files. Throws UserError when their vocabulary is not the model's.
  LanguageCorpus(const CorpusConfig& config, const pretrained::LoadedModel& loaded);
  LanguageCorpus(const LanguageCorpus&) = delete;
  LanguageCorpus& operator=(const LanguageCorpus&) = delete;

  const data::TokenRowSet& sequences() const { return sequences_; }
  const HeldOutText& held_out() const { return held_out_; }
  // Returns the options of the source. Each step gets new masks in every epoch, or the next tokens as labels if
  // `losses.mlm` is false. The corpus must outlive the options.
  data::ShuffledSourceOptions source_options(const train::TrainingConfig& training,
                                             const LanguageLossConfig& losses) const;

 private:
  std::shared_ptr<const data::TokenFile> file_;
  data::TokenRowSet sequences_;
  data::TokenMasker masker_;
  HeldOutText held_out_;
};

// Evaluates on the held-out text, writes the scores into the folder and finishes the run. Returns the scores and
// `rates`, the content of results.json; null on ranks without the folder.
Json finish_language_run(TrainingRun& run, const pretrained::LoadedModel& loaded, MlmUnit& unit,
                         const HeldOutText& held_out, const train::TrainingConfig& training, const Json& rates);

}  // namespace retort::task
