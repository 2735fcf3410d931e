// See config_fields.h. Sources: configuration_utils.py, configuration_bert.py and configuration_distilbert.py of
// transformers 4.46 and 5.24, and what modeling_bert.py and modeling_distilbert.py read of them.
#include "retort/model/config_fields.h"

#include <fmt/format.h>

#include <algorithm>

namespace retort::model {

namespace {

constexpr ConfigField kFields[] = {
    {"vocab_size", FieldUse::kRead, ""},
    {"hidden_size", FieldUse::kRead, ""},
    {"num_hidden_layers", FieldUse::kRead, ""},
    {"num_attention_heads", FieldUse::kRead, ""},
    {"intermediate_size", FieldUse::kRead, ""},
    {"hidden_act", FieldUse::kRead, ""},
    {"hidden_dropout_prob", FieldUse::kRead, ""},
    {"attention_probs_dropout_prob", FieldUse::kRead, ""},
    {"classifier_dropout", FieldUse::kRead, ""},
    {"max_position_embeddings", FieldUse::kRead, ""},
    {"type_vocab_size", FieldUse::kRead, ""},
    {"initializer_range", FieldUse::kRead, ""},
    {"layer_norm_eps", FieldUse::kRead, ""},
    {"pad_token_id", FieldUse::kRead, ""},
    {"dim", FieldUse::kRead, ""},
    {"n_layers", FieldUse::kRead, ""},
    {"n_heads", FieldUse::kRead, ""},
    {"hidden_dim", FieldUse::kRead, ""},
    {"activation", FieldUse::kRead, ""},
    {"dropout", FieldUse::kRead, ""},
    {"attention_dropout", FieldUse::kRead, ""},
    {"qa_dropout", FieldUse::kRead, ""},
    {"seq_classif_dropout", FieldUse::kRead, ""},
    {"sinusoidal_pos_embds", FieldUse::kRead, ""},
    {"tie_word_embeddings", FieldUse::kRead, ""},
    {"tie_weights_", FieldUse::kRead, ""},
    {"model_type", FieldUse::kRead, ""},
    {"architectures", FieldUse::kRead, ""},
    {"id2label", FieldUse::kRead, ""},
    {"label2id", FieldUse::kRead, ""},
    {"num_labels", FieldUse::kRead, ""},
    {"_num_labels", FieldUse::kRead, ""},
    {"problem_type", FieldUse::kRead, ""},
    {"pruned_heads", FieldUse::kRead, ""},
    {"torch_dtype", FieldUse::kRead, ""},
    {"dtype", FieldUse::kRead, ""},
    {"use_cache", FieldUse::kIgnored, "used only by decoders"},
    {"chunk_size_feed_forward", FieldUse::kIgnored, "saves memory without changing results"},
    {"output_attentions", FieldUse::kIgnored, "the command determines the outputs"},
    {"output_hidden_states", FieldUse::kIgnored, "the command determines the outputs"},
    {"output_scores", FieldUse::kIgnored, "text generation only"},
    {"return_dict", FieldUse::kIgnored, "Python API only"},
    {"return_dict_in_generate", FieldUse::kIgnored, "text generation only"},
    {"torchscript", FieldUse::kIgnored, "for export from Python"},
    {"use_bfloat16", FieldUse::kIgnored, "TensorFlow only"},
    {"tf_legacy_loss", FieldUse::kIgnored, "TensorFlow only"},
    {"xla_device", FieldUse::kIgnored, "TPUs only"},
    {"gradient_checkpointing", FieldUse::kIgnored, "saves memory in training; set by a flag here"},
    {"cross_attention_hidden_size", FieldUse::kIgnored, "needs add_cross_attention"},
    {"tie_encoder_decoder", FieldUse::kIgnored, "needs is_encoder_decoder"},
    {"finetuning_task", FieldUse::kIgnored, "informational; removed when trained for another task"},
    {"task_specific_params", FieldUse::kIgnored, "text generation only"},
    {"tokenizer_class", FieldUse::kIgnored, "defined by the tokenizer files"},
    {"prefix", FieldUse::kIgnored, "text generation only"},
    {"bos_token_id", FieldUse::kIgnored, "text generation only"},
    {"eos_token_id", FieldUse::kIgnored, "text generation only"},
    {"sep_token_id", FieldUse::kIgnored, "defined by the tokenizer files"},
    {"decoder_start_token_id", FieldUse::kIgnored, "text generation only"},
    {"_name_or_path", FieldUse::kIgnored, "informational"},
    {"name_or_path", FieldUse::kIgnored, "informational"},
    {"_commit_hash", FieldUse::kIgnored, "informational"},
    {"transformers_version", FieldUse::kIgnored, "informational"},
    {"_attn_implementation_autoset", FieldUse::kIgnored, "another implementation of the same computation"},
    {"_attn_implementation", FieldUse::kIgnored, "another implementation of the same computation"},
    {"attn_implementation", FieldUse::kIgnored, "another implementation of the same computation"},
    {"loss_type", FieldUse::kIgnored, "the command determines the loss"},
    {"language", FieldUse::kIgnored, "informational, in older folders"},
    {"name", FieldUse::kIgnored, "informational, in older folders"},
    {"output_past", FieldUse::kIgnored, "used only by decoders"},
    {"directionality", FieldUse::kIgnored, "written by Google's scripts, never read"},
    {"pooler_fc_size", FieldUse::kIgnored, "written by Google's scripts, never read"},
    {"pooler_num_attention_heads", FieldUse::kIgnored, "written by Google's scripts, never read"},
    {"pooler_num_fc_layers", FieldUse::kIgnored, "written by Google's scripts, never read"},
    {"pooler_size_per_head", FieldUse::kIgnored, "written by Google's scripts, never read"},
    {"pooler_type", FieldUse::kIgnored, "written by Google's scripts, never read"},
    {"bad_words_ids", FieldUse::kIgnored, "text generation only"},
    {"begin_suppress_tokens", FieldUse::kIgnored, "text generation only"},
    {"diversity_penalty", FieldUse::kIgnored, "text generation only"},
    {"do_sample", FieldUse::kIgnored, "text generation only"},
    {"early_stopping", FieldUse::kIgnored, "text generation only"},
    {"encoder_no_repeat_ngram_size", FieldUse::kIgnored, "text generation only"},
    {"exponential_decay_length_penalty", FieldUse::kIgnored, "text generation only"},
    {"forced_bos_token_id", FieldUse::kIgnored, "text generation only"},
    {"forced_eos_token_id", FieldUse::kIgnored, "text generation only"},
    {"length_penalty", FieldUse::kIgnored, "text generation only"},
    {"max_length", FieldUse::kIgnored, "text generation only"},
    {"min_length", FieldUse::kIgnored, "text generation only"},
    {"no_repeat_ngram_size", FieldUse::kIgnored, "text generation only"},
    {"num_beam_groups", FieldUse::kIgnored, "text generation only"},
    {"num_beams", FieldUse::kIgnored, "text generation only"},
    {"num_return_sequences", FieldUse::kIgnored, "text generation only"},
    {"remove_invalid_values", FieldUse::kIgnored, "text generation only"},
    {"repetition_penalty", FieldUse::kIgnored, "text generation only"},
    {"suppress_tokens", FieldUse::kIgnored, "text generation only"},
    {"temperature", FieldUse::kIgnored, "text generation only"},
    {"top_k", FieldUse::kIgnored, "text generation only"},
    {"top_p", FieldUse::kIgnored, "text generation only"},
    {"typical_p", FieldUse::kIgnored, "text generation only"},
    {"position_embedding_type", FieldUse::kFixed, "relative positions are not supported", R"("absolute")"},
    {"is_decoder", FieldUse::kFixed, "causal attention is not supported: use an encoder", "false"},
    {"add_cross_attention", FieldUse::kFixed, "cross-attention is not supported: use an encoder", "false"},
    {"is_encoder_decoder", FieldUse::kFixed, "encoder-decoder models are not supported: use an encoder", "false"},
    {"quantization_config", FieldUse::kFixed,
     "quantized models are not supported: use the original model, or save it dequantized", "null"},
    {"adapters", FieldUse::kFixed, "adapters are not supported: merge them into the weights first", "null"},
    {"per_layer_config", FieldUse::kFixed, "layers of different shapes are not supported", "null"},
    {"auto_map", FieldUse::kFixed,
     "it requires executing code from the model folder, which is never done; use a folder without it", "null"},
};

}  // namespace

std::span<const ConfigField> config_fields() { return kFields; }

const ConfigField* maybe_config_field(std::string_view name) {
  const auto row = std::ranges::find(kFields, name, &ConfigField::name);
  return row == std::end(kFields) ? nullptr : &*row;
}

std::vector<std::string> find_refused_fields(const Json& json, const std::string& subject) {
  std::vector<std::string> problems;
  for (const ConfigField& field : kFields) {
    if (field.use != FieldUse::kFixed) continue;
    const auto found = json.find(field.name);
    if (found == json.end() || found->empty()) continue;  // empty: null, {} or []
    const Json allowed = Json::parse(field.allowed);
    if (*found == allowed) continue;
    const std::string must =
        allowed.is_null() ? "be absent"
                          : fmt::format("be {}", allowed.is_string() ? allowed.get<std::string>() : allowed.dump());
    problems.push_back(fmt::format("`{}`: field `{}` must {}, but is `{}`; {}", subject, field.name, must,
                                   found->dump().substr(0, 60), field.reason));
  }
  return problems;
}

}  // namespace retort::model
