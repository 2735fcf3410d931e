#include "retort/recipe/forward.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <fstream>

#include "retort/base/error.h"
#include "retort/base/output_path.h"
#include "retort/checkpoint/safetensors.h"
#include "retort/pretrained/input_files.h"
#include "retort/pretrained/model_folder.h"
#include "retort/task/json_lines_input.h"
#include "retort/train/process_setup.h"
#include "retort/train/runtime_precision.h"

namespace retort::recipe {

namespace {

// Collects named tensors for a file and keeps their memory.
class TensorOutput {
 public:
  void add(const std::string& name, const at::Tensor& tensor) {
    kept_.push_back(tensor.to(at::kFloat).cpu().contiguous());
    const at::Tensor& kept = kept_.back();
    tensors_.push_back(
        {name,
         checkpoint::Dtype::kF32,
         kept.sizes().vec(),
         {static_cast<const std::byte*>(kept.data_ptr()), static_cast<size_t>(kept.numel()) * sizeof(float)}});
  }
  void write(const fs::path& path) const { checkpoint::write_safetensors(path, tensors_); }

 private:
  std::vector<at::Tensor> kept_;
  std::vector<checkpoint::NamedTensor> tensors_;
};

kernel::Ragged read_sequences(const std::string& path, const model::ModelConfig& config) {
  std::error_code ignored;
  if (fs::is_character_file(path, ignored) && !fs::equivalent(path, "/dev/stdin", ignored))
    throw UserError("`{}` must be a file of JSON lines, but is a device; use a file or a pipe", path);
  std::ifstream file(path);
  if (!file) throw UserError("`{}` must be a readable file of JSON lines, but cannot be opened", path);
  task::JsonLinesInput lines(file, path);
  kernel::Ragged sequences;
  while (const auto line = lines.maybe_next()) {
    const std::vector<int32_t> ids = lines.integers_of(*line, "input_ids");
    std::vector<int32_t> types(ids.size(), 0);
    if (line->contains("token_type_ids")) types = lines.integers_of(*line, "token_type_ids");
    if (ids.empty() || static_cast<int64_t>(ids.size()) > config.max_position_embeddings)
      throw UserError("`{}`: field `input_ids` must hold 1 to {} ids, but holds {}", lines.place(),
                      config.max_position_embeddings, ids.size());
    if (types.size() != ids.size())
      throw UserError("`{}`: field `token_type_ids` must have the length of `input_ids`, {}, but has {}", lines.place(),
                      ids.size(), types.size());
    for (const int32_t id : ids)
      if (id >= config.vocab_size)
        throw UserError("`{}`: field `input_ids` must hold ids below {}, but holds {}", lines.place(),
                        config.vocab_size, id);
    for (const int32_t type : types)  // DistilBERT has no token types and ignores them
      if (config.type_vocab_size > 0 && type >= config.type_vocab_size)
        throw UserError("`{}`: field `token_type_ids` must hold types below {}, but holds {}", lines.place(),
                        config.type_vocab_size, type);
    sequences.append(ids, types);
  }
  if (sequences.sequences() == 0) throw UserError("`{}` must hold at least one sequence, but is empty", path);
  return sequences;
}

void add_outputs(const model::Model& model, const model::ModelOutput& output, const kernel::TokenRows& rows,
                 int64_t first, bool with_hidden_states, TensorOutput& out) {
  const bool per_token = output.logits.defined() && output.logits.size(0) == rows.tokens() &&
                         model.head() != model::Head::kSequenceClassification &&
                         model.head() != model::Head::kMultipleChoice;
  for (int64_t b = 0; b < rows.sequences(); ++b) {
    const int64_t start = rows.starts[b], length = rows.starts[b + 1] - start;
    const std::string suffix = "." + std::to_string(first + b);
    const auto of_sequence = [&](const at::Tensor& tensor) { return tensor.narrow(0, start, length); };
    out.add("last_hidden_state" + suffix, of_sequence(output.hidden_states.back()));
    if (with_hidden_states)
      for (size_t l = 0; l < output.hidden_states.size(); ++l)
        out.add("hidden_states." + std::to_string(l) + suffix, of_sequence(output.hidden_states[l]));
    if (output.pooled.defined()) out.add("pooled" + suffix, output.pooled[b]);
    if (output.logits.defined()) out.add("logits" + suffix, per_token ? of_sequence(output.logits) : output.logits[b]);
    if (output.next_sentence_logits.defined()) out.add("next_sentence_logits" + suffix, output.next_sentence_logits[b]);
  }
}

}  // namespace

Json forward(const ForwardConfig& config) {
  check_is_no_input("output", config.output,
                    {{"input", config.input},
                     {"model", pretrained::maybe_model_folder(config.model.model)},
                     {"vocab_file", config.model.vocab_file}});
  train::set_up_process(config.inference);
  const at::NoGradGuard no_grad;
  const pretrained::LoadedModel loaded = pretrained::load_model(
      config.model, {.needs_tokenizer = false, .model = {.precision = train::precision_of(config.inference)}});
  const kernel::Ragged sequences = read_sequences(config.input, loaded.model->config());
  TensorOutput out;
  int64_t first = 0;
  while (first < sequences.sequences()) {  // as many sequences as fit the token budget, at least one
    kernel::Ragged batch;
    const int64_t begin = first;
    while (first < sequences.sequences()) {
      const int32_t start = sequences.starts[first], end = sequences.starts[first + 1];
      if (batch.tokens() > 0 && batch.tokens() + end - start > config.inference.max_tokens_per_batch) break;
      const auto count = static_cast<size_t>(end - start);
      batch.append(std::span(sequences.ids).subspan(start, count), std::span(sequences.segments).subspan(start, count));
      ++first;
    }
    const kernel::TokenRows rows = kernel::make_token_rows(batch);
    add_outputs(*loaded.model, loaded.model->forward(rows, {.keep_hidden_states = config.output_hidden_states}), rows,
                begin, config.output_hidden_states, out);
  }
  out.write(linked_output(config.output));
  return {{"sequences", sequences.sequences()}, {"tokens", sequences.tokens()}, {"output", config.output}};
}

}  // namespace retort::recipe
