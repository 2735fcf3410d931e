#include "retort/task/mlm_config.h"

#include "retort/base/error.h"
#include "retort/base/log.h"

namespace retort::task {

void CorpusConfig::fields(FieldList& list, CorpusUse use) {
  list.group("Corpus");
  list.add("data_file", data_file,
           {.help = "Token file to train on; see `retort data binarize`.", .required = use == CorpusUse::kRequired});
  list.add("eval_file", eval_file, {.help = "Token file of held-out text."});
  list.add("token_counts", token_counts,
           {.help = "Token counts, from `retort data count` or the published program's pickle file; empty: "
                    "counted in data_file."});
  rows.fields(list);
  list.add("max_eval_sequences", max_eval_sequences,
           {.help = "Use only the first N held-out sequences.", .unit = "sequences", .min = 1, .all = -1});
  list.add("pseudo_perplexity_sequences", pseudo_perplexity_sequences,
           {.help = "At the end, compute the pseudo-perplexity of N held-out sequences, each token masked in turn.",
            .unit = "sequences",
            .min = 0});
  list.group("Masks");
  masking.fields(list);
}

void LanguageLossConfig::fields(FieldList& list) {
  list.group("Distillation");
  list.add("alpha_ce", alpha_ce, {.help = "Weight of the teacher's soft targets.", .min = 0, .max = 1e6});
  list.add("alpha_mlm", alpha_mlm, {.help = "Weight of masked-token prediction.", .min = 0, .max = 1e6});
  list.add("alpha_clm", alpha_clm, {.help = "Weight of next-token prediction; with --no_mlm.", .min = 0, .max = 1e6});
  list.add("alpha_mse", alpha_mse, {.help = "Weight of the squared distance of the logits.", .min = 0, .max = 1e6});
  list.add("alpha_cos", alpha_cos,
           {.help = "Weight of the cosine distance of the last hidden states.", .min = 0, .max = 1e6});
  list.add("temperature", temperature,
           {.help = "Temperature of both softmax distributions; above 0.", .min = 1e-3, .max = 1e6});
  list.add("mlm", mlm, {.help = "Mask tokens; false: predict the next token, without masks."});
  list.add("restrict_ce_to_mask", restrict_ce_to_mask,
           {.help = "Compare the logits of masked tokens only; faster, but with fewer targets."});
}

void LanguageLossConfig::check() const {
  if (alpha_ce + alpha_mlm + alpha_clm + alpha_mse + alpha_cos <= 0)
    throw UserError("the sum of the weights `alpha_*` must be above 0, but is 0; set one of them above 0");
  if (mlm && alpha_clm > 0)
    throw UserError("`alpha_clm` must be 0 when tokens are masked, but is {}; use --no_mlm with it", alpha_clm);
  if (alpha_clm > 0)
    log_warning(
        "`alpha_clm`: attention in these models sees the next token, so its prediction becomes trivial and teaches "
        "little");
  if (!mlm && alpha_mlm > 0)
    throw UserError("`alpha_mlm` must be 0 with --no_mlm, but is {}; use alpha_clm", alpha_mlm);
  if (!mlm && restrict_ce_to_mask)
    throw UserError("`restrict_ce_to_mask` must be false with --no_mlm, but is true; there is no mask");
}

}  // namespace retort::task
