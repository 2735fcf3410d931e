// The inner loops on rows of plain memory, one table of functions per instruction set. The loops are ordinary C++ in
// cpu/loops.inl, compiled once per instruction set (cpu/variant.cpp with different flags); `table()` picks the best one
// that this processor has. Every function works on a range of rows in the caller's thread.
#pragma once

#include <cstdint>

namespace retort::kernel::cpu {

// bfloat16 as bits; the loops convert to float, compute, and round to nearest even.
struct Bf16 {
  uint16_t bits;
};

enum class Activation { kGeluErf, kGeluTanh, kRelu, kSwish, kTanh };

// z = residual + dropout(y + bias); out = gamma * (z - mean) * rstd + beta. `residual`, `bias` may be null.
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

// The partial sums are [3, width] floats (bias, gamma, beta) that the call adds to.
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

// out = dropout(norm(word[id] + position[p] + segment[s])); the tables are [.., width] floats. segment may be null.
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

// grad_sum [rows, width] floats is the gradient of the sum of the three embeddings; partial sums as in AddNormBackward.
template <typename T>
struct EmbedBackward {
  EmbedForward<T> forward;  // the same inputs; out is not used
  const T* grad_out = nullptr;
  float* grad_sum = nullptr;
};

// Attention of one head of one sequence: length S, width D; rows of q, k, v, out lie `stride` elements apart.
template <typename T>
struct AttentionHead {
  int64_t length = 0, width = 0;
  int64_t stride = 0, out_stride = 0;
  const T* q = nullptr;
  const T* k = nullptr;
  const T* v = nullptr;
  T* out = nullptr;
  float* log_sum = nullptr;  // [S] natural logarithm of the sum of exponentials of the scaled scores
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

// Losses over the classes of a row (see kernel/softmax_loss.h); terms whose weight is 0 are left out.
template <typename T>
struct SoftmaxLossRows {
  int64_t width = 0;
  const T* logits = nullptr;
  const T* teacher = nullptr;
  const int32_t* labels = nullptr;  // negative: no label; null: none at all
  float temperature = 1, hard_weight = 0, soft_weight = 0, squared_weight = 0;
  T* gradient = nullptr;  // of the weighted sum; may be null
  float* hard = nullptr;  // [rows] each, without weight
  float* soft = nullptr;
  float* squared = nullptr;
};

// 1 - cos of rows and its gradient for the states (see kernel/cosine_loss.h).
template <typename T>
struct CosineRows {
  int64_t width = 0;
  const T* states = nullptr;
  const T* targets = nullptr;
  T* gradient = nullptr;  // may be null
  float* distances = nullptr;
};

// How a row of the student's scores differs from the teacher's.
enum class RelationDistance { kDivergence, kSquared, kCosine };

// What the scores x y^T * scale of one head of one sequence are made of; rows lie `stride` elements apart.
template <typename T>
struct RelationSide {
  int64_t width = 0, stride = 0;
  float scale = 1;
  const T* x = nullptr;
  const T* y = nullptr;  // may equal x
};

// The distance between a student's and a teacher's scores (see kernel/relation_loss.h). The gradient's rows lie
// student.stride apart.
template <typename T>
struct RelationHead {
  int64_t length = 0;
  RelationDistance distance = RelationDistance::kDivergence;
  RelationSide<T> student, teacher;
  T* grad_x = nullptr;  // null: no gradient is wanted
  T* grad_y = nullptr;  // null where y is x: grad_x then gets both parts
};

// C = A B + bias, or sum += A B, of whole matrices: A [rows, inner], B [inner, columns], C [rows, columns].
template <typename T>
struct MatrixProduct {
  int64_t rows = 0, columns = 0, inner = 0;
  const T* a = nullptr;
  const T* b = nullptr;
  int64_t a_stride = 0, b_stride = 0;  // elements between the rows that lie in memory
  bool a_transposed = false;           // A lies as [inner, rows]; else rows of bfloat16 must hold an even number
  bool b_transposed = false;           // B lies as [columns, inner]
  const T* bias = nullptr;             // [columns]; may be null
  T* out = nullptr;                    // rows `columns` apart
  float* sum = nullptr;                // instead of `out` and `bias`
};

// B is packed into panels of so many columns, the last one filled up with zeros.
constexpr int64_t kPanelColumns = 32;
// Rows of C that are summed at once; rows of a transposed A that are copied at once, whole cache lines of it; and the
// words of 32 bits of each of them, where C is added to: copy and panels then fit the second cache.
constexpr int64_t kTileRows = 12, kCopiedRows = 96, kCopiedWords = 240;
// The same for products in float arithmetic, of which every A is copied; and the columns of C whose sums wait
// meanwhile.
constexpr int64_t kCopiedFloats = 384, kWaitingColumns = 1024;

// What panels and copies of A hold: nothing, where the library's products are used; the elements as they are, two
// bfloat16 numbers in a word (product.inl); or floats whatever the elements are (float_product.inl).
enum class ProductForm { kNone, kWords, kFloats };

struct ProductBlock {
  int64_t row_begin = 0, row_end = 0, panel_begin = 0, panel_end = 0;
  int64_t words_at_once = 0;  // of copied rows of A
};

// One step of an optimizer on ranges of the flat buffers.
struct UpdateStep {
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

template <typename T>
struct RowFunctions {
  void (*add_norm_forward)(const AddNormForward<T>&, int64_t begin, int64_t end);
  void (*add_norm_backward)(const AddNormBackward<T>&, float* partial, int64_t begin, int64_t end);
  void (*bias_activation_forward)(const BiasActivation<T>&, int64_t begin, int64_t end);
  void (*bias_activation_backward)(const BiasActivation<T>&, float* partial, int64_t begin, int64_t end);
  void (*column_sum)(const T* rows, int64_t width, float* partial, int64_t begin, int64_t end);
  void (*embed_forward)(const EmbedForward<T>&, int64_t begin, int64_t end);
  void (*embed_backward)(const EmbedBackward<T>&, float* partial, int64_t begin, int64_t end);
  void (*softmax_loss)(const SoftmaxLossRows<T>&, int64_t begin, int64_t end);
  void (*cosine_loss)(const CosineRows<T>&, int64_t begin, int64_t end);
  // scratch: attention_scratch_bytes(length, width) bytes, 64-byte aligned
  void (*attention_forward)(const AttentionHead<T>&, void* scratch);
  void (*attention_backward)(const AttentionHead<T>&, void* scratch);
  // the sum over rows; scratch: relation_scratch_bytes(...) bytes, 64-byte aligned
  double (*relation_loss)(const RelationHead<T>&, void* scratch);
  ProductForm product_form = ProductForm::kNone;
  // Null without a form. panels: panel_elements(inner) elements each, 64-byte aligned; scratch:
  // product_scratch_bytes(...) bytes, 64-byte aligned.
  void (*pack_panels)(const MatrixProduct<T>&, T* panels, int64_t begin, int64_t end);
  void (*multiply_panels)(const MatrixProduct<T>&, const T* panels, const ProductBlock&, void* scratch);
};

struct Table {
  const char* name;
  RowFunctions<float> f32;
  RowFunctions<Bf16> bf16;
  void (*adam_step)(const UpdateStep&, int64_t begin, int64_t end);
  void (*decay_step)(const UpdateStep&, int64_t begin, int64_t end);   // what adam_step does where g = m = v = 0
  void (*lamb_update)(const UpdateStep&, int64_t begin, int64_t end);  // moments; the update takes the gradient's place
  void (*lamb_apply)(const UpdateStep&, int64_t begin, int64_t end);   // p -= step_size * update; gradient = 0
  void (*add_to)(float* sum, const Bf16* term, int64_t count);
  void (*round_to_bf16)(Bf16* out, const float* in, int64_t count);
  double (*sum_of_squares)(const float* values, int64_t count);
};

// The table for this processor (or the one named by RETORT_CPU: generic, avx2, avx512, avx512_bf16, amx).
const Table& table();

// Bytes of scratch that attention_forward/backward need at most.
int64_t attention_scratch_bytes(int64_t length, int64_t width);
// The same for relation_loss.
int64_t relation_scratch_bytes(int64_t length, int64_t student_width, int64_t teacher_width);

template <typename T>
const RowFunctions<T>& row_functions();

}  // namespace retort::kernel::cpu
