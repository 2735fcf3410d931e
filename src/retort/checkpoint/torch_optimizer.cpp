// See torch_optimizer.h. The published programs divide the parameters by their names into a decayed group and one of
// the others; which names belong to which is not in the file, so the division whose shapes fit is taken.
#include "retort/checkpoint/torch_optimizer.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "retort/base/error.h"
#include "retort/checkpoint/dialects.h"
#include "retort/checkpoint/torch_reader.h"
#include "retort/checkpoint/weights_convert.h"

namespace retort::checkpoint {
namespace {

using Names = std::vector<std::string>;

// What the names of parameters without weight decay contain: in pre-training and in fine-tuning programs.
const std::vector<Names>& divisions() {
  static const std::vector<Names> all{{"bias", "gamma", "beta", "LayerNorm"}, {"bias", "LayerNorm.weight"}};
  return all;
}

class OptimizerReader {
 public:
  OptimizerReader(std::span<const std::byte> file_bytes, const std::string& subject)
      : subject_(subject), reader_(file_bytes, subject) {}

  TorchOptimizerContent read() {
    model_ = reader_.read_tensors(find_state_dict(reader_, subject_));
    const PickleValue* optimizer = reader_.maybe_item(reader_.root(), "optimizer");
    if (optimizer == nullptr || optimizer->kind != PickleKind::kDict)
      fail("hold the state of an optimizer under \"optimizer\"");
    const std::vector<const PickleValue*> groups = groups_of(*optimizer);
    const std::vector<const NamedTensor*> parameters = parameters_of(groups, states_of(*optimizer));
    TorchOptimizerContent content;
    size_t place = 0;
    for (const PickleValue* group : groups) {
      if (!content.step) content.step = maybe_step(reader_.maybe_item(*group, "step"));
      for (const int64_t number : numbers_of(*group)) add_moments(content, *parameters[place++], number);
    }
    read_masters(content, parameters);
    content.rearranged = reader_.take_rearranged();
    return content;
  }

 private:
  [[noreturn]] void fail(const std::string& must) const {
    throw UserError("`{}` must {}, but does not; give a checkpoint that a pre-training program wrote", subject_, must);
  }

  std::vector<const PickleValue*> groups_of(const PickleValue& optimizer) const {
    const PickleValue* groups = reader_.maybe_item(optimizer, "param_groups");
    if (groups == nullptr || groups->kind != PickleKind::kList) fail("hold \"param_groups\" of its optimizer");
    std::vector<const PickleValue*> all;
    for (const ValueId id : groups->items) {
      if (reader_.value(id).kind != PickleKind::kDict) fail("hold dictionaries as \"param_groups\"");
      all.push_back(&reader_.value(id));
    }
    return all;
  }

  // By the number of the parameter.
  const std::map<int64_t, const PickleValue*>& states_of(const PickleValue& optimizer) {
    const PickleValue* state = reader_.maybe_item(optimizer, "state");
    if (state == nullptr || state->kind != PickleKind::kDict) fail("hold \"state\" of its optimizer");
    for (size_t i = 0; i + 1 < state->items.size(); i += 2) {
      const PickleValue &key = reader_.value(state->items[i]), &value = reader_.value(state->items[i + 1]);
      if (key.kind != PickleKind::kInteger || value.kind != PickleKind::kDict)
        fail("number the states of its optimizer");
      states_[key.number] = &value;
    }
    return states_;
  }

  std::vector<int64_t> numbers_of(const PickleValue& group) const {
    const PickleValue* parameters = reader_.maybe_item(group, "params");
    if (parameters == nullptr || parameters->kind != PickleKind::kList) fail("list \"params\" in each group");
    std::vector<int64_t> numbers;
    for (const ValueId id : parameters->items) {
      if (reader_.value(id).kind != PickleKind::kInteger) fail("list numbers as \"params\"");
      numbers.push_back(reader_.value(id).number);
    }
    return numbers;
  }

  // The parameters of the model as named_parameters() has them: without buffers, tied ones once.
  std::vector<const NamedTensor*> named_parameters() const {
    std::vector<const NamedTensor*> all;
    std::set<const std::byte*> seen;
    for (const NamedTensor& tensor : model_)
      if (maybe_canonical_name(tensor.name) && (tensor.bytes.empty() || seen.insert(tensor.bytes.data()).second))
        all.push_back(&tensor);
    return all;
  }

  // The parameters in the order of the groups.
  std::vector<const NamedTensor*> parameters_of(const std::vector<const PickleValue*>& groups,
                                                const std::map<int64_t, const PickleValue*>& states) {
    const std::vector<const NamedTensor*> named = named_parameters();
    std::vector<int64_t> numbers;
    for (const PickleValue* group : groups)
      for (const int64_t number : numbers_of(*group)) numbers.push_back(number);
    if (numbers.size() != named.size())
      throw UserError(
          "the optimizer in `{}` must have the {} parameters of the model, but has {}; its moments cannot be "
          "assigned to parameters",
          subject_, named.size(), numbers.size());
    std::vector<std::vector<const NamedTensor*>> orders;
    if (groups.size() == 1) orders.push_back(named);
    for (const Names& without_decay : divisions()) {
      orders.push_back(named);
      std::ranges::stable_partition(orders.back(), [&](const NamedTensor* tensor) {
        return std::ranges::none_of(
            without_decay, [&](const std::string& part) { return tensor->name.find(part) != std::string::npos; });
      });
    }
    for (const auto& order : orders)
      if (fits(order, numbers, states)) return order;
    throw UserError(
        "the optimizer in `{}` must have moments of the shapes of the model's parameters, but has others; its "
        "moments cannot be assigned to parameters",
        subject_);
  }

  bool fits(const std::vector<const NamedTensor*>& order, const std::vector<int64_t>& numbers,
            const std::map<int64_t, const PickleValue*>& states) {
    for (size_t i = 0; i < order.size(); ++i) {
      const auto state = states.find(numbers[i]);
      if (state == states.end()) continue;
      const PickleValue* moment = reader_.maybe_item(*state->second, "exp_avg");
      if (moment == nullptr || moment->kind != PickleKind::kTensor) return false;
      if (reader_.read_tensor("exp_avg", *moment).shape != order[i]->shape) return false;
    }
    return true;
  }

  void add_moments(TorchOptimizerContent& content, const NamedTensor& parameter, int64_t number) {
    const auto found = states_.find(number);
    if (found == states_.end()) return;  // it never had a gradient
    for (const auto& [key, moments] :
         {std::pair("exp_avg", &content.first_moments), {"exp_avg_sq", &content.second_moments}}) {
      const PickleValue* moment = reader_.maybe_item(*found->second, key);
      if (moment == nullptr || moment->kind != PickleKind::kTensor)
        fail(fmt::format("hold `{}` of each parameter", key));
      NamedTensor tensor = reader_.read_tensor(parameter.name, *moment);
      if (tensor.shape != parameter.shape) fail(fmt::format("hold `{}` in the shape of its parameter", key));
      moments->push_back(std::move(tensor));
    }
    if (!content.step) content.step = maybe_step(reader_.maybe_item(*found->second, "step"));
  }

  // A whole number, or a tensor of one number, as optimizers inside a CUDA graph have it.
  std::optional<int64_t> maybe_step(const PickleValue* step) {
    if (step == nullptr) return std::nullopt;
    if (step->kind == PickleKind::kInteger && step->number >= 0) return step->number;
    if (step->kind != PickleKind::kTensor) return std::nullopt;
    const NamedTensor tensor = reader_.read_tensor("step", *step);
    if (tensor.element_count() != 1) return std::nullopt;
    if (tensor.dtype == Dtype::kI64 || tensor.dtype == Dtype::kI32) {
      int64_t number = 0;
      std::memcpy(&number, tensor.bytes.data(), tensor.bytes.size());
      return number;
    }
    float number = 0;
    to_float32(tensor, std::span(&number, 1), subject_);
    return static_cast<int64_t>(number);
  }

  void read_masters(TorchOptimizerContent& content, const std::vector<const NamedTensor*>& parameters) {
    const PickleValue* masters = reader_.maybe_item(reader_.root(), "master params");
    if (masters == nullptr || masters->kind != PickleKind::kList) return;
    if (masters->items.size() != parameters.size()) fail("hold as many \"master params\" as parameters");
    for (size_t i = 0; i < parameters.size(); ++i) {
      const PickleValue& master = reader_.value(masters->items[i]);
      if (master.kind != PickleKind::kTensor) fail("hold tensors as \"master params\"");
      content.masters.push_back(reader_.read_tensor(parameters[i]->name, master));
      if (content.masters.back().shape != parameters[i]->shape)
        fail("hold \"master params\" in the shapes of the model");
    }
  }

  const std::string& subject_;
  TorchReader reader_;
  std::vector<NamedTensor> model_;
  std::map<int64_t, const PickleValue*> states_;
};

}  // namespace

TorchOptimizerFile::TorchOptimizerFile(const fs::path& path)
    : file_(path), content_(OptimizerReader(file_.bytes(), path.string()).read()) {}

bool has_optimizer(const fs::path& path) {
  const MappedFile file(path);
  const std::string subject = path.string();
  const TorchReader reader(file.bytes(), subject);
  const PickleValue* optimizer = reader.maybe_item(reader.root(), "optimizer");
  return optimizer != nullptr && optimizer->kind == PickleKind::kDict;
}

}  // namespace retort::checkpoint
