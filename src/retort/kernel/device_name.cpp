#include "retort/kernel/device_name.h"

#include <charconv>
#include <cstdlib>

#include "retort/base/error.h"

namespace retort::kernel {

namespace {

// The number after the colon of `word`. Nothing unless it is 0 to 127, the indices that a tensor's device can have.
std::optional<int64_t> device_index_in(const std::string& word, size_t colon) {
  int64_t index = -1;
  const char *const begin = word.data() + colon + 1, *const end = word.data() + word.size();
  const auto [rest, error] = std::from_chars(begin, end, index);
  const bool is_index = error == std::errc() && rest == end && index >= 0 && index < 128;
  return is_index ? std::optional(index) : std::nullopt;
}

std::optional<DeviceName::Kind> device_kind_of(const std::string& name, bool has_index) {
  if (name == "cuda") return DeviceName::Kind::kCuda;
  if (name == "privateuseone") return DeviceName::Kind::kOther;
  if (has_index) return std::nullopt;
  if (name == "auto") return DeviceName::Kind::kAuto;
  if (name == "cpu") return DeviceName::Kind::kCpu;
  return std::nullopt;
}

}  // namespace

DeviceName parse_device_name(const std::string& word) {
  const size_t colon = word.find(':');
  const bool has_index = colon != std::string::npos;
  const auto kind = device_kind_of(word.substr(0, colon), has_index);
  const auto index = has_index ? device_index_in(word, colon) : std::nullopt;
  if (!kind || (has_index && !index)) throw UserError("`device` must be auto, cpu, cuda or cuda:N, but is `{}`", word);
  if (kind == DeviceName::Kind::kOther && std::getenv(kDeviceLibraryVariable) == nullptr)
    throw UserError(
        "`device` must be auto, cpu, cuda or cuda:N, but is `{}`, whose library `{}` must name; set that environment "
        "variable to the library's file",
        word, kDeviceLibraryVariable);
  return {*kind, index};
}

}  // namespace retort::kernel
