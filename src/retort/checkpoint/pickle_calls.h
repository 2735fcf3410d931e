// The fixed set of calls that PyTorch checkpoints need, recognized by name: torch._utils._rebuild_tensor and its
// versions 2 and 3, _rebuild_parameter, collections.OrderedDict, torch.Size, and references to storages. Devices, sets,
// complex numbers and byte strings become opaque values. No other call is executed, and none can be registered at run
// time.
#pragma once

#include <string>
#include <string_view>

#include "retort/checkpoint/pickle_values.h"

namespace retort::checkpoint {

// The result of `callable(*arguments)`. Adds values, storages and tensors to `content`, at most in proportion to the
// arguments. Throws UserError that names the callable when it is not in the set or its arguments are wrong.
PickleValue call_allowed(PickleContent& content, ValueId callable, ValueId arguments, const std::string& subject);

// The storage that the tuple ("storage", type, key, location, element count) refers to. Before PyTorch 1.6 the tuple
// has a sixth item: a view of the storage, or None.
PickleValue refer_to_storage(PickleContent& content, ValueId reference, const std::string& subject);
// The storage that the tuple's Python text refers to, as in protocol 0.
PickleValue refer_to_storage(PickleContent& content, std::string_view reference, const std::string& subject);

}  // namespace retort::checkpoint
