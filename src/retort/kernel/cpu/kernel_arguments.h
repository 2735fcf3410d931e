// What the CPU kernels take: plain pointers and sizes, one struct for each operation. T is float or Bf16, and rows lie
// one after another, `width` elements each, unless a stride says otherwise. The header includes no function with
// external linkage, since isa_kernels.cpp includes it.
#pragma once

#include <cstdint>

#include "retort/kernel/activation_kind.h"
#include "retort/kernel/distance.h"

namespace retort::kernel::cpu {

// The bits of a bfloat16 number; kernels widen it to float32, compute, and round to nearest even.
struct Bf16 {
  uint16_t bits;
};

// The widest row that the layer-norm kernels hold on the stack, in elements.
constexpr int64_t kMaxNormWidth = 8192;

// z = residual + dropout(y + bias); out = gamma * (z - mean) * rstd + beta. `residual` and `bias` may be null.
template <typename T>
struct AddNormForward {
  int64_t width = 0;
  const T* y = nullptr;
  const T* residual = nullptr;
  const float* bias = nullptr;
  const float* gamma = nullptr;
  const float* beta = nullptr;
  float epsilon = 0;
  const int64_t* row_keys = nullptr;
  uint64_t site = 0;
  uint32_t drop_threshold = 0;
  float keep_scale = 1;
  T* z = nullptr;  // saved for the backward pass; may be null
  T* out = nullptr;
  float* mean = nullptr;
  float* rstd = nullptr;
};

// The kernel adds to partial sums [3, width] in float32: the gradients of bias, gamma and beta.
template <typename T>
struct AddNormBackward {
  int64_t width = 0;
  const T* grad_out = nullptr;
  const T* z = nullptr;
  const float* gamma = nullptr;
  const float* mean = nullptr;
  const float* rstd = nullptr;
  const int64_t* row_keys = nullptr;
  uint64_t site = 0;
  uint32_t drop_threshold = 0;
  float keep_scale = 1;
  T* grad_residual = nullptr;
  T* grad_y = nullptr;  // may equal grad_residual when nothing is dropped
};

template <typename T>
struct BiasActivation {
  int64_t width = 0;
  Activation activation = Activation::kGeluErf;
  const T* x = nullptr;
  const float* bias = nullptr;
  T* out = nullptr;             // forward
  const T* grad_out = nullptr;  // backward
  T* grad_x = nullptr;          // backward
};

// out = dropout(norm(word[id] + position[p] + segment[s])); the tables are [.., width] float32. `segment` may be null.
template <typename T>
struct EmbedForward {
  int64_t width = 0;
  const int64_t* ids = nullptr;
  const int64_t* positions = nullptr;
  const int64_t* segments = nullptr;
  const float* word = nullptr;
  const float* position = nullptr;
  const float* segment = nullptr;
  const float* gamma = nullptr;
  const float* beta = nullptr;
  float epsilon = 0;
  const int64_t* row_keys = nullptr;
  uint64_t site = 0;
  uint32_t drop_threshold = 0;
  float keep_scale = 1;
  T* out = nullptr;
};

// grad_sum [rows, width] float32 is the gradient of the sum of the three embeddings; partial sums as in
// AddNormBackward.
template <typename T>
struct EmbedBackward {
  EmbedForward<T> forward;  // the same inputs; `out` is not used
  const T* grad_out = nullptr;
  float* grad_sum = nullptr;
};

// Attention of one head of one sequence with S = length and D = width; rows of q, k and v lie `stride` elements apart.
template <typename T>
struct AttentionHead {
  int64_t length = 0, width = 0;
  int64_t stride = 0, out_stride = 0;
  const T* q = nullptr;
  const T* k = nullptr;
  const T* v = nullptr;
  T* out = nullptr;
  float* log_sum = nullptr;  // [S] log-sum-exp of the scaled scores
  float scale = 1;
  const int64_t* row_keys = nullptr;
  uint64_t site = 0;
  uint32_t drop_threshold = 0;
  float keep_scale = 1;
  // backward only
  const T* grad_out = nullptr;  // rows out_stride apart
  T* grad_q = nullptr;          // rows stride apart
  T* grad_k = nullptr;
  T* grad_v = nullptr;
};

// The losses of kernel/softmax_loss.h over rows of `width` classes; a term of weight 0 is not computed.
template <typename T>
struct SoftmaxLoss {
  int64_t width = 0;
  const T* logits = nullptr;
  const T* teacher = nullptr;
  const int32_t* labels = nullptr;  // a negative number: no label; null: no row has a label
  float temperature = 1, hard_weight = 0, soft_weight = 0, squared_weight = 0;
  T* gradient = nullptr;  // of the weighted sum; may be null
  float* hard = nullptr;  // [rows] each, not weighted
  float* soft = nullptr;
  float* squared = nullptr;
};

// The loss of kernel/cosine_loss.h: 1 - cos of each row, and its gradient by the states.
template <typename T>
struct CosineLoss {
  int64_t width = 0;
  const T* states = nullptr;
  const T* targets = nullptr;
  T* gradient = nullptr;  // may be null
  float* distances = nullptr;
};

// The operands of the scores x y^T * scale of one head of one sequence; rows lie `stride` elements apart.
template <typename T>
struct RelationSide {
  int64_t width = 0, stride = 0;
  float scale = 1;
  const T* x = nullptr;
  const T* y = nullptr;  // may equal x
};

// The distance between a student's and a teacher's scores (kernel/relation_loss.h). Rows of the gradient lie
// student.stride elements apart.
template <typename T>
struct RelationHead {
  int64_t length = 0;
  Distance distance = Distance::kDivergence;
  RelationSide<T> student, teacher;
  T* grad_x = nullptr;  // null: the caller wants no gradient
  T* grad_y = nullptr;  // null where y is x: grad_x then gets both gradients
};

// C = A B + bias, or sum += A B: A [M, K], B [K, N], C [M, N].
template <typename T>
struct Matmul {
  int64_t m = 0, n = 0, k = 0;
  const T* a = nullptr;
  const T* b = nullptr;
  int64_t a_stride = 0, b_stride = 0;  // elements between the rows as they are stored
  bool a_transposed = false;  // A is stored as [K, M]; else a row of bfloat16 must hold an even number of elements
  bool b_transposed = false;  // B is stored as [N, K]
  const T* bias = nullptr;    // [N]; may be null
  T* out = nullptr;           // C, rows N elements apart
  float* sum = nullptr;       // [M, N] float32, instead of `out` and `bias`
};

// Block sizes of Matmul under their BLIS names. A micro-kernel sums MR x NR elements of C in registers over KC elements
// of K. MC x KC elements of A are packed at a time and stay in the L2 cache while the macro-kernel goes over its panels
// of B.
// Columns of a panel of B, the last of which is filled with zeros: NR of the AVX-512 kernel, a multiple of the portable
// kernel's.
constexpr int64_t kPanelColumns = 32;
// MC in rows of A: a multiple of both kernels' MR, and whole cache lines of a transposed A.
constexpr int64_t kMc = 96;
// MR of the AVX-512 kernel in rows of C: with NR = 32 its sums take 24 of the 32 vector registers.
constexpr int64_t kAvx512Mr = 12;
// KC of the AVX-512 kernel in words of 32 bits, where it adds to C: MC x KC takes 90 KiB of the L2 cache.
constexpr int64_t kAvx512Kc = 240;
// KC of the portable kernel in float32 numbers: MC x KC takes 144 KiB of the L2 cache.
constexpr int64_t kPortableKc = 384;
// NC of the portable kernel in columns of C: MC x NC partial sums, 384 KiB, are kept from one block of K to the next.
constexpr int64_t kPortableNc = 1024;

// What panels of B and packed blocks of A hold.
enum class PackedFormat {
  kNone,     // no micro-kernel for the element type: LibTorch multiplies
  kWords,    // words of 32 bits: a float32 number or two bfloat16 numbers, neighbors in K (matmul_avx512.inl)
  kFloat32,  // float32 numbers for both element types (matmul_portable.inl)
};

// The part of C that one call of the macro-kernel computes.
struct MatmulBlock {
  int64_t row_begin = 0, row_end = 0, panel_begin = 0, panel_end = 0;
  int64_t kc = 0;  // in the units of the format: words or float32 numbers
};

// One step of an optimizer on ranges of the flat buffers.
struct OptimizerStep {
  float* parameter = nullptr;
  float* gradient = nullptr;  // set to zero after use
  float* moment1 = nullptr;
  float* moment2 = nullptr;
  Bf16* copy = nullptr;  // bfloat16 copy of the parameter; may be null
  float gradient_scale = 1, beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
  float rest1 = 0.1f, rest2 = 0.001f;      // 1 - beta, subtracted in double: in float 1 - 0.999f is off by 1e-5
  float step_size = 0;                     // Hugging Face: lr * sqrt(1 - beta2^t) / (1 - beta1^t), or lr
  float decay_after = 0;                   // p -= decay_after * p after the update (AdamW)
  float decay_in_update = 0;               // update += decay_in_update * p (BertAdam: times the learning rate; LAMB)
  float correction1 = 1, correction2 = 1;  // LAMB: 1 / (1 - beta^t)
};

}  // namespace retort::kernel::cpu
