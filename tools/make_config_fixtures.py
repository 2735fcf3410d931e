#!/usr/bin/env python3
"""Writes tests/fixtures/model: what `transformers` makes of each field of config.json, one file for its version.

Usage: python tools/make_config_fixtures.py [output folder]

  fields   for BERT and DistilBERT, every field of the configuration with its default
  probes   a field with another value, and whether the hidden states of a small model become others by it ("error": refused)
  activations   for each name, the first name in this list with the same function on [-20, 20]
"""
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModel, BertConfig, BertModel, DistilBertConfig, DistilBertModel
from transformers.activations import ACT2FN

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "tests/fixtures/model")
SIZES = {"vocab_size": 12, "max_position_embeddings": 16}
BERT = {**SIZES, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12}
DISTILBERT = {**SIZES, "dim": 8, "n_layers": 2, "n_heads": 2, "hidden_dim": 12}
GENERATION = {"bad_words_ids": [[1]], "diversity_penalty": 1.0, "do_sample": True, "early_stopping": True, "length_penalty": 2.0,
              "max_length": 7, "min_length": 2, "no_repeat_ngram_size": 2, "num_beam_groups": 2, "num_beams": 3,
              "num_return_sequences": 2, "repetition_penalty": 2.0, "temperature": 0.5, "top_k": 3, "top_p": 0.5, "typical_p": 0.5}
COMMON = {
    **GENERATION,
    "is_decoder": True, "add_cross_attention": True, "cross_attention_hidden_size": 8, "is_encoder_decoder": True,
    "chunk_size_feed_forward": 1, "position_embedding_type": "relative_key", "use_cache": False, "output_attentions": True,
    "output_hidden_states": True, "return_dict": False, "torchscript": True, "tie_word_embeddings": False,
    "tie_encoder_decoder": True, "use_bfloat16": True, "tf_legacy_loss": True, "gradient_checkpointing": False,
    "problem_type": "multi_label_classification", "finetuning_task": "mnli", "pruned_heads": {"0": [0]},
    "classifier_activation": "tanh", "tie_weights_": False, "bos_token_id": 1, "eos_token_id": 2, "sep_token_id": 3,
    "decoder_start_token_id": 1, "prefix": "a", "tokenizer_class": "BertTokenizer", "task_specific_params": {"a": {"b": 1}},
    "_name_or_path": "somewhere", "transformers_version": "3.0.0", "xla_device": True, "torch_dtype": "float32",
    "adapters": {"a": 1}, "label2id": {"A": 0, "B": 1}, "id2label": {"0": "A", "1": "B", "2": "C"}, "num_labels": 3,
    "pooler_type": "first_token_transform", "pooler_fc_size": 768, "directionality": "bidi", "embedding_size": 4,
    "layer_types": ["full_attention", "full_attention"], "sliding_window": 1, "attention_bias": False, "rope_theta": 10.0,
    "num_key_value_heads": 1, "_attn_implementation_autoset": True, "an_unknown_field": [1, {"a": None}],
}
PROBES = {
    "bert": {**COMMON, "layer_norm_eps": 0.01, "hidden_act": "relu", "classifier_dropout": 0.5, "initializer_range": 0.5,
             "hidden_dropout_prob": 0.5, "attention_probs_dropout_prob": 0.5, "pad_token_id": 3},
    "distilbert": {**COMMON, "layer_norm_eps": 0.01, "hidden_act": "relu", "activation": "relu", "sinusoidal_pos_embds": True,
                   "initializer_range": 0.5, "dropout": 0.5, "attention_dropout": 0.5, "qa_dropout": 0.5,
                   "seq_classif_dropout": 0.5, "pad_token_id": 3, "num_hidden_layers": 1, "num_attention_heads": 4, "hidden_size": 4},
}
ACTIVATIONS = ["gelu", "gelu_new", "relu", "silu", "tanh"]


def hidden_states(folder):
    model = AutoModel.from_pretrained(folder).float().eval()
    ids = torch.tensor([[2, 7, 5, 3], [2, 9, 3, 0]])
    with torch.no_grad():
        out = model(ids, attention_mask=(ids != 0).long())
    return (out[0] if isinstance(out, tuple) else out.last_hidden_state)[ids != 0]


def probe(folder, config, field, value, plain):
    (folder / "config.json").write_text(json.dumps({**config, field: value}))
    try:
        return not torch.allclose(hidden_states(folder), plain, atol=1e-5)
    except Exception:
        return "error"


def make_family(name, config_class, model_class, sizes):
    torch.manual_seed(3)
    model = model_class(config_class(**sizes, initializer_range=0.5))
    config = {"architectures": [model_class.__name__], "model_type": name, **sizes}
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        save_file({key: value.contiguous() for key, value in model.state_dict().items()}, folder / "model.safetensors",
                  metadata={"format": "pt"})
        (folder / "config.json").write_text(json.dumps(config))
        plain = hidden_states(folder)
        rows = [{"field": field, "value": value, "changes": probe(folder, config, field, value, plain)}
                for field, value in PROBES[name].items()]
    return {"config": config, "fields": json.loads(config_class().to_json_string(use_diff=False)), "probes": rows}


def same_function(name):
    x = torch.linspace(-20, 20, 4001)
    values = ACT2FN[name](x)
    return next((known for known in ACTIVATIONS if torch.allclose(ACT2FN[known](x), values, atol=1e-6)), None)


def main():
    ROOT.mkdir(parents=True, exist_ok=True)
    names = [name for name in sorted(ACT2FN) if name not in ("prelu", "xielu")]  # these have parameters
    result = {
        "transformers": transformers.__version__,
        "families": {"bert": make_family("bert", BertConfig, BertModel, BERT),
                     "distilbert": make_family("distilbert", DistilBertConfig, DistilBertModel, DISTILBERT)},
        "activations": {name: same_function(name) for name in names},
    }
    path = ROOT / f"config_fields_{transformers.__version__}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
