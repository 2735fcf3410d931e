#include "retort/train/local_process.h"

#include <charconv>

namespace retort::train {

namespace {

std::optional<int64_t> maybe_number(const Environment& variable, const char* name) {
  const std::optional<std::string> text = variable(name);
  int64_t value = -1;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc() || value < 0)
    return std::nullopt;
  return value;
}

struct LocalVariables {
  const char *number, *count;
};

constexpr LocalVariables kLocalVariables[] = {{"LOCAL_RANK", "LOCAL_WORLD_SIZE"},
                                              {"OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"},
                                              {"MPI_LOCALRANKID", "MPI_LOCALNRANKS"},
                                              {"SLURM_LOCALID", "SLURM_NTASKS_PER_NODE"}};

}  // namespace

kernel::LocalProcess local_process(const Environment& variable) {
  for (const auto& [number, count] : kLocalVariables)
    if (const auto own = maybe_number(variable, number))
      return {*own, maybe_number(variable, count).value_or(*own + 1)};
  return {};
}

}  // namespace retort::train
