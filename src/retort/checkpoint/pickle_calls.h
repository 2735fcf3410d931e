// The calls that a PyTorch checkpoint needs, recognized by name and done here: torch._utils._rebuild_tensor and its
// versions 2 and 3, _rebuild_parameter, collections.OrderedDict, torch.Size, and the reference to a storage; devices,
// sets, complex numbers and byte strings become values of no content. There is nothing else, and no way to add to it at
// run time.
#pragma once

#include <string>
#include <string_view>

#include "retort/checkpoint/pickle_values.h"

namespace retort::checkpoint {

// What `callable(*arguments)` gives. Adds values, storages and tensors to `content`, at most in proportion to the
// arguments. Throws UserError naming the callable when it is not one of the list or its arguments are not its own.
PickleValue call_allowed(PickleContent& content, ValueId callable, ValueId arguments, const std::string& subject);

// The storage that the tuple ("storage", type, key, place, element count) refers to; before PyTorch 1.6 with a sixth
// item, the part of the storage that is meant, or None.
PickleValue refer_to_storage(PickleContent& content, ValueId reference, const std::string& subject);
// The same of the tuple's text in Python, which is how protocol 0 has it.
PickleValue refer_to_storage(PickleContent& content, std::string_view reference, const std::string& subject);

}  // namespace retort::checkpoint
