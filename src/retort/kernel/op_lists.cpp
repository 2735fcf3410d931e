#include "retort/kernel/op_lists.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "retort/base/error.h"
#include "retort/base/file.h"

namespace retort::kernel {

namespace {

using Names = std::vector<std::string>;

enum class Part { kProducts, kAttentionProducts, kAttentionInside, kStored, kInside };

// An operation, or the part of it that has a precision of its own.
struct FusedOperation {
  const char* name;
  Part part;
  Names operators;
};

// `embedding` stands for the lookup of rows, `add` for that of a bias too.
const std::vector<FusedOperation>& fused_operations() {
  static const std::vector<FusedOperation> kAll{
      {"embedding", Part::kStored, {"embedding", "add", "iadd", "layer_norm", "dropout"}},
      {"linear", Part::kProducts, {"linear", "addmm", "mm"}},
      {"attention (products)", Part::kAttentionProducts, {"matmul", "bmm", "baddbmm"}},
      {"attention (softmax)", Part::kAttentionInside, {"div", "truediv", "rsub", "add", "iadd", "softmax", "dropout"}},
      {"add_norm", Part::kStored, {"add", "iadd", "dropout", "layer_norm"}},
      {"bias_activation", Part::kStored, {"add", "gelu", "relu", "silu", "tanh"}},
      {"softmax_loss",
       Part::kInside,
       {"log_softmax", "nll_loss", "cross_entropy", "kl_div", "mse_loss", "div", "truediv"}},
      {"segment_loss", Part::kInside, {"log_softmax", "nll_loss", "cross_entropy", "kl_div", "div", "truediv"}},
      {"cosine_loss", Part::kInside, {"cosine_embedding_loss"}},
      {"relation_loss", Part::kInside, {"softmax", "log_softmax", "kl_div", "mse_loss"}}};
  return kAll;
}

bool has(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_known(const std::string& name) {
  const auto& all = fused_operations();
  return std::any_of(all.begin(), all.end(), [&](const FusedOperation& each) { return has(each.operators, name); });
}

Names both_of(const Names& wanted, const Names& list) {
  Names found;
  for (const std::string& name : wanted)
    if (has(list, name)) found.push_back(name);
  return found;
}

Names read_list(const std::string& file) {
  std::istringstream lines(read_file(file));
  Names names;
  for (std::string name; lines >> name;) names.push_back(name);
  return names;
}

bool is_family(const std::string& word) { return word == "bert" || word == "distilbert"; }

// What the lists ask of a group of operators.
struct Wish {
  Names bf16, fp32;

  Wish(const Names& operators, const OpLists& lists)
      : bf16(both_of(operators, lists.bf16)), fp32(both_of(operators, lists.fp32)) {}
  bool is_split() const { return !bf16.empty() && !fp32.empty(); }
  bool is_empty() const { return bf16.empty() && fp32.empty(); }
  std::string text() const {
    Names parts;
    for (const auto& [names, list] : {std::pair(&bf16, "bf16"), std::pair(&fp32, "fp32")})
      if (!names->empty()) parts.push_back(fmt::format("{} in {}", fmt::join(*names, ", "), list));
    return fmt::format("{}", fmt::join(parts, " and "));
  }
};

const FusedOperation& operation_of(Part part) {
  const auto& all = fused_operations();
  return *std::find_if(all.begin(), all.end(), [&](const FusedOperation& each) { return each.part == part; });
}

// The precision of products, and why.
struct Decision {
  bool is_bf16 = true;
  std::string by;
};

// Operators of no list take the widest of their inputs: weights are float32, and the inputs of attention are results of
// linear. Where the lists ask for both, the operation is one and stays in bfloat16, as the run is.
Decision decide(const Wish& wish, const Decision& of_inputs) {
  if (wish.is_empty()) return of_inputs;
  if (wish.is_split()) return {true, "--precision, since the lists ask for both"};
  return {wish.fp32.empty(), fmt::format("the list of {}", wish.fp32.empty() ? "bf16" : "fp32")};
}

void warn_of_split(const char* operation, const Wish& wish, PrecisionPlan& plan) {
  if (wish.is_split())
    plan.warnings.push_back(fmt::format("the op lists ask for {}, but `{}` is one operation here: it runs in bf16",
                                        wish.text(), operation));
}

// In the published programs the sum that follows reads float32 then. Of other results the next reader is a matmul,
// which rounds them in any case.
void warn_of_results(const OpLists& lists, PrecisionPlan& plan) {
  if (plan.has_bf16_products && has(lists.fp32, "layer_norm"))
    plan.warnings.push_back(
        "the op lists ask for layer_norm in fp32, but `add_norm` and `embedding` compute it in float32 and store it in "
        "bf16");
}

void warn_of_unknown(const OpLists& lists, PrecisionPlan& plan) {
  for (const auto& [list, name] : {std::pair(&lists.bf16, "bf16"), std::pair(&lists.fp32, "fp32")})
    for (const std::string& each : *list)
      if (!is_known(each))
        plan.warnings.push_back(fmt::format(
            "the op list of {} names `{}`, but no operation here has an operator of this name", name, each));
}

std::string precision_of(Part part, const std::string& precision) {
  if (precision == "fp32" || part == Part::kInside) return "fp32";
  if (part == Part::kStored || part == Part::kAttentionInside) return "fp32, stored in " + precision;
  return precision + ", sums in fp32";
}

// What decides each group of operations.
struct TableRows {
  std::string precision, products_by;  // of linear
  std::string attention, attention_by;
};

void fill_table(const TableRows& rows, PrecisionPlan& plan) {
  constexpr const char* kFused = "fusion: one pass over its rows";
  for (const FusedOperation& each : fused_operations()) {
    const bool is_attention = each.part == Part::kAttentionProducts || each.part == Part::kAttentionInside;
    const std::string& precision = is_attention ? rows.attention : rows.precision;
    const std::string by = each.part == Part::kProducts            ? rows.products_by
                           : each.part == Part::kAttentionProducts ? rows.attention_by
                           : each.part == Part::kAttentionInside   ? "the precision of its products"
                           : precision == "fp32"                   ? "the precision of linear"
                                                                   : kFused;
    plan.operations.push_back({each.name, each.operators, precision_of(each.part, precision), by});
  }
}

const char* name_of(const Decision& decision) { return decision.is_bf16 ? "bf16" : "fp32"; }

}  // namespace

OpLists published_op_lists(const std::string& family) {
  if (family == "bert")
    return {.bf16 = {"add", "addmm", "bmm", "div", "dropout", "gelu", "iadd", "linear", "layer_norm", "matmul", "mm",
                     "rsub", "softmax", "truediv"},
            .fp32 = {"embedding", "nll_loss", "log_softmax"}};
  RETORT_CHECK(family == "distilbert", "there are no op lists of `{}`", family);
  return {.bf16 = {"add", "addmm", "bmm", "dropout", "gelu", "iadd", "linear", "layer_norm", "matmul", "mm", "rsub"},
          .fp32 = {"embedding", "nll_loss", "log_softmax", "truediv", "div", "softmax"}};
}

OpLists load_op_lists(const OpListSettings& settings) {
  const auto load = [](const std::string& word, Names OpLists::*list) {
    return is_family(word) ? published_op_lists(word).*list : read_list(word);
  };
  OpLists lists{.bf16 = load(settings.bf16, &OpLists::bf16), .fp32 = load(settings.fp32, &OpLists::fp32)};
  if (const Names both = both_of(lists.bf16, lists.fp32); !both.empty())
    throw UserError(
        "an operator must be in one of the lists `hmp_bf16` ({}) and `hmp_fp32` ({}), but `{}` is in both; take it out "
        "of one",
        settings.bf16, settings.fp32, both.front());
  return lists;
}

PrecisionPlan plan_precisions(const OpListSettings& settings, const OpLists& lists) {
  PrecisionPlan plan;
  if (settings.opt_level == "O2") {
    fill_table({"bf16", "O2: matmuls in bf16", "bf16", "O2: matmuls in bf16"}, plan);
    return plan;
  }
  const Wish linear(operation_of(Part::kProducts).operators, lists),
      attention(operation_of(Part::kAttentionProducts).operators, lists);
  const Decision products = decide(linear, {false, "promotion: no list has its operators, and weights are float32"}),
                 of_attention = decide(attention, {products.is_bf16, "promotion: as linear, whose results it takes"});
  plan.has_bf16_products = products.is_bf16, plan.has_bf16_attention = of_attention.is_bf16;
  warn_of_unknown(lists, plan);
  warn_of_split("linear", linear, plan);
  warn_of_split("attention", attention, plan);
  warn_of_results(lists, plan);
  fill_table({name_of(products), products.by, name_of(of_attention), of_attention.by}, plan);
  return plan;
}

PrecisionPlan plan_precisions(const std::string& precision) {
  PrecisionPlan plan{.has_bf16_products = false, .has_bf16_attention = false};
  fill_table({precision, "--precision", precision, "--precision"}, plan);
  return plan;
}

std::vector<std::string> plan_lines(const PrecisionPlan& plan) {
  std::vector<std::string> lines{fmt::format("{:<21} {:<22} {}", "operation", "precision", "decided by: operators")};
  for (const OperationPrecision& each : plan.operations)
    lines.push_back(fmt::format("{:<21} {:<22} {}: {}", each.operation, each.precision, each.decided_by,
                                fmt::join(each.operators, ", ")));
  return lines;
}

}  // namespace retort::kernel
