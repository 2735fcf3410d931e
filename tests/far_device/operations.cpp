// The operations of the far device: the processor's, on tensors over the same memory at its other address.
#include <ATen/Context.h>
#include <ATen/EmptyTensor.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/op_registration/adaption.h>
#include <ATen/native/Resize.h>
#include <ATen/ops/_local_scalar_dense.h>
#include <ATen/ops/addmm.h>
#include <c10/core/CPUAllocator.h>
#include <torch/library.h>

#include <cstring>
#include <utility>
#include <vector>

#include "far_device/memory.h"
#include "far_device/recording.h"

namespace retort::far_device {

namespace {

using torch::jit::IValue;
using torch::jit::Stack;

bool is_far(const at::Tensor& tensor) { return tensor.defined() && tensor.is_privateuseone(); }

// The type of a wrapped number does not widen the type of a result.
at::Tensor mark_number(at::Tensor tensor, const at::Tensor& like) {
  if (like.unsafeGetTensorImpl()->is_wrapped_number()) tensor.unsafeGetTensorImpl()->set_wrapped_number(true);
  return tensor;
}

at::Tensor make_tensor(c10::Storage storage, const at::Tensor& like) {
  const auto key = storage.device().is_cpu() ? c10::DispatchKey::CPU : c10::DispatchKey::PrivateUse1;
  at::Tensor made =
      at::detail::make_tensor<c10::TensorImpl>(std::move(storage), c10::DispatchKeySet(key), like.dtype());
  made.unsafeGetTensorImpl()->set_sizes_and_strides(like.sizes(), like.strides(), like.storage_offset());
  return mark_number(made, like);
}

// The memory of a device's storage as the processor may use it. It keeps the storage alive.
c10::DataPtr readable_memory(const c10::Storage& storage) {
  return {readable(storage.data()), new c10::Storage(storage),
          [](void* held) { delete static_cast<c10::Storage*>(held); }, c10::kCPU};
}

void resize_storage(const c10::Storage& storage, size_t bytes) {
  c10::DataPtr resized = memory()->allocate(bytes);
  memory()->copy_data(resized.get(), storage.data(), std::min(bytes, storage.nbytes()));
  storage.set_data_ptr_noswap(std::move(resized));
  storage.set_nbytes(bytes);
}

// Gives the tensors of one call in the processor's view, and brings results back. Tensors that share memory share it in
// the view too, and one tensor has one view.
class Views {
 public:
  at::Tensor view(const at::Tensor& far) {
    for (const auto& [known, near] : tensors_)
      if (known.is_same(far)) return near;
    tensors_.emplace_back(far, make_tensor(view(far.storage()), far));
    return tensors_.back().second;
  }

  // An argument itself, a new view of an argument's memory, or a copy in new memory of the device.
  at::Tensor back(const at::Tensor& result) {
    fresh_.emplace_back();
    if (!result.defined()) return result;
    for (const auto& [far, near] : tensors_)
      if (near.is_same(result)) return far;
    for (const auto& [far, near] : storages_)
      if (near.is_alias_of(result.storage())) return make_tensor(far, result);
    const auto bytes = at::detail::computeStorageNbytes(result.sizes(), result.strides(), result.dtype().itemsize());
    at::Tensor far(at::detail::empty_strided_generic(result.sizes(), result.strides(), memory(),
                                                     c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                                     result.scalar_type()));
    if (bytes > 0) std::memcpy(readable(far.data_ptr()), result.const_data_ptr(), bytes);
    fresh_.back() = view(far);
    return far;
  }

  // Operations resize what they write to; then the processor has allocated memory of its own.
  void follow_sizes() {
    for (const auto& [far, near] : tensors_) {
      if (far.sizes() == near.sizes() && far.strides() == near.strides()) continue;
      const c10::Storage &to = far.storage(), &from = near.storage();
      if (from.data() != readable(to.data())) {
        resize_storage(to, from.nbytes());
        std::memcpy(readable(to.data()), from.data(), from.nbytes());
        from.set_data_ptr_noswap(readable_memory(to));
      }
      far.unsafeGetTensorImpl()->set_sizes_and_strides(near.sizes(), near.strides(), near.storage_offset());
    }
  }

  // For each result in order: the view of the memory that it was copied to, undefined where it was not.
  const std::vector<at::Tensor>& fresh() const { return fresh_; }

 private:
  c10::Storage view(const c10::Storage& far) {
    for (const auto& [known, near] : storages_)
      if (known.is_alias_of(far)) return near;
    c10::Storage near(c10::Storage::use_byte_size_t(), far.nbytes(), readable_memory(far), c10::GetCPUAllocator(),
                      true);
    storages_.emplace_back(far, near);
    return near;
  }

  std::vector<std::pair<at::Tensor, at::Tensor>> tensors_;
  std::vector<std::pair<c10::Storage, c10::Storage>> storages_;
  std::vector<at::Tensor> fresh_;
};

// Replaces each tensor in a value, also in lists, by what `change` makes of it.
template <typename Change>
IValue change_tensors(const IValue& value, const Change& change) {
  if (value.isTensor()) return change(value.toTensor());
  if (value.isTensorList()) {
    c10::List<at::Tensor> changed;
    for (const at::Tensor& tensor : value.toTensorVector()) changed.push_back(change(tensor));
    return changed;
  }
  if (value.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> changed;
    for (const IValue& item : value.toListRef())
      changed.push_back(item.isNone() ? std::optional<at::Tensor>() : change(item.toTensor()));
    return changed;
  }
  return value;
}

// A number keeps the value that it has when it is recorded.
at::Tensor copy_number(const at::Tensor& number) { return mark_number(number.clone(), number); }

// A tensor of the processor may stand beside those of the device as a number that is only read, as on CUDA.
at::Tensor check_number(const c10::OperatorHandle& op, const c10::Argument& argument, const at::Tensor& tensor) {
  const bool is_written = argument.alias_info() && argument.alias_info()->isWrite();
  TORCH_CHECK(tensor.dim() == 0 && !is_written, "`", op.operator_name(), "` must have all tensors on the device, but `",
              argument.name(), "` of sizes ", tensor.sizes(), " is the processor's");
  return is_recording() ? copy_number(tensor) : tensor;
}

Stack processor_arguments(const c10::OperatorHandle& op, const Stack& stack, Views& views) {
  const auto& arguments = op.schema().arguments();
  Stack changed;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const IValue& value = torch::jit::peek(stack, i, arguments.size());
    changed.push_back(change_tensors(value, [&](const at::Tensor& tensor) {
      return is_far(tensor) ? views.view(tensor) : tensor.defined() ? check_number(op, arguments[i], tensor) : tensor;
    }));
    if (value.isDevice()) changed.back() = c10::Device(c10::kCPU);
  }
  return changed;
}

void call_on_processor(const c10::OperatorHandle& op, Stack* stack) {
  const at::AutoDispatchBelowADInplaceOrView below;
  op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);
}

// On CUDA the processor waits for the values of these.
bool reads_values(const c10::OperatorHandle& op, const Stack& stack) {
  const auto& arguments = op.schema().arguments();
  if (!arguments.empty() && arguments.back().name() == "output_size" && !stack.back().isNone()) return false;
  return op.hasTag(at::Tag::data_dependent_output) || op.hasTag(at::Tag::dynamic_output_shape);
}

void replay(const c10::OperatorHandle& op, Stack stack, const std::vector<at::Tensor>& fresh) {
  call_on_processor(op, &stack);
  size_t i = 0;
  for (const IValue& value : stack) {
    change_tensors(value, [&](const at::Tensor& result) {
      const at::Tensor& memory = fresh.at(i++);
      if (memory.defined()) memory.copy_(result);
      return result;
    });
  }
}

void run(const c10::OperatorHandle& op, Stack* stack) {
  count_operation();
  if (reads_values(op, *stack)) count_read(op.schema().name().c_str());
  Views views;
  Stack call = processor_arguments(op, *stack, views);
  const Stack arguments = call;
  call_on_processor(op, &call);
  views.follow_sizes();
  torch::jit::drop(*stack, arguments.size());
  for (const IValue& result : call)
    stack->push_back(change_tensors(result, [&](const at::Tensor& tensor) { return views.back(tensor); }));
  if (is_recording()) record([op, arguments, fresh = views.fresh()] { replay(op, arguments, fresh); });
}

at::Tensor empty(at::IntArrayRef sizes, std::optional<at::ScalarType> type, std::optional<at::Layout>,
                 std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  const c10::DispatchKeySet keys(c10::DispatchKey::PrivateUse1);
  return at::Tensor(at::detail::empty_generic(sizes, memory(), keys, c10::dtype_or_default(type), format));
}

at::Tensor empty_strided(at::IntArrayRef sizes, at::IntArrayRef strides, std::optional<at::ScalarType> type,
                         std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  const c10::DispatchKeySet keys(c10::DispatchKey::PrivateUse1);
  return at::Tensor(at::detail::empty_strided_generic(sizes, strides, memory(), keys, c10::dtype_or_default(type)));
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool) {
  if (!is_far(to)) count_read("copy_");
  if (!is_far(from)) count_upload("copy_");
  Views views;
  const at::Tensor near_from = is_far(from) ? views.view(from) : from, near_to = is_far(to) ? views.view(to) : to;
  const auto copy = [near_from, near_to] {
    const at::AutoDispatchBelowADInplaceOrView below;
    near_to.copy_(near_from);
  };
  copy();
  if (is_recording()) record(copy);
  return to;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  to.resize_(from.sizes());
  return copy_from(from, to, false);
}

at::Scalar read_scalar(const at::Tensor& tensor) {
  count_read("item");
  return at::_local_scalar_dense(Views().view(tensor));
}

at::Tensor& set_storage(at::Tensor& tensor, at::Storage storage, int64_t offset, at::IntArrayRef sizes,
                        at::IntArrayRef strides) {
  at::native::checkSetStorage(tensor, std::move(storage), offset, sizes, strides);
  at::native::setStrided(tensor, sizes, strides, offset);
  return tensor;
}

// The product of two tensors of a narrow type, added in a wide one, that CUDA has and the processor does not.
at::Tensor& add_product(const at::Tensor& start, const at::Tensor& a, const at::Tensor& b, at::ScalarType type,
                        const at::Scalar& beta, const at::Scalar& alpha, at::Tensor& out) {
  return at::addmm_out(out, start, a.to(type), b.to(type), beta, alpha);
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, library) { library.fallback(torch::CppFunction::makeFromBoxedFunction<&run>()); }

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("empty.memory_format", empty);
  library.impl("empty_strided", empty_strided);
  library.impl("_copy_from", copy_from);
  library.impl("_copy_from_and_resize", copy_from_and_resize);
  library.impl("_local_scalar_dense", read_scalar);
  library.impl("addmm.dtype_out", add_product);
  library.impl("set_.source_Storage_storage_offset", set_storage);
  // For these, LibTorch has other formulas where a device has no kernel.
  for (const char* name : {"native_layer_norm", "native_group_norm", "addr", "silu_backward", "mish_backward"})
    library.impl(name, torch::CppFunction::makeFromBoxedFunction<&run>());
}

}  // namespace

}  // namespace retort::far_device
