// What the published programs of pre-training share: one phase as a command `retort pretrain`.
#pragma once

#include "retort/compat/program.h"

namespace retort::compat {

// Reasons why options of these programs change no result.
inline constexpr const char* kAllReduce = "gradients are summed over the processes once a step, in float32";
inline constexpr const char* kDlloggerFile = "OUTPUT_DIR/train_log.jsonl holds DLLogger's lines";

// Sets what the published program does without an option for it: both objectives, LAMB, its schedule, its log.
void set_pretraining(Translator& translator, Step& step);

// Sets the model, random weights of the sizes of `bert_model` (bert-base-uncased, ...) or of `config_file`, "" for
// none; and the vocabulary: `--vocab_file`, the file that the published preparation of data used, or that of the model
// of this name.
void set_model_sizes(Translator& translator, Step& step, const std::string& bert_model, const std::string& config_file);

// Where a phase reads and writes checkpoints.
struct PhaseStart {
  int phase = 1;
  std::string checkpoints;          // the published folder of ckpt_N.pt
  std::string init_checkpoint;      // "" or None: none
  bool begins_with_phase1 = false;  // phase 2 takes the weights and moments of phase 1
  std::string phase1_end_step;      // N of the last ckpt_N.pt of phase 1
};

// Sets the output folder, `checkpoints`/phase1 or phase2, and what the phase starts from.
void set_start(Translator& translator, Step& step, const PhaseStart& start);

// Lets the command continue the run that its output folder holds, if it holds one.
void continue_run(Translator& translator, Step& step);

}  // namespace retort::compat
