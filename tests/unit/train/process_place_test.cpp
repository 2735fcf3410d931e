// What the launchers leave in the environment.
#include "retort/train/process_place.h"

#include <gtest/gtest.h>

#include <map>

#include "retort/base/error.h"

namespace retort::train {
namespace {

ProcessPlace place_in(const std::map<std::string, std::string>& variables) {
  return find_process_place([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

std::string refusal(const std::map<std::string, std::string>& variables) {
  try {
    place_in(variables);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(ProcessPlace, AloneWithoutALauncher) {
  for (const auto& variables : {std::map<std::string, std::string>{},
                                {{"WORLD_SIZE", "4"}},
                                // Within a Slurm allocation, but not started by srun.
                                {{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}}}) {
    EXPECT_EQ(place_in(variables).size, 1);
    EXPECT_EQ(place_in(variables).rank, 0);
  }
}

TEST(ProcessPlace, OfTorchrun) {
  const ProcessPlace place = place_in({{"RANK", "3"},
                                       {"WORLD_SIZE", "8"},
                                       {"GROUP_WORLD_SIZE", "2"},
                                       {"MASTER_ADDR", "node7"},
                                       {"MASTER_PORT", "1234"},
                                       {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                       {"TORCHELASTIC_RESTART_COUNT", "2"}});
  EXPECT_EQ(place.rank, 3);
  EXPECT_EQ(place.size, 8);
  EXPECT_EQ(place.address, "node7");
  EXPECT_EQ(place.port, 1234);
  EXPECT_TRUE(place.launcher_keeps_store);
  EXPECT_EQ(place.attempt, "2");
}

TEST(ProcessPlace, OfOpenMpiAndSlurm) {
  const ProcessPlace mpi = place_in({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "2"}});
  EXPECT_EQ(mpi.rank, 1);
  EXPECT_EQ(mpi.size, 2);
  EXPECT_EQ(mpi.address, "127.0.0.1");
  EXPECT_EQ(mpi.port, 29500);
  EXPECT_FALSE(mpi.launcher_keeps_store);
  const ProcessPlace slurm = place_in({{"SLURM_PROCID", "5"}, {"SLURM_STEP_NUM_TASKS", "6"}, {"MASTER_ADDR", "n1"}});
  EXPECT_EQ(slurm.rank, 5);
  EXPECT_EQ(slurm.size, 6);
  EXPECT_EQ(slurm.address, "n1");
}

TEST(ProcessPlace, RefusesWhatCannotBe) {
  EXPECT_EQ(refusal({{"RANK", "2"}, {"WORLD_SIZE", "2"}}),
            "the environment variable `RANK` must be a number from 0 to 1, but is `2`");
  EXPECT_EQ(refusal({{"RANK", "0"}, {"WORLD_SIZE", "two"}}),
            "the environment variable `WORLD_SIZE` must be a number from 1 to 4096, but is `two`");
  EXPECT_EQ(refusal({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", "70000"}}),
            "the environment variable `MASTER_PORT` must be a number from 1 to 65535, but is `70000`");
  EXPECT_EQ(refusal({{"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_STEP_NUM_NODES", "2"}}),
            "the environment variable `MASTER_ADDR` must name the machine of process 0, as there are several machines, "
            "but is not set");
}

}  // namespace
}  // namespace retort::train
