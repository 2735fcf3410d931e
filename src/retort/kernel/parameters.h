// The parameters of a model in flat memory: one float32 buffer of values, one of gradients, and, in bf16 precision, one
// of bfloat16 copies that the products read. Optimizers sweep over the buffers; operations use a Weight, which is a
// view. Tensors that are used together (query, key, value) can be registered side by side as one Weight, while files
// still see them under their own names.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "retort/kernel/precision.h"

namespace retort::kernel {

// How a fresh parameter is filled: normal with the model's initializer_range, all one, all zero, or the sinusoidal
// table.
enum class Initialization { kNormal, kOne, kZero, kSinusoidal };

// One operand of an operation. The tensors are views of the flat buffers and keep their addresses for the life of the
// ParameterStore. Operations of the fused kind read `value` (rows, biases) or `operand` (products) and add to
// `gradient`; operations of the reference kind use `leaf`, whose autograd gradient is `gradient`.
struct Weight {
  at::Tensor value;     // float32
  at::Tensor gradient;  // float32, same shape
  at::Tensor operand;   // bfloat16 copy in bf16 precision, else `value`
  at::Tensor packed;    // without gradients: `operand` of a product, arranged for it; undefined where that has no form
  at::Tensor leaf;      // `value` as an autograd leaf
  bool trainable = true;
};

// One tensor as files know it.
struct NamedSlice {
  std::string name;
  std::vector<int64_t> shape;
  int64_t offset = 0;  // first element in the flat buffers
  int64_t element_count = 0;
  Initialization initialization = Initialization::kNormal;
  bool is_table = false;
  Weight* weight = nullptr;
};

struct SliceSpec {
  std::vector<std::string> names;  // several: same shape each, stacked along dimension 0 in one Weight
  std::vector<int64_t> shape;      // of each
  Initialization initialization = Initialization::kNormal;
  bool is_table = false;  // rows [.., width] that are looked up: many get no gradient in a step
};

class ParameterStore {
 public:
  ParameterStore() = default;
  ParameterStore(const ParameterStore&) = delete;
  ParameterStore& operator=(const ParameterStore&) = delete;

  // Registers tensors; the Weight gets its memory with `allocate`.
  Weight* add(const SliceSpec& spec);
  // Makes the flat buffers (zeros). Called once, after the last `add`. Without gradients the weights of products are
  // packed whenever the operands are refreshed.
  void allocate(Precision precision, bool with_gradients);
  // Fills every parameter as registered, from the counter-based generator: each by its own name, so adding a layer
  // does not change the others.
  void initialize(uint64_t seed, double initializer_range);
  // The same for one.
  void initialize(const NamedSlice& slice, uint64_t seed, double initializer_range);
  // Brings the bfloat16 copies and the packed weights up to date with the values.
  void refresh_operands();
  // Packs the weights of products, where gradients have kept that from being done, for as long as the result lives;
  // the values must not change meanwhile. Running with packed weights is faster and rounds in its own way, so all
  // evaluation, in training and alone, does it.
  class PackedScope {
   public:
    explicit PackedScope(const ParameterStore& store);
    ~PackedScope();
    PackedScope(const PackedScope&) = delete;
    PackedScope& operator=(const PackedScope&) = delete;

   private:
    const ParameterStore* store_;  // null when the weights were packed before
  };
  void zero_gradients();
  // A parameter that is not trained: its gradient stays zero and optimizers skip it.
  void freeze(const std::string& name);

  const std::vector<NamedSlice>& slices() const { return slices_; }
  const NamedSlice* find(const std::string& name) const;
  at::Tensor tensor(const NamedSlice& slice) const;    // view of the values
  at::Tensor gradient(const NamedSlice& slice) const;  // view of the gradients
  Precision precision() const { return precision_; }
  int64_t parameter_count() const;                     // elements of all named tensors
  int64_t leading_table_elements() const;              // of the tables that the buffers begin with
  at::Tensor values() const { return values_; }        // [N] float32, N includes alignment gaps (always zero)
  at::Tensor gradients() const { return gradients_; }  // [N] float32
  at::Tensor copies() const { return copies_; }        // [N] bfloat16, undefined in float32 precision

 private:
  void round_copies();
  void pack_products() const;

  std::vector<std::unique_ptr<Weight>> weights_;
  std::vector<SliceSpec> specs_;
  std::vector<NamedSlice> slices_;
  at::Tensor values_, gradients_, copies_;
  Precision precision_ = Precision::kFloat32;
  int64_t next_offset_ = 0;
};

}  // namespace retort::kernel
