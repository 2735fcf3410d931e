#include "retort/kernel/host_copy.h"

namespace retort::kernel {

void edit_on_host(const at::Tensor& values, const std::function<void(std::span<float>)>& edit) {
  const at::Tensor host = values.cpu();
  edit({host.data_ptr<float>(), static_cast<size_t>(host.numel())});
  if (!values.is_cpu()) at::Tensor(values).copy_(host);
}

}  // namespace retort::kernel
