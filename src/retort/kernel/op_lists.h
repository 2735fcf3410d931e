// The operator lists of published mixed-precision runs (--hmp_bf16, --hmp_fp32, --hmp_opt_level), and what they mean
// for operations that are fused. A published program casts the inputs of each operator: to bfloat16 for those of one
// list, to float32 for those of the other, and to the widest of its inputs for the rest. An operation here is several
// of their operators in one pass, so a list decides the precision of matmuls only: of `linear`, which is that of the
// run, and of `attention`, which casts its input and output where its own is another. The rest is computed in float32
// and stored in the precision of the run.
#pragma once

#include <string>
#include <vector>

namespace retort::kernel {

struct OpLists {
  std::vector<std::string> bf16, fp32;
};

struct OpListSettings {
  // Each is the file of a list, one operator a line, or `bert` or `distilbert`: the published lists.
  std::string bf16 = "bert", fp32 = "bert";
  // O1: the lists decide. O2: matmuls in bfloat16 and everything else in float32, whatever the lists say.
  std::string opt_level = "O1";
};

// The lists of Habana's programs for BERT (pre-training and fine-tuning) and DistilBERT. `family`: bert or distilbert.
OpLists published_op_lists(const std::string& family);

// Reads the lists. Throws UserError for a file that cannot be read and for an operator in both lists.
OpLists load_op_lists(const OpListSettings& settings);

// One row of what --hmp_verbose prints.
struct OperationPrecision {
  std::string operation;               // "add_norm"
  std::vector<std::string> operators;  // published ones that it does
  std::string precision;               // "fp32, stored in bf16"
  std::string decided_by;
};

struct PrecisionPlan {
  bool has_bf16_products = true;   // of linear; false: the run is one in float32
  bool has_bf16_attention = true;  // the matmuls inside attention
  std::vector<OperationPrecision> operations = {};
  std::vector<std::string> warnings = {};  // operators that no operation has, and wishes that a fused operation ignores
};

// What runs in which precision in a bf16 run with these settings.
PrecisionPlan plan_precisions(const OpListSettings& settings, const OpLists& lists);
// The same for a run without lists, by its --precision: fp32 or fp16.
PrecisionPlan plan_precisions(const std::string& precision);

// The operations of a plan as lines of a table.
std::vector<std::string> plan_lines(const PrecisionPlan& plan);

}  // namespace retort::kernel
