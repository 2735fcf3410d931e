#include "retort/train/local_process.h"

#include <gtest/gtest.h>

#include <map>

namespace retort::train {
namespace {

kernel::LocalProcess local_process_in(const std::map<std::string, std::string>& variables) {
  return local_process([&](const char* name) -> std::optional<std::string> {
    const auto at = variables.find(name);
    return at == variables.end() ? std::nullopt : std::optional(at->second);
  });
}

TEST(LocalProcess, VariablesOfTheLaunchers) {
  const std::map<std::string, std::string> launchers[] = {
      {{"LOCAL_RANK", "3"}, {"LOCAL_WORLD_SIZE", "4"}},
      {{"OMPI_COMM_WORLD_LOCAL_RANK", "3"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "4"}},
      {{"MPI_LOCALRANKID", "3"}, {"MPI_LOCALNRANKS", "4"}},
      {{"SLURM_LOCALID", "3"}, {"SLURM_NTASKS_PER_NODE", "4"}},
      {{"LOCAL_RANK", "3"}},  // at least as many as its number says
      {{"LOCAL_RANK", "3"}, {"LOCAL_WORLD_SIZE", "4"}, {"SLURM_LOCALID", "0"}, {"SLURM_NTASKS_PER_NODE", "1"}}};
  for (const auto& variables : launchers) {
    EXPECT_EQ(local_process_in(variables).number, 3) << variables.begin()->first;
    EXPECT_EQ(local_process_in(variables).count, 4) << variables.begin()->first;
  }
}

TEST(LocalProcess, WithoutALauncherItIsAlone) {
  for (const std::map<std::string, std::string>& variables :
       {std::map<std::string, std::string>{}, {{"LOCAL_RANK", "x"}}, {{"LOCAL_RANK", "-1"}}}) {
    EXPECT_EQ(local_process_in(variables).number, 0);
    EXPECT_EQ(local_process_in(variables).count, 1);
  }
}

}  // namespace
}  // namespace retort::train
