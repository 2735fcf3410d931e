#include "retort/kernel/attention.h"

#include "retort/base/error.h"
#include "retort/kernel/autograd.h"
#include "retort/kernel/engine.h"
#include "retort/kernel/operation_timer.h"

namespace retort::kernel {

at::Tensor attention(const at::Tensor& qkv, const TokenRows& rows, int64_t heads, const Dropout& dropout) {
  RETORT_CHECK(qkv.size(0) == rows.tokens() && qkv.size(1) % (3 * heads) == 0,
               "attention got [{}, {}] for {} tokens and {} heads", qkv.size(0), qkv.size(1), rows.tokens(), heads);
  const Engine& device = engine();
  const Attention inputs{qkv.detach(), rows, heads, dropout};
  AttentionResult result;
  {
    const OperationTimer timer(Operation::kAttention);
    result = device.attention(inputs);
  }
  if (!is_grad_enabled()) return result.context;
  const at::Tensor context = result.context;
  result.context = context.detach();  // the node must not hold its own output
  return attach_backward(context, {qkv}, [&device, inputs, result](const at::Tensor& grad) {
    const OperationTimer timer(Operation::kAttentionBackward);
    return std::vector<at::Tensor>{device.attention_backward(grad, inputs, result)};
  });
}

}  // namespace retort::kernel
