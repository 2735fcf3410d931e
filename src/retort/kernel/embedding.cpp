#include "retort/kernel/embedding.h"

#include "retort/kernel/autograd.h"
#include "retort/kernel/engine.h"
#include "retort/kernel/operation_timer.h"

namespace retort::kernel {

at::Tensor embed(const TokenRows& rows, const EmbeddingWeights& weights, Precision precision, const Dropout& dropout) {
  const Engine& device = engine();
  at::Tensor out;
  {
    const OperationTimer timer(Operation::kEmbedding);
    out = device.embed(rows, weights, precision, dropout);
  }
  if (!is_grad_enabled()) return out;
  return attach_backward(out, {}, [&device, rows, weights, dropout](const at::Tensor& grad) {
    const OperationTimer timer(Operation::kEmbeddingBackward);
    device.embed_backward(grad, rows, weights, dropout);
    return std::vector<at::Tensor>();
  });
}

}  // namespace retort::kernel
