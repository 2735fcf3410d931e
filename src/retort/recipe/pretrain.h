// Pre-trains an encoder on text.
//   retort pretrain --objective mlm --model DIR --data_file corpus.tokens --eval_file held_out.tokens --output_dir OUT
//   retort pretrain --objective mlm_nsp --model preset:bert-base-uncased --vocab_file vocab.txt --data_dir SHARDS
//   --output_dir OUT --phase 1
// With `mlm`: masked tokens of a token file, with the embeddings tied to the head, so that any encoder gets a masked-LM
// head. With `mlm_nsp`: masked tokens and the next-sentence label of pairs of sentences, as BERT was pre-trained
// (Devlin et al. 2019, 3.1), in one or two phases; leaves a folder that BertForPreTraining loads.
// Reference: BERT-large, LAMB, 7,038 steps of 65,536 x 128 and 1,563 of 32,768 x 512 tokens: SQuAD F1 91 (NVIDIA).
#pragma once

#include "retort/recipe/pretrain_config.h"

namespace retort::recipe {

// Returns the scores and rates that results.json holds; with two phases {"phase1": ..., "phase2": ...}.
Json pretrain(const PretrainConfig& config);

}  // namespace retort::recipe
