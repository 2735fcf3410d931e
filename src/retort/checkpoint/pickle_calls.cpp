// See pickle_calls.h. The argument lists follow torch/_utils.py and torch/serialization.py.
#include "retort/checkpoint/pickle_calls.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "retort/base/error.h"

namespace retort::checkpoint {
namespace {

constexpr size_t kMaxDimensions = 64;

struct TypeName {
  std::string_view storage, dtype;
  Dtype type;
};

constexpr std::array<TypeName, 10> kTypeNames = {{{"DoubleStorage", "float64", Dtype::kF64},
                                                  {"FloatStorage", "float32", Dtype::kF32},
                                                  {"HalfStorage", "float16", Dtype::kF16},
                                                  {"BFloat16Storage", "bfloat16", Dtype::kBf16},
                                                  {"LongStorage", "int64", Dtype::kI64},
                                                  {"IntStorage", "int32", Dtype::kI32},
                                                  {"ShortStorage", "int16", Dtype::kI16},
                                                  {"CharStorage", "int8", Dtype::kI8},
                                                  {"ByteStorage", "uint8", Dtype::kU8},
                                                  {"BoolStorage", "bool", Dtype::kBool}}};

// Constructors of values that tensors do not need; protocol 2 writes the names of Python 2.
constexpr std::array<std::string_view, 10> kPlainValues = {
    "torch.device",       "_codecs.encode",  "builtins.set",          "builtins.frozenset",  "builtins.complex",
    "builtins.bytearray", "__builtin__.set", "__builtin__.frozenset", "__builtin__.complex", "__builtin__.bytearray"};

// Objects that training programs leave in their checkpoints beside the tensors: the data loader with its data set. They
// become opaque values, whatever their arguments and state are.
constexpr std::array<std::string_view, 2> kObjectModules = {"torch.utils.data.", "__main__."};
constexpr std::array<std::string_view, 5> kObjects = {"numpy.core.multiarray._reconstruct",
                                                      "numpy._core.multiarray._reconstruct", "numpy.ndarray",
                                                      "numpy.dtype", "torch.Generator"};

bool is_object(std::string_view name) {
  return std::ranges::find(kObjects, name) != kObjects.end() ||
         std::ranges::any_of(kObjectModules, [&](std::string_view module) { return name.starts_with(module); });
}

std::optional<Dtype> find_type(std::string_view TypeName::*column, std::string_view name) {
  const auto row = std::ranges::find(kTypeNames, name, column);
  if (row == kTypeNames.end()) return std::nullopt;
  return row->type;
}

// One call: reads its positional arguments and rejects wrong ones.
class Call {
 public:
  Call(PickleContent& content, std::string name, const std::vector<ValueId>& arguments, const std::string& subject)
      : content_(content), name_(std::move(name)), arguments_(arguments), subject_(subject) {}

  PickleValue rebuild_tensor(bool has_dtype_argument) const {
    const auto storage = static_cast<size_t>(argument(0, PickleKind::kStorage).number);
    PickleTensor tensor{.storage = storage,
                        .dtype = content_.storages[storage].dtype,
                        .offset = size_value(argument(1, PickleKind::kInteger)),
                        .shape = sizes(argument(2, PickleKind::kTuple)),
                        .strides = sizes(argument(3, PickleKind::kTuple))};
    if (tensor.shape.size() != tensor.strides.size()) fail("as many strides as dimensions");
    if (has_dtype_argument) tensor.dtype = torch_dtype(argument(6, PickleKind::kGlobal));
    content_.tensors.push_back(std::move(tensor));
    return {.kind = PickleKind::kTensor, .number = static_cast<int64_t>(content_.tensors.size()) - 1};
  }

  // A parameter becomes its tensor.
  PickleValue rebuild_parameter() const { return argument(0, PickleKind::kTensor); }

  // OrderedDict() or OrderedDict([(key, value), ...]).
  PickleValue ordered_dict() const {
    PickleValue dict{.kind = PickleKind::kDict};
    if (arguments_.empty()) return dict;
    for (const ValueId pair : argument(0, PickleKind::kList).items) {
      const PickleValue& value = content_.values[pair];
      const bool is_sequence = value.kind == PickleKind::kTuple || value.kind == PickleKind::kList;
      if (!is_sequence || value.items.size() != 2) fail("pairs");
      dict.items.insert(dict.items.end(), value.items.begin(), value.items.end());
    }
    return dict;
  }

  PickleValue size() const {
    const PickleValue& tuple = argument(0, PickleKind::kTuple);
    if (tuple.items.size() > kMaxDimensions) fail(fmt::format("at most {} dimensions", kMaxDimensions));
    return tuple;
  }

  PickleValue storage() const {
    const std::string_view what = argument(0, PickleKind::kText).text;
    if (what == "module") refuse_module(subject_);
    if (what != "storage" || arguments_.size() < 5 || arguments_.size() > 6) fail("a reference to a storage");
    const PickleValue& type = argument(1, PickleKind::kGlobal);
    const std::string_view type_name = content_.values[type.items[1]].text;
    content_.storages.push_back({.key = argument(2, PickleKind::kText).text,
                                 .type_name = type_name,
                                 .dtype = find_type(&TypeName::storage, type_name),
                                 .element_count = size_value(argument(4, PickleKind::kInteger)),
                                 .part = part_of_storage()});
    return {.kind = PickleKind::kStorage, .number = static_cast<int64_t>(content_.storages.size()) - 1};
  }

  // A module is pickled with its source code, which would have to be executed.
  [[noreturn]] static void refuse_module(const std::string& subject) {
    throw UserError(
        "`{}` must hold only tensors and plain values, but holds a whole module; load it where its code is and save "
        "its state_dict()",
        subject);
  }

 private:
  const PickleValue& argument(size_t place, PickleKind kind) const {
    if (place >= arguments_.size()) fail(fmt::format("more than {} arguments", arguments_.size()));
    const PickleValue& value = content_.values[arguments_[place]];
    if (value.kind != kind) fail(fmt::format("the right kind of value as argument {}", place + 1));
    return value;
  }

  // Parses (key of the view, its first element, its element count), or None.
  std::optional<PickleStorage::Part> part_of_storage() const {
    if (arguments_.size() < 6 || content_.values[arguments_[5]].kind == PickleKind::kNone) return std::nullopt;
    const std::vector<ValueId>& items = argument(5, PickleKind::kTuple).items;
    if (items.size() != 3) fail("a storage view of three values");
    return PickleStorage::Part{.begin = size_value(content_.values[items[1]]),
                               .element_count = size_value(content_.values[items[2]])};
  }

  int64_t size_value(const PickleValue& value) const {
    if (value.kind != PickleKind::kInteger || value.number < 0) fail("sizes that are non-negative integers");
    return value.number;
  }

  std::vector<int64_t> sizes(const PickleValue& tuple) const {
    if (tuple.items.size() > kMaxDimensions) fail(fmt::format("at most {} dimensions", kMaxDimensions));
    std::vector<int64_t> numbers;
    for (const ValueId item : tuple.items) numbers.push_back(size_value(content_.values[item]));
    return numbers;
  }

  std::optional<Dtype> torch_dtype(const PickleValue& global) const {
    if (content_.values[global.items[0]].text != "torch") fail("an element type of torch");
    return find_type(&TypeName::dtype, content_.values[global.items[1]].text);
  }

  [[noreturn]] void fail(const std::string& must) const {
    throw UserError(
        "the call of `{}` in the pickle of `{}` must have {}, but does not; the file is damaged: download it or "
        "save it again",
        name_, subject_, must);
  }

  PickleContent& content_;
  const std::string name_;
  const std::vector<ValueId>& arguments_;
  const std::string& subject_;
};

// Removes `expected` from the front of `text`; returns false when `text` does not begin with it.
bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

// Removes and returns the text before `closing`, and removes `closing`; empty when it is not found.
std::optional<std::string_view> maybe_take_until(std::string_view& text, std::string_view closing) {
  const size_t end = text.find(closing);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end + closing.size());
  return taken;
}

// Parses "('storage', <class 'torch.FloatStorage'>, '0', 'cpu', 16, None)"; empty for anything else.
std::optional<PickleStorage> maybe_storage(std::string_view text) {
  if (!take(text, "('storage', <class 'torch.")) return std::nullopt;
  const auto type_name = maybe_take_until(text, "'>, '"), key = maybe_take_until(text, "', '"),
             place = maybe_take_until(text, "', ");
  PickleStorage storage;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), storage.element_count);
  if (!type_name || !key || !place || error != std::errc() || storage.element_count < 0) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (text != ", None)" && text != ")") return std::nullopt;
  storage.key = *key, storage.type_name = *type_name, storage.dtype = find_type(&TypeName::storage, *type_name);
  return storage;
}

std::string global_name(const PickleContent& content, const PickleValue& global) {
  return shown_name(content.values[global.items[0]].text) + "." + shown_name(content.values[global.items[1]].text);
}

}  // namespace

PickleValue call_allowed(PickleContent& content, ValueId callable, ValueId arguments, const std::string& subject) {
  const PickleValue& global = content.values[callable];
  if (global.kind != PickleKind::kGlobal || content.values[arguments].kind != PickleKind::kTuple) {
    throw UserError(
        "the pickle in `{}` must call functions by name with a tuple of arguments, but does not; the file is "
        "damaged: download it or save it again",
        subject);
  }
  const std::string name = global_name(content, global);
  const Call call(content, name, content.values[arguments].items, subject);
  if (name == "torch._utils._rebuild_tensor_v2" || name == "torch._utils._rebuild_tensor")
    return call.rebuild_tensor(false);
  if (name == "torch._utils._rebuild_tensor_v3") return call.rebuild_tensor(true);
  if (name == "torch._utils._rebuild_parameter" || name == "torch.nn.parameter.Parameter")
    return call.rebuild_parameter();
  if (name == "collections.OrderedDict") return call.ordered_dict();
  if (name == "torch.Size") return call.size();
  if (std::ranges::find(kPlainValues, name) != kPlainValues.end() || is_object(name))
    return {.kind = PickleKind::kOpaque};
  throw UserError(
      "`{}` must hold only tensors and plain values, but contains a call of `{}`, which this reader never "
      "runs; if you trust the file, load it in PyTorch and save its tensors as safetensors",
      subject, name);
}

PickleValue refer_to_storage(PickleContent& content, ValueId reference, const std::string& subject) {
  if (content.values[reference].kind != PickleKind::kTuple) {
    throw UserError(
        "the pickle in `{}` must refer to storages by tuples, but does not; the file is damaged: download it "
        "or save it again",
        subject);
  }
  return Call(content, "persistent_load", content.values[reference].items, subject).storage();
}

PickleValue refer_to_storage(PickleContent& content, std::string_view reference, const std::string& subject) {
  if (reference.starts_with("('module', ")) Call::refuse_module(subject);
  const std::optional<PickleStorage> storage = maybe_storage(reference);
  if (!storage) {
    throw UserError(
        "the pickle in `{}` must refer to whole storages, but refers to `{}`; load the file in PyTorch and save its "
        "tensors as safetensors",
        subject, shown_name(reference));
  }
  content.storages.push_back(*storage);
  return {.kind = PickleKind::kStorage, .number = static_cast<int64_t>(content.storages.size()) - 1};
}

}  // namespace retort::checkpoint
