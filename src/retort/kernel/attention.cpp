#include "retort/kernel/attention.h"

#include "retort/base/error.h"
#include "retort/kernel/autograd.h"
#include "retort/kernel/element_type.h"
#include "retort/kernel/engine.h"
#include "retort/kernel/operation_timer.h"

namespace retort::kernel {

namespace {

std::optional<Precision> chosen_precision;

at::Tensor in_chosen_precision(const at::Tensor& x) {
  return chosen_precision ? x.to(element_type(*chosen_precision)) : x;
}

}  // namespace

void set_attention_precision(std::optional<Precision> precision) { chosen_precision = precision; }
std::optional<Precision> attention_precision() { return chosen_precision; }

at::Tensor attention(const at::Tensor& qkv, const TokenRows& rows, int64_t heads, const Dropout& dropout) {
  RETORT_CHECK(qkv.size(0) == rows.tokens() && qkv.size(1) % (3 * heads) == 0,
               "attention got [{}, {}] for {} tokens and {} heads", qkv.size(0), qkv.size(1), rows.tokens(), heads);
  const Engine& device = engine();
  const at::Tensor given = qkv.detach();
  Attention inputs{given, rows, heads, dropout};
  AttentionResult result;
  at::Tensor context;
  {
    const OperationTimer timer(Operation::kAttention);
    inputs.qkv = in_chosen_precision(given);
    result = device.attention(inputs);
    context = result.context.to(given.scalar_type());
  }
  if (!is_grad_enabled()) return context;
  result.context = result.context.detach();  // the node must not hold its own output
  inputs.qkv = given;                        // nor what is cast again
  return attach_backward(context, {qkv}, [&device, inputs, result](const at::Tensor& grad) {
    const OperationTimer timer(Operation::kAttentionBackward);
    Attention own = inputs;
    own.qkv = in_chosen_precision(inputs.qkv);
    return std::vector<at::Tensor>{
        device.attention_backward(grad.to(own.qkv.scalar_type()), own, result).to(inputs.qkv.scalar_type())};
  });
}

}  // namespace retort::kernel
