// The CPU kernels, one table of functions for each instruction set. Kernels are C++ in cpu/*.inl, compiled once for
// each instruction set (cpu/isa_kernels.cpp with other flags each time); `kernel_table()` picks the best table for this
// processor. A kernel works on a range of rows in the caller's thread.
#pragma once

#include "retort/kernel/cpu/kernel_arguments.h"

namespace retort::kernel::cpu {

// The kernels for elements of type T.
template <typename T>
struct Kernels {
  void (*add_norm_forward)(const AddNormForward<T>&, int64_t begin, int64_t end);
  void (*add_norm_backward)(const AddNormBackward<T>&, float* partial, int64_t begin, int64_t end);
  void (*bias_activation_forward)(const BiasActivation<T>&, int64_t begin, int64_t end);
  void (*bias_activation_backward)(const BiasActivation<T>&, float* partial, int64_t begin, int64_t end);
  void (*column_sum)(const T* rows, int64_t width, float* partial, int64_t begin, int64_t end);
  void (*embed_forward)(const EmbedForward<T>&, int64_t begin, int64_t end);
  void (*embed_backward)(const EmbedBackward<T>&, float* partial, int64_t begin, int64_t end);
  void (*softmax_loss)(const SoftmaxLoss<T>&, int64_t begin, int64_t end);
  void (*cosine_loss)(const CosineLoss<T>&, int64_t begin, int64_t end);
  // scratch: attention_scratch_bytes(length, width) bytes, 64-byte aligned
  void (*attention_forward)(const AttentionHead<T>&, void* scratch);
  void (*attention_backward)(const AttentionHead<T>&, void* scratch);
  // Returns the sum over the rows of scores. scratch: relation_scratch_bytes(...) bytes, 64-byte aligned.
  double (*relation_loss)(const RelationHead<T>&, void* scratch);
  PackedFormat packed_format = PackedFormat::kNone;
  // Both are null in the format kNone. `panels` is 64-byte aligned; packed_matmul.cpp computes its size and that of
  // `scratch`, which is 64-byte aligned too.
  void (*pack_b_panels)(const Matmul<T>&, T* panels, int64_t begin, int64_t end);
  void (*macro_kernel)(const Matmul<T>&, const T* panels, const MatmulBlock&, void* scratch);
};

struct KernelTable {
  const char* name;
  Kernels<float> f32;
  Kernels<Bf16> bf16;
  void (*adam_step)(const OptimizerStep&, int64_t begin, int64_t end);
  void (*decay_step)(const OptimizerStep&, int64_t begin, int64_t end);  // adam_step where g = m = v = 0
  void (*lamb_update)(const OptimizerStep&, int64_t begin,
                      int64_t end);                                      // moments; writes the update over the gradient
  void (*lamb_apply)(const OptimizerStep&, int64_t begin, int64_t end);  // p -= step_size * update; gradient = 0
  void (*add_to)(float* sum, const Bf16* term, int64_t count);
  void (*round_to_bf16)(Bf16* out, const float* in, int64_t count);
  double (*sum_of_squares)(const float* values, int64_t count);
};

// The table for this processor (or the one named by RETORT_CPU: generic, avx2, avx512, avx512_bf16, amx).
const KernelTable& kernel_table();

// The kernels of `kernel_table()` for T = float or Bf16.
template <typename T>
const Kernels<T>& kernels();

// An upper bound of the bytes of scratch that attention_forward and attention_backward need.
int64_t attention_scratch_bytes(int64_t length, int64_t width);
// The same for relation_loss.
int64_t relation_scratch_bytes(int64_t length, int64_t student_width, int64_t teacher_width);

}  // namespace retort::kernel::cpu
