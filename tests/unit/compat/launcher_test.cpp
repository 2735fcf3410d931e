// What stands in front of a program.
#include "retort/compat/launcher.h"

#include <gtest/gtest.h>

#include "unit/compat/published_steps.h"

namespace retort::compat {
namespace {

LaunchedLine read(const std::string& line) { return read_launched_line(words_of_line(line)); }

TEST(Launcher, InterpretersAndFoldersAreLeftOut) {
  for (const char* const line :
       {"train.py --force", "python train.py --force", "python3.8 -u scripts/train.py --force",
        "$PYTHON ./train.py --force", "PYTHONPATH=/a:/b python3 /opt/distillation/train.py --force",
        "env A=1 python train.py --force"}) {
    EXPECT_EQ(read(line).program, "train.py") << line;
    EXPECT_EQ(read(line).arguments, std::vector<std::string>{"--force"}) << line;
    EXPECT_EQ(read(line).processes, 1) << line;
  }
  EXPECT_EQ(read("bash run_e2e_distillation.sh").program, "run_e2e_distillation.sh");
}

TEST(Launcher, ProcessesAreCounted) {
  EXPECT_EQ(read("python -m torch.distributed.launch --nproc_per_node=4 train.py").processes, 4);
  EXPECT_EQ(read("torchrun --nproc-per-node 2 --nnodes 3 train.py").processes, 6);
  EXPECT_EQ(read("torchrun --nproc-per-node 2 --nnodes 3 train.py").machines, 3);
  EXPECT_EQ(read("mpirun -n 8 --bind-to core --map-by socket:PE=7 python3 run_squad.py").processes, 8);
  EXPECT_EQ(read("mpirun -np 8 --allow-run-as-root run_squad.py").launcher, "mpirun");
}

TEST(Launcher, WhatIsNotKnownIsNamed) {
  EXPECT_EQ(
      line_error("launchpad train.py"),
      "`launchpad` must be an interpreter or a launcher (python, torchrun, mpirun, srun) in front of the program, "
      "but is not known; leave it out");
  EXPECT_EQ(line_error("--force"),
            "`retort compat` must be followed by a published program, whose name ends in .py or .sh, but is not; see "
            "`retort compat --help`");
  EXPECT_EQ(line_error("torchrun --nproc_per_node=many train.py"),
            "`--nproc_per_node` must be followed by a number of processes or machines, but by `many`");
  EXPECT_EQ(
      line_error("torchrun --nnodes 2 --nproc_per_node 4 train.py --dump_path O --data_file D --token_counts C"),
      "`torchrun --nnodes 2` starts processes on several machines, which a line of one process does not; start on "
      "each of them `torchrun --no-python --nnodes 2 --nproc-per-node 4 ... retort compat train.py ...`");
}

TEST(Launcher, ProcessesBecomeBatchesOfAStep) {
  const std::string arguments = " train.py --dump_path O --data_file D --token_counts C";
  EXPECT_EQ(settings_of_line("torchrun --nproc_per_node 4" + arguments).at("gradient_accumulation_steps"), 200);
  EXPECT_EQ(settings_of_line("python" + arguments + " --n_gpu 2 --gradient_accumulation_steps 3")
                .at("gradient_accumulation_steps"),
            6);
  EXPECT_NE(account_of_line("torchrun --nproc_per_node 4" + arguments)
                .find("put `torchrun --no-python --nproc-per-node 4` in front of `retort compat`"),
            std::string::npos);
}

TEST(Launcher, ProcessesThatAreStartedAreNotMultiplied) {
  const std::string line =
      "demo_distilbert.py finetuning --model_name_or_path M --train_file T --world_size 8 --data_type fp32";
  EXPECT_EQ(settings_of_line(line).at("gradient_accumulation_steps"), 8);
  ::setenv("WORLD_SIZE", "8", 1);
  EXPECT_EQ(settings_of_line(line).at("gradient_accumulation_steps"), 1);
  ::setenv("WORLD_SIZE", "2", 1);
  EXPECT_EQ(line_error(line), "the published line is one of 8 processes, but 2 are started; start 8, or one for all");
  ::unsetenv("WORLD_SIZE");
}

}  // namespace
}  // namespace retort::compat
