#include "retort/task/mlm_config.h"

#include "retort/base/error.h"
#include "retort/base/log.h"

namespace retort::task {

void CorpusConfig::fields(FieldList& list, CorpusUse use) {
  list.group("Corpus");
  list.add("data_file", data_file,
           {.help = "Token file to learn from; see `retort data binarize`.", .required = use == CorpusUse::kRequired});
  list.add("eval_file", eval_file, {.help = "Token file of held-out text."});
  list.add("token_counts", token_counts,
           {.help = "Counts of the tokens, from `retort data count` or the pickle of the published program; empty: "
                    "counted in data_file."});
  rows.fields(list);
  list.add("max_eval_sequences", max_eval_sequences,
           {.help = "Held-out sequences that are used, from the first.", .unit = "sequences", .min = 1, .all = -1});
  list.add("pseudo_perplexity_sequences", pseudo_perplexity_sequences,
           {.help = "At the end: pseudo-perplexity over so many held-out sequences, each token masked in turn.",
            .unit = "sequences",
            .min = 0});
  list.group("Masks");
  masking.fields(list);
}

void LanguageLossConfig::fields(FieldList& list) {
  list.group("Distillation");
  list.add("alpha_ce", alpha_ce, {.help = "Weight of the teacher's soft targets.", .min = 0, .max = 1e6});
  list.add("alpha_mlm", alpha_mlm, {.help = "Weight of the masked tokens.", .min = 0, .max = 1e6});
  list.add("alpha_clm", alpha_clm, {.help = "Weight of the next tokens; with --no_mlm.", .min = 0, .max = 1e6});
  list.add("alpha_mse", alpha_mse, {.help = "Weight of the squared distance of the logits.", .min = 0, .max = 1e6});
  list.add("alpha_cos", alpha_cos,
           {.help = "Weight of the cosine distance of the last hidden states.", .min = 0, .max = 1e6});
  list.add("temperature", temperature, {.help = "Softens both distributions; above 0.", .min = 1e-3, .max = 1e6});
  list.add("mlm", mlm, {.help = "Mask tokens; off: the next token is the label, and nothing is masked."});
  list.add("restrict_ce_to_mask", restrict_ce_to_mask,
           {.help = "Compare the logits of masked tokens only, not of all; faster, and less to learn from."});
}

void LanguageLossConfig::check() const {
  if (alpha_ce + alpha_mlm + alpha_clm + alpha_mse + alpha_cos <= 0)
    throw UserError("the weights `alpha_*` must add up to more than 0, but are all 0; give one of them a weight");
  if (mlm && alpha_clm > 0)
    throw UserError("`alpha_clm` must be 0 where tokens are masked, but is {}; use --no_mlm with it", alpha_clm);
  if (alpha_clm > 0)
    log_warning(
        "`alpha_clm`: attention in these models sees the next token, so its prediction is soon perfect and teaches "
        "little");
  if (!mlm && alpha_mlm > 0)
    throw UserError("`alpha_mlm` must be 0 with --no_mlm, but is {}; use alpha_clm", alpha_mlm);
  if (!mlm && restrict_ce_to_mask)
    throw UserError("`restrict_ce_to_mask` must be off with --no_mlm, but is on; there is no mask");
}

}  // namespace retort::task
