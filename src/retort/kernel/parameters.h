// The parameters of a model in flat memory: one float32 buffer of values, one of gradients, and, in bf16 and
// fp16 precision, one of copies of that type, which matmul reads. Optimizers sweep over the buffers; an operation uses
// a Weight, which is a view. Tensors that are used together (query, key, value) can be registered side by side as one
// Weight, and keep their own names in files.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "retort/kernel/precision.h"

namespace retort::kernel {

// The initial values of a parameter: normal with the model's initializer_range, all one, all zero, or the sinusoidal
// position table.
enum class Initialization { kNormal, kOne, kZero, kSinusoidal };

// Whether a store has memory for gradients: for training.
enum class GradientMemory { kNone, kAllocated };

// One parameter of an operation. The tensors are views of the flat buffers and keep their addresses for the life of the
// ParameterStore. An operation reads `value`, or `operand` in a matmul with its bias, and adds to `gradient`.
struct Weight {
  at::Tensor value;     // float32
  at::Tensor gradient;  // float32, same shape
  at::Tensor operand;   // copy in bfloat16 or half precision, or `value` in float32 precision
  at::Tensor
      packed;  // `operand` in the layout of matmul, where nothing trains; undefined where there is no such layout
  bool trainable = true;
};

// One tensor under its name in files.
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
  std::vector<std::string> names;  // several tensors of one shape are stacked along dimension 0 in one Weight
  std::vector<int64_t> shape;      // of each
  Initialization initialization = Initialization::kNormal;
  bool is_table = false;  // an embedding table: many of its rows get no gradient in a step
};

// Fills `values` [element_count] with the initial values of the slice from the counter-based generator, keyed by its
// name, so adding a layer does not change the other parameters.
void fill_initial_values(const NamedSlice& slice, uint64_t seed, double initializer_range, float* values);

class ParameterStore {
 public:
  ParameterStore() = default;
  ParameterStore(const ParameterStore&) = delete;
  ParameterStore& operator=(const ParameterStore&) = delete;

  // Registers tensors; the Weight gets its memory with `allocate`.
  Weight* add(const SliceSpec& spec);
  // Makes the flat buffers (zeros) on the device of the process. Called once, after the last `add`. Without gradient
  // memory, refresh_operands packs the weights of matmuls too.
  void allocate(Precision precision, GradientMemory gradient_memory);
  // Fills every parameter with its initial values.
  void initialize(uint64_t seed, double initializer_range);
  // The same for one parameter.
  void initialize(const NamedSlice& slice, uint64_t seed, double initializer_range);
  // Brings the copies and the packed weights up to date with the values.
  void refresh_operands();
  // Packs the weights of matmuls in a store with gradient memory for as long as the object lives; the values must not
  // change meanwhile. Packed weights are faster and round in their own way, so every evaluation uses them, during
  // training too.
  class PackedScope {
   public:
    explicit PackedScope(const ParameterStore& store);
    ~PackedScope();
    PackedScope(const PackedScope&) = delete;
    PackedScope& operator=(const PackedScope&) = delete;

   private:
    const ParameterStore* store_;  // null when the store keeps its weights packed
  };
  void zero_gradients();
  // Calls `edit` with the values in host memory, and brings them back where they lie on another device. Call
  // refresh_operands after it.
  void edit_values(const std::function<void(float*)>& edit);
  // The values in host memory: themselves, or a copy.
  at::Tensor host_values() const;
  // A parameter that is not trained: its gradient stays zero and optimizers skip it.
  void freeze(const std::string& name);

  const std::vector<NamedSlice>& slices() const { return slices_; }
  const NamedSlice* find(const std::string& name) const;
  at::Tensor tensor(const NamedSlice& slice) const;    // view of the values
  at::Tensor gradient(const NamedSlice& slice) const;  // view of the gradients
  Precision precision() const { return precision_; }
  int64_t parameter_count() const;                     // elements of all named tensors
  int64_t leading_table_elements() const;              // of the embedding tables at the start of the buffers
  at::Tensor values() const { return values_; }        // [N] float32, N includes alignment gaps (always zero)
  at::Tensor gradients() const { return gradients_; }  // [N] float32
  at::Tensor copies() const { return copies_; }        // [N] bfloat16 or half, undefined in float32 precision

 private:
  void pack_weights() const;

  std::vector<std::unique_ptr<Weight>> weights_;
  std::vector<SliceSpec> specs_;
  std::vector<NamedSlice> slices_;
  at::Tensor values_, gradients_, copies_;
  Precision precision_ = Precision::kFloat32;
  int64_t next_offset_ = 0;
};

}  // namespace retort::kernel
