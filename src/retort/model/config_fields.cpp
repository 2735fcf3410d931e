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
    {"use_cache", FieldUse::kHarmless, "keys and values are kept for decoders alone"},
    {"chunk_size_feed_forward", FieldUse::kHarmless, "saves memory; the numbers are the same"},
    {"output_attentions", FieldUse::kHarmless, "the command says what is written"},
    {"output_hidden_states", FieldUse::kHarmless, "the command says what is written"},
    {"output_scores", FieldUse::kHarmless, "of text generation"},
    {"return_dict", FieldUse::kHarmless, "a form of Python's results"},
    {"return_dict_in_generate", FieldUse::kHarmless, "of text generation"},
    {"torchscript", FieldUse::kHarmless, "for export from Python"},
    {"use_bfloat16", FieldUse::kHarmless, "of TensorFlow"},
    {"tf_legacy_loss", FieldUse::kHarmless, "of TensorFlow"},
    {"xla_device", FieldUse::kHarmless, "of TPUs"},
    {"gradient_checkpointing", FieldUse::kHarmless, "saves memory in training; a flag says it here"},
    {"cross_attention_hidden_size", FieldUse::kHarmless, "needs add_cross_attention"},
    {"tie_encoder_decoder", FieldUse::kHarmless, "needs is_encoder_decoder"},
    {"finetuning_task", FieldUse::kHarmless, "a note; dropped by training for another task"},
    {"task_specific_params", FieldUse::kHarmless, "of text generation"},
    {"tokenizer_class", FieldUse::kHarmless, "the tokenizer's files say it"},
    {"prefix", FieldUse::kHarmless, "of text generation"},
    {"bos_token_id", FieldUse::kHarmless, "of text generation"},
    {"eos_token_id", FieldUse::kHarmless, "of text generation"},
    {"sep_token_id", FieldUse::kHarmless, "the tokenizer's files say it"},
    {"decoder_start_token_id", FieldUse::kHarmless, "of text generation"},
    {"_name_or_path", FieldUse::kHarmless, "a note"},
    {"name_or_path", FieldUse::kHarmless, "a note"},
    {"_commit_hash", FieldUse::kHarmless, "a note"},
    {"transformers_version", FieldUse::kHarmless, "a note"},
    {"_attn_implementation_autoset", FieldUse::kHarmless, "another way to the same numbers"},
    {"_attn_implementation", FieldUse::kHarmless, "another way to the same numbers"},
    {"attn_implementation", FieldUse::kHarmless, "another way to the same numbers"},
    {"loss_type", FieldUse::kHarmless, "the command says what is trained"},
    {"language", FieldUse::kHarmless, "a note of older folders"},
    {"name", FieldUse::kHarmless, "a note of older folders"},
    {"output_past", FieldUse::kHarmless, "of decoders"},
    {"directionality", FieldUse::kHarmless, "of Google's folders, never read"},
    {"pooler_fc_size", FieldUse::kHarmless, "of Google's folders, never read"},
    {"pooler_num_attention_heads", FieldUse::kHarmless, "of Google's folders, never read"},
    {"pooler_num_fc_layers", FieldUse::kHarmless, "of Google's folders, never read"},
    {"pooler_size_per_head", FieldUse::kHarmless, "of Google's folders, never read"},
    {"pooler_type", FieldUse::kHarmless, "of Google's folders, never read"},
    {"bad_words_ids", FieldUse::kHarmless, "of text generation"},
    {"begin_suppress_tokens", FieldUse::kHarmless, "of text generation"},
    {"diversity_penalty", FieldUse::kHarmless, "of text generation"},
    {"do_sample", FieldUse::kHarmless, "of text generation"},
    {"early_stopping", FieldUse::kHarmless, "of text generation"},
    {"encoder_no_repeat_ngram_size", FieldUse::kHarmless, "of text generation"},
    {"exponential_decay_length_penalty", FieldUse::kHarmless, "of text generation"},
    {"forced_bos_token_id", FieldUse::kHarmless, "of text generation"},
    {"forced_eos_token_id", FieldUse::kHarmless, "of text generation"},
    {"length_penalty", FieldUse::kHarmless, "of text generation"},
    {"max_length", FieldUse::kHarmless, "of text generation"},
    {"min_length", FieldUse::kHarmless, "of text generation"},
    {"no_repeat_ngram_size", FieldUse::kHarmless, "of text generation"},
    {"num_beam_groups", FieldUse::kHarmless, "of text generation"},
    {"num_beams", FieldUse::kHarmless, "of text generation"},
    {"num_return_sequences", FieldUse::kHarmless, "of text generation"},
    {"remove_invalid_values", FieldUse::kHarmless, "of text generation"},
    {"repetition_penalty", FieldUse::kHarmless, "of text generation"},
    {"suppress_tokens", FieldUse::kHarmless, "of text generation"},
    {"temperature", FieldUse::kHarmless, "of text generation"},
    {"top_k", FieldUse::kHarmless, "of text generation"},
    {"top_p", FieldUse::kHarmless, "of text generation"},
    {"typical_p", FieldUse::kHarmless, "of text generation"},
    {"position_embedding_type", FieldUse::kFixed, "relative positions are not computed here", R"("absolute")"},
    {"is_decoder", FieldUse::kFixed, "attention to the left alone is not computed here: take an encoder", "false"},
    {"add_cross_attention", FieldUse::kFixed,
     "attention to another model's states is not computed here: take an encoder", "false"},
    {"is_encoder_decoder", FieldUse::kFixed, "pairs of encoder and decoder are not supported: take an encoder",
     "false"},
    {"quantization_config", FieldUse::kFixed,
     "quantized models are not read: take the model from before, or save it dequantized", "null"},
    {"adapters", FieldUse::kFixed, "adapters are not computed here: merge them into the weights first", "null"},
    {"per_layer_config", FieldUse::kFixed, "layers of different shapes are not supported", "null"},
    {"auto_map", FieldUse::kFixed,
     "it asks for code of the model's own to be run, which is never done; use a folder without it", "null"},
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
        allowed.is_null() ? "not be there"
                          : fmt::format("be {}", allowed.is_string() ? allowed.get<std::string>() : allowed.dump());
    problems.push_back(fmt::format("`{}`: field `{}` must {}, but is `{}`; {}", subject, field.name, must,
                                   found->dump().substr(0, 60), field.reason));
  }
  return problems;
}

}  // namespace retort::model
