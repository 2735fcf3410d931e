// The environment variables of the launchers.
#include "retort/train/rank_discovery.h"

#include <gtest/gtest.h>

#include <map>

#include "retort/base/error.h"

namespace retort::train {
namespace {

ProcessRank rank_in(const std::map<std::string, std::string>& variables) {
  return discover_rank([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

std::string refusal(const std::map<std::string, std::string>& variables) {
  try {
    rank_in(variables);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(RankDiscovery, WithoutALauncherTheWorldSizeIsOne) {
  for (const auto& variables : {std::map<std::string, std::string>{},
                                {{"WORLD_SIZE", "4"}},
                                // Within a Slurm allocation, but not started by srun.
                                {{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}}}) {
    EXPECT_EQ(rank_in(variables).world_size, 1);
    EXPECT_EQ(rank_in(variables).rank, 0);
  }
}

TEST(RankDiscovery, ReadsTorchrun) {
  const ProcessRank own = rank_in({{"RANK", "3"},
                                   {"WORLD_SIZE", "8"},
                                   {"GROUP_WORLD_SIZE", "2"},
                                   {"MASTER_ADDR", "node7"},
                                   {"MASTER_PORT", "1234"},
                                   {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                   {"TORCHELASTIC_RESTART_COUNT", "2"}});
  EXPECT_EQ(own.rank, 3);
  EXPECT_EQ(own.world_size, 8);
  EXPECT_EQ(own.address, "node7");
  EXPECT_EQ(own.port, 1234);
  EXPECT_TRUE(own.launcher_keeps_store);
  EXPECT_EQ(own.restart_count, "2");
}

TEST(RankDiscovery, ReadsOpenMpiAndSlurm) {
  const ProcessRank mpi = rank_in({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "2"}});
  EXPECT_EQ(mpi.rank, 1);
  EXPECT_EQ(mpi.world_size, 2);
  EXPECT_EQ(mpi.address, "127.0.0.1");
  EXPECT_EQ(mpi.port, 29500);
  EXPECT_FALSE(mpi.launcher_keeps_store);
  const ProcessRank slurm = rank_in({{"SLURM_PROCID", "5"}, {"SLURM_STEP_NUM_TASKS", "6"}, {"MASTER_ADDR", "n1"}});
  EXPECT_EQ(slurm.rank, 5);
  EXPECT_EQ(slurm.world_size, 6);
  EXPECT_EQ(slurm.address, "n1");
}

TEST(RankDiscovery, ReadsMpichAndTheFirstOfSeveralAddresses) {
  const ProcessRank own = rank_in({{"PMI_RANK", "1"}, {"PMI_SIZE", "16"}, {"MULTI_HLS_IPS", "10.0.0.1,10.0.0.2"}});
  EXPECT_EQ(own.rank, 1);
  EXPECT_EQ(own.world_size, 16);
  EXPECT_EQ(own.address, "10.0.0.1");
  EXPECT_EQ(rank_in({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"PMI_RANK", "1"}, {"PMI_SIZE", "4"}}).world_size, 2);
}

// The variables of DistilBERT's training script: 2 machines of 4 processes; this is process 1 of machine 1.
TEST(RankDiscovery, ReadsMachinesAndProcessesOfEach) {
  std::map<std::string, std::string> variables{{"N_NODES", "2"},    {"N_GPU_NODE", "4"},   {"NODE_RANK", "1"},
                                               {"LOCAL_RANK", "1"}, {"MASTER_ADDR", "n0"}, {"MASTER_PORT", "77"}};
  const ProcessRank own = rank_in(variables);
  EXPECT_EQ(own.rank, 5);
  EXPECT_EQ(own.world_size, 8);
  EXPECT_EQ(own.address, "n0");
  EXPECT_EQ(own.port, 77);
  variables.insert({{"RANK", "5"}, {"WORLD_SIZE", "8"}});
  EXPECT_EQ(rank_in(variables).rank, 5);
  variables["RANK"] = "3";
  EXPECT_EQ(refusal(variables),
            "the environment variable `NODE_RANK` must be 0 for rank 3 with 4 processes a machine, but is 1");
  variables["WORLD_SIZE"] = "6";
  EXPECT_EQ(refusal(variables),
            "the environment variables `N_NODES` and `N_GPU_NODE` must give the 6 processes of the launcher, but are 2 "
            "and 4");
  EXPECT_EQ(refusal({{"N_NODES", "2"}, {"N_GPU_NODE", "4"}, {"NODE_RANK", "1"}, {"LOCAL_RANK", "1"}}),
            "the environment variable `MASTER_ADDR` must name the machine of rank 0, as there are several machines, "
            "but is not set");
}

TEST(RankDiscovery, RefusesValuesOutOfRange) {
  EXPECT_EQ(refusal({{"RANK", "2"}, {"WORLD_SIZE", "2"}}),
            "the environment variable `RANK` must be a number from 0 to 1, but is `2`");
  EXPECT_EQ(refusal({{"RANK", "0"}, {"WORLD_SIZE", "two"}}),
            "the environment variable `WORLD_SIZE` must be a number from 1 to 4096, but is `two`");
  EXPECT_EQ(refusal({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", "70000"}}),
            "the environment variable `MASTER_PORT` must be a number from 1 to 65535, but is `70000`");
  EXPECT_EQ(refusal({{"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_STEP_NUM_NODES", "2"}}),
            "the environment variable `MASTER_ADDR` must name the machine of rank 0, as there are several machines, "
            "but is not set");
}

}  // namespace
}  // namespace retort::train
