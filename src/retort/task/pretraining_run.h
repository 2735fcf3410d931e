// What pre-training on pairs of sentences does before and after its loss: the model, the data, the checkpoint it starts
// from, the final scores.
#pragma once

#include <memory>

#include "retort/data/source.h"
#include "retort/task/pretraining_unit.h"
#include "retort/task/training_run.h"
#include "retort/train/source_options.h"

namespace retort::task {

// Loads the model with the masked-LM and next-sentence heads; what the folder lacks is initialized at random. The
// vocabulary is padded to a multiple of 8, as the published programs do.
pretrained::LoadedModel load_pretraining_model(const pretrained::ModelSource& source,
                                               const train::TrainingConfig& training);

// Where a run starts: at step 0 with the weights and moments of `checkpoint`, or at its step.
struct InitialCheckpoint {
  std::string
      path;  // of a checkpoint of ours, a run folder (its newest checkpoint) or a published ckpt_N.pt; empty: none
  bool continues_steps = false;  // ckpt_N.pt: optimizer, schedule and step counter go on where the file stands
};

// Lets the run start from the checkpoint. Throws UserError when there is none, and when it belongs to another model.
void start_from(const InitialCheckpoint& checkpoint, TrainingRun& run, pretrained::LoadedModel& loaded);

// Evaluates on the held-out pairs, writes the scores into the folder and finishes the run there. Returns the scores
// with `rates`, what results.json holds; nothing for processes without the folder.
Json finish_pretraining_run(TrainingRun& run, const pretrained::LoadedModel& loaded, PretrainingUnit& unit,
                            const Json& rates);

}  // namespace retort::task
