// Writes a model's outputs for comparison with another program.
//   retort forward --model DIR --input batch.jsonl --output out.safetensors
// Reads one {"input_ids": [...], "token_type_ids": [...]} per line (token types default to 0); writes, for line N,
// float32 last_hidden_state.N [S, H], pooled.N [H], logits.N of the head (question answering [S, 2], sequence
// classification [C], token classification [S, C], masked LM [S, V]), next_sentence_logits.N [2], and on request
// hidden_states.L.N [S, H] of the embeddings (0) and each layer.
#pragma once

#include "retort/pretrained/inference_config.h"
#include "retort/pretrained/model_source.h"

namespace retort::recipe {

struct ForwardConfig {
  pretrained::ModelSource model;
  std::string input, output;
  bool output_hidden_states = false;
  pretrained::InferenceConfig inference;

  ForwardConfig() { inference.precision = "fp32"; }
  void fields(FieldList& list) {
    model.fields(list);
    list.group("Input and output");
    list.add("input", input, {.help = "JSON lines with input_ids and token_type_ids.", .required = true});
    list.add("output", output, {.help = "The safetensors file to write.", .required = true});
    list.add("output_hidden_states", output_hidden_states,
             {.help = "Also write the hidden states of the embeddings and every layer."});
    inference.fields(list);
  }
};

// Returns the number of sequences and tokens.
Json forward(const ForwardConfig& config);

}  // namespace retort::recipe
